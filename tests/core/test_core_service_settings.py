"""The settings that generators of remote services share, read from a plugin's context."""

from pathlib import Path

import attrs
import pytest

from ion_framework import PluginContext
from ion_framework.clock import SystemClock
from ion_framework.errors import SettingsError
from ion_framework.resilience.service_settings import ServiceSettings, identity


@attrs.frozen(kw_only=True)
class Own(ServiceSettings):
    """A plugin's settings with a rule of its own."""

    colour: str = "blue"

    def problems(self):
        """The shared rules, and that the colour is a colour."""
        yield from super().problems()
        if self.colour != "blue":
            yield f"colour: must be blue, is {self.colour}"


def read(**settings):
    """The settings as a plugin reads them."""
    return Own.read(PluginContext("p", "1", settings, SystemClock(), Path()))


def test_settings_are_read_into_the_plugins_own_class():
    """Values and defaults of all three classes are there, with the prices as a table."""
    settings = read(tries=2, prices=["m 1 2"], fallback_models=["n"], api_key=None)

    assert (settings.tries, settings.colour, settings.fallback_models) == (2, "blue", ("n",))
    assert set(settings.price_table.prices) == {"m"}
    assert settings.api_key is None


def test_every_problem_is_told_at_once_without_the_key():
    """One error names each wrong key with the plugin, and shows no secret."""
    with pytest.raises(SettingsError) as caught:
        read(api_key="S3C RET", prices=["m 1", "n"], colour="red")

    told = str(caught.value)
    assert [told.count(f"plugin.p.{key}: ") for key in ("api_key", "prices", "colour")] == [1, 2, 1]
    assert "S3C" not in told
    assert "S3C" not in repr(Own(api_key="S3C RET"))


def test_values_that_contradict_each_other_are_quoted():
    """What the class itself refuses is told with the plugin's name."""
    with pytest.raises(SettingsError, match=r"connect_s \(9\) must not be more .* @ plugin\.p"):
        read(connect_s=9.0, first_token_s=3.0)


def test_an_identity_is_the_same_in_every_process():
    """Model and choices make one text, which does not depend on the process, and no two alike."""
    made = {identity("m"), identity("m", "a"), identity("m", "b"), identity("n", "a")}

    assert len(made) == 4
    assert identity("m", ("https://h", None, True)) == "m~6c0d252633bb7fe8"
