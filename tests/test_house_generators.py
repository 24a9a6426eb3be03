"""What the generators of remote services have in common is described in the same words."""

import tomllib

import attrs
import pytest

from ion_framework.resilience.service_settings import ServiceSettings
from tests.support.repository import ROOT

MANIFESTS = {
    path.parts[-4]: tomllib.loads(path.read_text("utf-8"))["settings"]
    for path in sorted((ROOT / "plugins").glob("*/src/*/ion-plugin.toml"))
    if "first_token_s" in path.read_text("utf-8")
}
OWN = {"api_key"}
"""Keys that each service describes in its own words."""
SHARED = [field for field in attrs.fields(ServiceSettings) if field.name not in OWN]


def plain(value):
    """A default as a manifest writes it."""
    return list(value) if isinstance(value, tuple) else value


def test_there_are_generators_to_compare():
    """Both generators of remote services are found."""
    assert {"gemini", "openai-compatible"} <= set(MANIFESTS)


@pytest.mark.parametrize("field", SHARED, ids=lambda field: field.name)
def test_shared_settings_are_described_alike(field):
    """Type, unit, default and range of a shared setting are the same in every manifest."""
    first, *others = [settings[field.name] for settings in MANIFESTS.values()]

    assert all(other == first for other in others)
    assert first["default"] == plain(field.default)


@pytest.mark.parametrize("field", SHARED, ids=lambda field: field.name)
def test_the_ends_of_a_shared_range_are_accepted(field):
    """What a manifest allows the settings class allows, at both ends of the range."""
    described = MANIFESTS["gemini"][field.name]
    for end in (described[key] for key in ("minimum", "maximum") if key in described):
        assert field.validator is not None
        field.validator(ServiceSettings(), field, end)
