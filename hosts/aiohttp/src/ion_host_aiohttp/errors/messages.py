"""The sentences of the host in every language, each under a name, with gaps for values.

They stand in ``texts/*.toml``, one file for each part of the host::

    [too_long]
    en = "The text is too long; at most {max_length} characters are allowed."
    ko = "내용이 너무 깁니다. 최대 {max_length}자까지 입력할 수 있습니다."
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import attrs

from ion_framework.domain.language import Language

Sentences = Mapping[Language, str]
"""One sentence in every language."""


@cache
def catalogue() -> Mapping[str, Sentences]:
    """Every sentence of the host by its name.

    Raises:
        ValueError: two files have a sentence of the same name, or one lacks a language.
    """
    found: dict[str, Sentences] = {}
    for file in files("ion_host_aiohttp").joinpath("texts").iterdir():
        for name, texts in tomllib.loads(file.read_text("utf-8")).items():
            if name in found:
                raise ValueError(f"{file.name}: the sentence {name} stands in another file, too")
            found[name] = {language: texts[language.value] for language in Language}
    return found


@attrs.frozen
class Message:
    """A sentence of the catalogue with the values for its gaps.

    Attributes:
        id: name of the sentence.
        values: what stands in its gaps.
    """

    id: str
    values: Mapping[str, object] = attrs.field(factory=dict)

    def text(self, language: Language) -> str:
        """The sentence in this language."""
        return catalogue()[self.id][language].format_map(self.values)


def say(message_id: str, /, **values: object) -> Message:
    """A sentence with its values."""
    return Message(message_id, values)
