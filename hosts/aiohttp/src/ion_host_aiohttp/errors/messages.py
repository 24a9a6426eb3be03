"""The sentences of the host in every language, each under a name, with gaps for values.

They stand in ``texts/*.toml``, one file for each part of the host::

    [too_long]
    en = "The text is too long; at most {max_length} characters are allowed."
    ko = "내용이 너무 깁니다. 최대 {max_length}자까지 입력할 수 있습니다."

Plugins add sentences of their own under their name (``say("weather.forecast", place=…)``), word
those of the host in another way, and translate them; the catalogue of a running host is
`Service.catalogue`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import attrs

from ion_framework.domain.language import detect_language
from ion_framework.domain.plugin_texts import PluginTexts
from ion_framework.domain.sentences import ORIGINAL, Sentences
from ion_framework.manifest.texts import read_host_texts
from ion_host_aiohttp.api.languages import NO_WISH, Asked

VERBATIM = "verbatim"
"""The sentence that is nothing but a text of somebody else's, in the language that it has."""


@attrs.frozen
class Message:
    """A sentence of the catalogue with the values for its gaps.

    Attributes:
        id: name of the sentence.
        values: what stands in its gaps.
        otherwise: what is told, as it stands, where there is no such sentence.
    """

    id: str
    values: Mapping[str, object] = attrs.field(factory=dict)
    otherwise: str = ""


def say(message_id: str, /, **values: object) -> Message:
    """A sentence with its values."""
    return Message(message_id, values)


def said_by(plugin: str, code: str, text: str) -> Message:
    """What a plugin says: its sentence ``<plugin>.<code>`` where it brings one, else its own text.

    Args:
        plugin: who says it.
        code: the plugin's name of it.
        text: its text, in a language that it chose itself.
    """
    return Message(f"{plugin}.{code}", {}, text)


@attrs.frozen
class Catalogue:
    """Every sentence that one host can say.

    Attributes:
        sentences: the texts, by the name of the sentence and by language.
        remarks: what of the plugins' texts is left out and why, one sentence each.
    """

    sentences: Sentences
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, texts: PluginTexts) -> Catalogue:
        """The host's sentences, with those of plugins laid over them."""
        found = texts.over(own_sentences())
        return cls(found.sentences, found.remarks)

    def text(self, message: Message, language: str) -> str:
        """A sentence in a language; in English where it does not exist in that one.

        Args:
            message: the sentence.
            language: primary tag of the language.

        Raises:
            LookupError: there is no such sentence, or a gap has no value.
        """
        texts = self.sentences.get(message.id)
        if texts is None and message.otherwise:
            return message.otherwise
        if texts is None:
            raise LookupError(
                f"there is no sentence {message.id!r}; a plugin's own stand in the file that texts "
                "names in its manifest, under the plugin's name"
            )
        try:
            return texts.get(language, texts[ORIGINAL]).format_map(message.values)
        except KeyError as error:
            raise LookupError(
                f"the gap {error.args[0]!r} of the sentence {message.id!r} has no value; give it "
                "to say()"
            ) from None

    def telling(self, asked: Asked = NO_WISH, default: str = ORIGINAL) -> Telling:
        """What puts the sentences of one answer into words.

        Args:
            asked: the languages that the caller asked for.
            default: the language of what exists in none of them.
        """
        return Telling(self, asked, default)


class Telling:
    """Puts the sentences of one answer into words, and remembers the languages that it used.

    Args:
        catalogue: the sentences.
        asked: the languages that the caller asked for.
        default: the language of what exists in none of them.
    """

    def __init__(self, catalogue: Catalogue, asked: Asked, default: str) -> None:
        self._catalogue = catalogue
        self._asked = asked
        self._default = default
        self._used: dict[str, None] = {}

    def text(self, message: Message) -> str:
        """A sentence in the best of its languages.

        Raises:
            LookupError: there is no such sentence, or a gap has no value.
        """
        language = self.language_of(message)
        text = self._catalogue.text(message, language)
        is_foreign = message.id == VERBATIM or message.id not in self._catalogue.sentences
        self._used[detect_language(text) if is_foreign else language] = None
        return text

    def language_of(self, message: Message) -> str:
        """The language that a sentence is told in."""
        available = self._catalogue.sentences.get(message.id, {ORIGINAL: ""})
        default = self._default if self._default in available else ORIGINAL
        return self._asked.choose(available, default)

    def wants(self, message: Message) -> bool:
        """Whether a sentence exists in a language that the caller named."""
        available = self._catalogue.sentences.get(message.id, {})
        return bool(self._asked.choose(available, ""))

    @property
    def content_language(self) -> str:
        """The languages of all that was told, for ``Content-Language``; the first one first."""
        return ", ".join(self._used) or self._default


@cache
def own_sentences() -> Sentences:
    """The host's own sentences, as its distribution brings them.

    Raises:
        ManifestError: two files have a sentence of the same name, or one is wrong.
    """
    return read_host_texts(Path(__file__).parent.parent, "texts")


@cache
def own_catalogue() -> Catalogue:
    """The catalogue without any plugin's texts, for commands, which start no plugin."""
    return Catalogue(own_sentences())
