"""The plugin's one setting, and what is ready once the plugin has started."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.resources import files

import pytest
from ion_resonance.analyzer import ABSTAIN_BELOW

from ion_framework import Intent, Ion, Resonance, Settings, Tone
from ion_framework.errors import SettingsError
from ion_framework.testing import lone_source, make_persona
from ion_framework.testing.builders import persona_plugin, standard_parts

NAME = "resonance"
ANNOYED = "왜 또 실패하는 거죠? 정말 답답해요."


def ion_with(**settings: object) -> Ion:
    """An `Ion` whose analyser is the installed plugin."""
    source = lone_source(
        NAME, *standard_parts("analyzer", "router"), persona_plugin(make_persona("companion"))
    )
    return Ion(Settings(plugin={NAME: settings}), source=source, environ={})


async def reading(**settings: object) -> Resonance:
    """How such an `Ion` reads an annoyed message."""
    async with ion_with(**settings) as ion:
        return await ion.analyze(ANNOYED)


async def test_a_higher_threshold_makes_the_analyser_abstain() -> None:
    """Where nothing can be likely enough, calm and learning stand in for what was read."""
    read, abstained = await reading(), await reading(abstain_below=1)

    assert read.tone.primary == abstained.tone.secondary == Tone.FRUSTRATED
    assert (Tone.CALM, Intent.LEARNING) == (abstained.tone.primary, abstained.intent.primary)
    assert read.tone.confidence == abstained.tone.secondary_confidence > abstained.tone.confidence


async def test_a_threshold_of_0_never_abstains() -> None:
    """At 0 whatever is likeliest is the reading."""
    assert not [item for item in (await reading(abstain_below=0)).evidence if item.weight == 0]


def test_the_default_is_stated_once_and_the_same() -> None:
    """The manifest's default is that of the analyser."""
    manifest = tomllib.loads(files("ion_resonance").joinpath("ion-plugin.toml").read_text("utf-8"))

    assert ABSTAIN_BELOW == manifest["settings"]["abstain_below"]["default"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1.5, "must be at most 1, is 1.5"),
        (-0.1, "must be at least 0, is -0.1"),
        ("often", "must be a number"),
        (True, "must be a number"),
        (float("nan"), "must be a finite number"),
    ],
)
async def test_a_bad_threshold_is_refused_with_its_place(value: object, said: str) -> None:
    """ION does not start, and says which setting is wrong and what is valid."""
    with pytest.raises(SettingsError) as refused:
        await reading(abstain_below=value)

    assert f"plugin.resonance.abstain_below: {said}" in str(refused.value)


async def test_a_misspelt_setting_is_refused_with_the_right_name() -> None:
    """The error names the setting that was probably meant."""
    with pytest.raises(SettingsError, match="did you mean abstain_below"):
        await reading(abstain_under=0.5)


def test_starting_reads_lexicons_and_model() -> None:
    """After the start the first message of either language is read without opening a file."""
    code = (
        "import asyncio, pathlib\n"
        "from ion_resonance.analyzer import analyze\n"
        "from ion_resonance.plugin import ResonancePlugin\n"
        "asyncio.run(ResonancePlugin('resonance').ion_startup())\n"
        "pathlib.Path.open = None\n"
        "print(*(analyze(text, source='r').language for text in ('Why?', '왜 안 되죠? ASAP 😂')))"
    )
    done = subprocess.run(
        (sys.executable, "-X", "utf8", "-c", code), capture_output=True, text=True, check=False
    )

    assert ("en ko\n", "") == (done.stdout, done.stderr)
