"""Our own personas and plugins are gold, tried with the settings that they need."""

from __future__ import annotations

import pytest

from ion_framework.conformance import Grade, check_path
from ion_framework.conformance.cast import reference_cast
from ion_framework.manifest.reading import read_manifest
from ion_framework.plugin_host.discovery import installed
from ion_framework.settings.model import Settings
from tests.support.repository import ROOT

NOWHERE = "127.0.0.1:9"
ENVIRON = {
    "ION_GEMINI_API_KEY": "a-key-of-nobody",
    "ION_OPENAI_BASE_URL": f"http://{NOWHERE}/v1",
    "ION_OPENAI_MODEL": "a-model",
    "ION_POSTGRES_URL": f"postgresql://nobody:nothing@{NOWHERE}/none",
    "ION_SECRETS_GCP_PROJECT": "a-project",
    "ION_STORE_REDIS_URL": f"redis://{NOWHERE}/0",
    "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{NOWHERE}",
    "SENTRY_DSN": f"http://nobody@{NOWHERE}/1",
    "ION_NOTIFY_WEBHOOK_URL": f"http://{NOWHERE}/",
    "ION_LOG_TURNS": "all",
}
"""What they need to be tried; nobody listens there, and connections are refused anyway."""

TABLES = {"llm-analyzer": {"enabled": True}}
FOLDERS = [
    folder
    for place in ("personas", "plugins", "hosts")
    for folder in sorted((ROOT / place).iterdir())
    if (folder / "pyproject.toml").is_file()
]


@pytest.mark.slow  # each one's contract holds it to gold in every run
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_of_ours_is_gold(folder):
    """The kit grades it gold, and has tried what it does."""
    report = check_path(folder, settings=Settings(plugin=TABLES), environ=ENVIRON)

    assert Grade.GOLD is report.grade, report.told()
    assert "not-tried" not in {finding.code for finding in report.findings}


def test_the_reference_cast_is_that_of_our_personas():
    """The affinities and ranks that the kit ships are those of the personas themselves."""
    folders = {item.name: item.folder for item in installed()}
    for member in reference_cast():
        persona = read_manifest(folders[member.name], "0").persona
        assert (persona.affinities, persona.rank) == (member.affinities, member.rank)
