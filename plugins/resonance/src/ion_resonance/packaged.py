"""Which lexicons are packaged, and what their cues may speak for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from ion_framework import Intent, Pace, Tone

VALUES: Mapping[str, tuple[str, ...]] = {
    "tone": tuple(Tone),
    "pace": tuple(Pace),
    "intent": tuple(Intent),
}
"""What a cue may speak for, per component."""

COMMON = "common"
"""Name of the file whose cues belong to no language."""


@cache
def languages() -> tuple[str, ...]:
    """The languages with a lexicon: a folder more is a language more."""
    folders = files(__package__).joinpath("lexicon").iterdir()
    return tuple(sorted(each.name for each in folders if each.is_dir() and each.name != COMMON))


def texts(folder: Traversable) -> list[str]:
    """The texts of a folder's TOML files, in the order of their names."""
    found = sorted(each.name for each in folder.iterdir() if each.name.endswith(".toml"))
    return [folder.joinpath(each).read_text(encoding="utf-8") for each in found]
