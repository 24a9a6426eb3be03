"""Names that occur in a conversation, by kind: found by how they are written, and by lists.

Kinds: ``language`` and ``product`` (lists), ``version`` (``3.12``, ``v2``, ``15`` behind a listed
name), ``code`` (identifiers and what stands in back-ticks), ``quoted`` (in quotation marks) and
``name`` (a capital; not a word in capitals throughout, which may be shouted, nor any word of a
message that writes nearly all of them so). What a pattern cannot tell for sure is left out: a
missing name does no harm, a wrong one does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ion_framework.conversations.memory.words import words

MOST_OF_A_KIND = 8
"""Names of one kind that are kept, the latest ones."""

LONGEST_NAME = 60

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[.+#'-][A-Za-z0-9+#]+|[+#]+)*|[가-힣]{2,}")
_BACK_TICKS = re.compile(r"`([^`\n]{1,60})`")
_IDENTIFIER = re.compile(
    r"\b(?:[A-Za-z_]\w*\(\)|[a-z]\w*(?:_\w+)+|[a-z]+(?:[A-Z][a-z0-9]+)+|[A-Z][a-z0-9]+(?:[A-Z]\w+)+"
    r"|[a-z_]\w*(?:\.[a-z_]\w+)+\(\))"
)
_QUOTED = re.compile(r"[\"“「『]([^\"”」』\n]{2,60})[\"”」』]|(?<!\w)[‘']([^’'\n]{2,60})[’'](?!\w)")
_VERSION = re.compile(r"(?<![\w.])v?\d{1,4}\.\d{1,4}(?:\.\d{1,5})?(?![\w.]*\w|%)|\bv\d{1,4}\b")
_NUMBERED = re.compile(
    r" (?:version |버전 )?((?:19|20)\d\d|\d{1,3})"
    r"(?:(?![\w%]|[.:/-]\d)|(?=버전|은|는|이|가(?!지)|을|를|의|에|로|으로|와|과|도|라|인|부터|까지|보다|예요))"
    r"(?! ?(?:[KMGT]i?B|[mnµ]?s|sec|min|percent|thousand|million|billion)\b)"
    r"(?! (?!(?:is|was|has|does|as|vs|always|across)\b)[a-z]+s\b)"
    r"(?! (?:개|대|명|번|년|월|일|주|달|시간|시|분|초|가지|건|퍼센트|천|만|억))"
)
"""A version of one number behind a name, told from an amount (``3 nodes``, ``3개``)."""
_CAPITALS = re.compile(r"(?<![\w.])[A-Z][A-Za-z0-9]+(?: [A-Z][A-Za-z0-9]+){0,3}")
_SENTENCE_BEGINS = re.compile(r"(?:^|[.!?…:;\n(\[\"“‘]\s*|(?:^|\n)\s*[-*•]\s*)$")
_LATIN = re.compile(r"[A-Za-z][A-Za-z']*")
_TITLE_WORDS, _TITLE_SHARE = 4, 0.8


def entities_of(message: str, known: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The names of a conversation after a message, by kind, the latest of each kind first.

    Args:
        message: what was said.
        known: the names before.
    """
    found = {kind: list(names) for kind, names in known.items()}
    for kind, name in _found(message):
        names = found.setdefault(kind, [])
        same = [item for item in names if item.casefold() == name.casefold()]
        for item in same:
            names.remove(item)
        names.insert(0, same[0] if same else name)
    return {kind: tuple(names[:MOST_OF_A_KIND]) for kind, names in found.items() if names}


def _found(message: str) -> Iterator[tuple[str, str]]:
    taken: set[str] = set()
    for kind, name in _candidates(message):
        text = " ".join(name.split())[:LONGEST_NAME].strip()
        if text and text.casefold() not in taken:
            taken.add(text.casefold())
            yield kind, text


def _candidates(message: str) -> Iterator[tuple[str, str]]:
    for match in _BACK_TICKS.finditer(message):
        yield "code", match[1]
    for match in _QUOTED.finditer(message):
        yield "quoted", match[1] or match[2]
    for match in _WORD.finditer(message):
        for kind, name in _listed(match[0]):
            yield kind, name
            version = _NUMBERED.match(message, match.end())
            if version and name.casefold() == match[0].casefold():
                yield "version", version[1]
    for match in _VERSION.finditer(message):
        yield "version", match[0]
    for match in _IDENTIFIER.finditer(message):
        if match[0].lower() not in words().names:
            yield "code", match[0]
    yield from _names(message)


def _listed(word: str) -> Iterator[tuple[str, str]]:
    names = words().names
    candidates = (word,) if word[0].isascii() else _korean_stems(word)
    for candidate in candidates:
        found = names.get(candidate.lower())
        # ``go`` and ``rust`` are words as well; a capital makes them names.
        if found and (candidate[0].isupper() or not candidate.islower() or len(candidate) > _PLAIN):
            yield found
            return
        if found and not candidate.isascii():
            yield found
            return


_PLAIN = 5
"""Letters up to which an English word in small letters is not taken for a listed name."""


def _korean_stems(word: str) -> tuple[str, ...]:
    """A Korean word without the one to three syllables that a particle may have."""
    return tuple(word[: len(word) - cut] for cut in range(4) if len(word) - cut > 1)


def _names(message: str) -> Iterator[tuple[str, str]]:
    if _is_titled(message):
        return
    for match in _CAPITALS.finditer(message):
        begins = bool(_SENTENCE_BEGINS.search(message[: match.start()]))
        for number, parts in enumerate(_runs(match[0].split())):
            name = _name(parts, begins=begins and number == 0)
            if name:
                yield "name", name


def _is_titled(message: str) -> bool:
    """Whether nearly every word begins with a capital, so that none tells anything."""
    found = [word for word in _LATIN.findall(message) if not word.isupper()]
    capitals = sum(word[0].isupper() for word in found)
    return len(found) >= _TITLE_WORDS and capitals >= _TITLE_SHARE * len(found)


def _runs(parts: list[str]) -> Iterator[list[str]]:
    """The words between those in capitals throughout, which may as well be shouted."""
    run: list[str] = []
    for part in (*parts, ""):
        if part and not (part.isalpha() and part.isupper()):
            run.append(part)
        else:
            yield run
            run = []


def _name(parts: list[str], *, begins: bool) -> str:
    """The name in a run of words with capitals, empty where there is none.

    Args:
        parts: the words.
        begins: whether a sentence begins with them, so that the first one tells nothing alone.
    """
    known = words()
    while parts and (
        parts[0] in known.capitals or (begins and (len(parts) == 1 or parts[0] in known.starters))
    ):
        parts, begins = parts[1:], False
    if not parts or parts[-1] in known.capitals:
        return ""
    name = " ".join(parts)
    listed = all(part.lower() in known.names for part in parts)
    return "" if listed or _IDENTIFIER.fullmatch(name) else name
