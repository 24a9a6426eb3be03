"""Whether a text holds one of an entry's keys.

A key matches wherever the text contains it, as the specification has it: Korean particles stand
right behind a word (``루아가``), so that whole words would miss it. An entry may ask for whole
words; then letters and digits of Latin script must not go on beside the key, and Korean particles
still may. Keys with ``use_regex`` are patterns of RE2, which take time in the length of the text
whatever they say; Python's own patterns can take forever and are never used for them. Entries of
SillyTavern have both kinds beside each other: a key between slashes is a pattern there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cached_property
from importlib.util import find_spec
from typing import Any, TypeAlias

import attrs

Matcher: TypeAlias = "Callable[[Searched], bool]"

PATTERN_BYTES = 1024 * 1024
"""Memory of one compiled pattern; a larger one counts as invalid and never matches."""

EXTRA = "ion-framework[cards]"
"""What to install for regular expressions."""


def patterns_available() -> bool:
    """Whether RE2 is installed; it is not imported for that."""
    return find_spec("re2") is not None


def normal(text: str, *, case_sensitive: bool) -> str:
    """A text as it is compared: composed characters, and case folded unless case matters."""
    text = _TAKEN_APART.sub(lambda match: unicodedata.normalize("NFC", match[0]), text)
    return text if case_sensitive else text.casefold()


_TAKEN_APART = re.compile("[\u1100-\u11ff]+|[A-Za-z][\u0300-\u036f]{1,4}")
"""What is composed: Hangul of single jamo, Latin letters with a few marks. Not the whole text,
because sorting a message of nothing but marks takes quadratic time."""


@attrs.frozen(slots=False)
class Searched:
    """A text that is searched for many keys.

    Attributes:
        text: the text, as `normal` makes it.
    """

    text: str

    def contains(self, key: str) -> bool:
        """Whether the text contains a key; told by its beginning and end for most that it lacks."""
        near = len(key) < _GRAM or (key[:_GRAM] in self._grams and key[-_GRAM:] in self._grams)
        return near and key in self.text

    @cached_property
    def folded(self) -> Searched:
        """The same text with its case folded."""
        return Searched(self.text.casefold())

    @cached_property
    def _grams(self) -> frozenset[str]:
        return frozenset(self.text[at : at + _GRAM] for at in range(len(self.text) - _GRAM + 1))


_GRAM = 3


def contains_any(keys: Iterable[str], *, case_sensitive: bool, whole_words: bool) -> Matcher:
    """Whether a text contains one of these keys; blank keys match nothing.

    Args:
        keys: the keys.
        case_sensitive: whether case matters.
        whole_words: whether Latin letters and digits must not go on beside the key.
    """
    wanted = [normal(key, case_sensitive=case_sensitive) for key in keys if key.strip()]
    if not whole_words:
        return lambda searched: any(map(searched.contains, wanted))
    words = [(key, re.compile(f"(?<![{_LATIN}]){re.escape(key)}(?![{_LATIN}])")) for key in wanted]
    return lambda searched: any(
        searched.contains(key) and word.search(searched.text) is not None for key, word in words
    )


_LATIN = "0-9A-Za-z\u00c0-\u024f"


def matches_any(patterns: Iterable[str], *, case_sensitive: bool) -> Matcher:
    """Whether a text matches one of these patterns; with an invalid one it never does.

    Args:
        patterns: patterns of RE2, or ``/pattern/flags`` as other programs write them, with the
            flags i, m and s.
        case_sensitive: whether case matters.

    Raises:
        ImportError: RE2 is not installed.
    """
    compiled = [_compiled(text, case_sensitive=case_sensitive) for text in patterns if text]
    if None in compiled:
        return lambda _: False
    return lambda searched: any(p.search(searched.text) is not None for p in compiled)


def matches_slashed(
    keys: Iterable[str], *, case_sensitive: bool, whole_words: bool, patterns: bool = True
) -> Matcher:
    """Whether a text, whose case was not folded, has one of these keys as SillyTavern reads them.

    A key between slashes is a pattern, whose case matters unless it has the flag i; one that RE2
    does not take matches nothing. Every other key matches where the text contains it.

    Args:
        keys: the keys.
        case_sensitive: whether the case of keys that are no patterns matters.
        whole_words: whether Latin letters and digits must not go on beside such a key.
        patterns: whether there may be patterns among the keys.

    Raises:
        ImportError: one is a pattern, and RE2 is not installed.
    """
    keys = tuple(keys)
    slashed = [key for key in keys if patterns and is_slashed(key)]
    compiled = [made for key in slashed if (made := _compiled(key, case_sensitive=True))]
    plain = contains_any(
        (key for key in keys if key not in slashed),
        case_sensitive=case_sensitive,
        whole_words=whole_words,
    )
    return lambda searched: (
        plain(searched if case_sensitive else searched.folded)
        or any(pattern.search(searched.text) is not None for pattern in compiled)
    )


def is_slashed(key: str) -> bool:
    """Whether a key is ``/pattern/flags`` with every slash inside the pattern escaped."""
    return _WHOLE.fullmatch(key) is not None


def is_pattern(key: str) -> bool:
    """Whether RE2 takes a pattern, with slashes or without.

    Raises:
        ImportError: RE2 is not installed.
    """
    return _compiled(key, case_sensitive=True) is not None


def _compiled(pattern: str, *, case_sensitive: bool) -> Any:
    """A pattern, ready to be searched for; None where RE2 does not take it."""
    import re2  # an optional extra, and only entries with patterns need it

    options = re2.Options()
    options.case_sensitive = case_sensitive
    options.log_errors = False
    options.max_mem = PATTERN_BYTES
    try:
        return re2.compile(_inline_flags(pattern), options)
    except (re2.error, UnicodeEncodeError):
        return None


def _inline_flags(pattern: str) -> str:
    found = _SLASHED.fullmatch(pattern)
    if found is None:
        return pattern
    flags = "".join(flag for flag in "ims" if flag in found[2])
    return f"(?{flags}){found[1]}" if flags else found[1]


_SLASHED = re.compile(r"/(.+)/([a-z]*)", re.DOTALL)

_WHOLE = re.compile(r"/(?:[^\\/]|\\.)+/[dgimsuvy]*", re.DOTALL)
