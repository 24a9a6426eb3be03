"""Which words of a message may be topics, how surely, and which forms are one word.

English has no mark of a noun: words of the lists that are verbs or say nothing are left out, and
what ends as verbs and adverbs do counts less. A Korean noun loses its particle; a particle agrees
with the sound before it (이 behind a consonant, 가 behind a vowel), which tells it from the end of
a word. Verbs, and what is left of one when its ending looks like a particle, are no topics.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, zip_longest

import attrs

from ion_framework.conversations.memory.words import words
from ion_framework.domain.josa import coda_of
from ion_framework.summarizing.terms import is_stop_word, terms

LIKELY = 0.75
"""How much a Korean word counts whose ending a verb may have as well, or that has none."""
UNSURE = 0.5
"""How much an English word counts that looks like a verb or an adverb."""
_LONGEST_TOPIC = 40
_SHORT = 3

_CLAUSE = re.compile(r"[.!?…,;:()\[\]{}\"“”\n]+")
_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9+#]*(?:[.'_-][A-Za-z0-9]+)*|[가-힣]+")
_SURE = re.compile(r"(?:에서|에게|으로|대로|까지|부터|보다|처럼|을|를|의|로|와|과|에)$")
_LIKELY = re.compile(r"(?:은|는|이|가|도|만)$")
_BEHIND_CONSONANT = frozenset(("을", "은", "이", "과", "으로"))
_BEHIND_VOWEL = frozenset(("를", "는", "가", "와"))
_DOING = re.compile(
    r"(?<=[가-힣]{2})(?:하|했|합|할|한|해|되|됐|됩|될|된|돼|시키|시켰|시킬)[가-힣]*$"
)
_COPULA = re.compile(r"(?<=[가-힣]{2})(?:인데|인지|이라서|이라는|이었|이에|입니)[가-힣]*$")
_VERB = re.compile(
    r"(?:요|다|까|죠|지|고|서|면|게|던|는데|은데|려고|니다|세요|네|나|든|도록|며|야|어|아|해|돼|워|려|러|둘|볼|줄)$"
)
_VERB_STEM = re.compile(
    r"(?:되|있|없|같|싶|않|[아어여해려라]지|만드|모르|흐르|오르|부르|고르|걸리|나오|나가|들어가|들어오|느리|빠르|떨리|들리|풀리|열리|밀리|쓰이|보이)$"
)
_ACTING = re.compile(r"[아어여라려해와워겨춰꿔써내러켜쳐져펴]$")
_FOR_SOMEBODY = re.compile(r"(?:줘|주세요|주실|주시|주면|줄|봐|보세요|드려|버려|달라)")
_DEPENDENT = re.compile(
    r"(?:거|것|게|건|걸|데|중|동안|때|줄|법|수|지|바|척|채|대로|만큼)(?:[가-힣]{0,3})?$"
)


@attrs.frozen
class Word:
    """A word that may be a topic.

    Attributes:
        key: the form by which it is one with its other forms.
        shown: the form in which the user wrote it, in small letters.
        sure: how surely it is a topic, above 0 and up to 1.
    """

    key: str
    shown: str
    sure: float


@attrs.frozen
class Reading:
    """What a message may be about.

    Attributes:
        words: how surely each word may be a topic, by its key.
        pairs: phrases of two words in a row, by their keys.
        shown: words and phrases as they were written, by their keys.
    """

    words: dict[str, float]
    pairs: tuple[str, ...]
    shown: dict[str, str]


def read(text: str) -> Reading:
    """The words of a message that may be topics, and its phrases of two words."""
    own: dict[str, float] = {}
    shown: dict[str, str] = {}
    pairs: dict[str, None] = {}
    for clause in _CLAUSE.split(text):
        found = _words(_TOKEN.findall(clause))
        for word in filter(None, found):
            own[word.key] = max(own.get(word.key, 0.0), word.sure)
            shown[word.key] = word.shown
        for first, second in pairwise(found):
            if first and second and first.sure == second.sure == 1.0 and first.key != second.key:
                pair = f"{first.key} {second.key}"
                pairs[pair] = None
                shown[pair] = f"{first.shown} {second.shown}"
    return Reading(own, tuple(pairs), shown)


def key_of(topic: str) -> str:
    """The key of a word or phrase that is shown."""
    return " ".join(map(_singular, topic.split(" ")))


def _words(tokens: Sequence[str]) -> list[Word | None]:
    following = tokens[1:]
    return [_word(token, after or "") for token, after in zip_longest(tokens, following)]


def _word(token: str, after: str) -> Word | None:
    found = _korean(token, after) if token[0] >= "가" else _english(token)
    if found is None or len(found.shown) > _LONGEST_TOPIC:
        return None
    return None if is_general(found) else found


def is_general(word: Word) -> bool:
    """Whether a word, or the singular of it, is too general for a topic."""
    general = words().general
    # What is left of a very short word may be another one: ``news`` is not several of ``new``.
    return word.shown in general or (len(word.key) > _SHORT and word.key in general)


def _english(token: str) -> Word | None:
    word = token.lower().removesuffix("'s")
    if len(word) < 2 or is_stop_word(word.partition("'")[0]):  # noqa: PLR2004  one letter is no topic
        return None
    sure = UNSURE if word.endswith(("ing", "ed", "ly", "ful")) else 1.0
    return Word(_singular(word), word, sure)


def _singular(word: str) -> str:
    """One form for singular and plural; only ever compared, never shown."""
    if not word.isascii() or not word.endswith("s") or len(word) <= _SHORT:
        return word
    if word.endswith(("ss", "us", "is")) or word in words().names:
        return word
    return word[:-3] + "y" if word.endswith("ies") else word[:-1]


def _korean(token: str, after: str) -> Word | None:
    root = _DOING.sub("", token)
    if root != token:
        return _noun(root, 1.0)
    told = _COPULA.sub("", token)
    if told != token:
        return _noun(told, LIKELY)
    if _ACTING.search(token) and _FOR_SOMEBODY.match(after):
        return None
    if token in words().whole:
        return _noun(token, 1.0)
    for pattern, sure in ((_SURE, 1.0), (_LIKELY, LIKELY)):
        match = pattern.search(token)
        if match and match.start() and _agrees(token[: match.start()], match[0]):
            return _bare(token[: match.start()], match[0], after, sure)
    return None if _VERB.search(token) else _noun(token, LIKELY)


def _bare(stem: str, particle: str, after: str, sure: float) -> Word | None:
    """The noun in front of a particle; None where it is a verb, or too short to tell."""
    if particle == "로" and len(stem) > _SHORT - 1:
        stem = stem.removesuffix("별")
    adnominal = particle in ("는", "은", "을") and _DEPENDENT.match(after) is not None
    return None if adnominal or len(stem) == 1 or _VERB_STEM.search(stem) else _noun(stem, sure)


def noun_before(stem: str, particle: str) -> str:
    """The noun that stands in front of a Korean particle, empty where there is none.

    Args:
        stem: what stands in front.
        particle: the particle.
    """
    if not stem or stem + particle in words().whole or not _agrees(stem, particle):
        return ""
    found = _bare(stem, particle, "", 1.0)
    return "" if found is None or is_general(found) else found.shown


def _agrees(stem: str, particle: str) -> bool:
    """Whether a particle can stand behind a stem: by whether that ends in a consonant."""
    coda = coda_of(stem[-1])
    if particle == "로":
        return coda in ("", "ㄹ")
    if particle in _BEHIND_CONSONANT:
        return bool(coda)
    return not coda if particle in _BEHIND_VOWEL else True


def _noun(stem: str, sure: float) -> Word | None:
    stem = stem.removesuffix("들") if len(stem) > 2 else stem  # noqa: PLR2004  two syllables are a word
    return Word(stem, stem, sure) if len(stem) > 1 and terms(stem) else None
