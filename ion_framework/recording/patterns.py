"""What in a text identifies somebody or opens something, kind by kind.

Each pattern takes time that grows with the length of the text alone: repetitions are bounded and
none is nested in another that can match the same. What an expression cannot decide, a check does:
the sum of Luhn for cards (ISO/IEC 7812-1), the date of a resident number, the parts of an address.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import pairwise

import attrs


class MarkKind(StrEnum):
    """What was taken out of a text."""

    SECRET = "secret"  # noqa: S105  a kind of text, not one of them
    URL = "url"
    EMAIL = "email"
    RESIDENT = "resident_number"
    CARD = "card"
    IP = "ip"
    PHONE = "phone"


def _digits(text: str) -> list[int]:
    return [int(character) for character in text if character.isdecimal()]


def is_card(text: str) -> bool:
    """Whether the digits have the check sum of a card number (Luhn)."""
    total = 0
    for place, digit in enumerate(reversed(_digits(text))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > _LARGEST_DIGIT else doubled
    return total % 10 == 0


def cards_in(text: str) -> Iterator[tuple[int, int]]:
    """The card numbers in a row of groups of digits, beside which other numbers may stand."""
    groups = [match.span() for match in _GROUP.finditer(text)]
    first = 0
    while first < len(groups):
        last = _end_of_card(text, groups, first)
        if last is not None:
            yield groups[first][0], groups[last][1]
        first = first + 1 if last is None else last + 1


def _end_of_card(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The group with which a card number ends that begins with another; None where none does."""
    start, length, found = groups[first][0], 0, None
    if text[start] == "0":
        return None
    for last in range(first, len(groups)):
        length += groups[last][1] - groups[last][0]
        if length > _CARD_DIGITS[-1]:
            break
        if length in _CARD_DIGITS and is_card(text[start : groups[last][1]]):
            found = last
    return found


_GROUP = re.compile(r"\d+")
_CARD_DIGITS = range(13, 20)
_LARGEST_DIGIT = 9
_MONTHS, _DAYS = range(1, 13), range(1, 32)


def is_resident_number(text: str) -> bool:
    """Whether the first six digits are a date, as in a Korean resident registration number."""
    digits = _digits(text)
    month, day = digits[2] * 10 + digits[3], digits[4] * 10 + digits[5]
    return month in _MONTHS and day in _DAYS


def is_address(text: str) -> bool:
    """Whether it is an address of the internet protocol, in either version."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    # ``a::b`` is an address by its form, and a name in many programming languages.
    return any(character.isdecimal() for character in text)


def is_random(text: str) -> bool:
    """Whether a long word looks drawn by lot: letters and digits in turns, as keys have them."""
    turns = sum(a.isdecimal() != b.isdecimal() for a, b in pairwise(text))
    return turns >= _TURNS


_TURNS = 6
"""Least number of changes between letter and digit; identifiers that people choose have fewer."""


def _whole(text: str) -> Iterator[tuple[int, int]]:
    yield 0, len(text)


def _where(holds: Callable[[str], bool]) -> Callable[[str], Iterator[tuple[int, int]]]:
    """The whole text, where something holds of it."""

    def parts(text: str) -> Iterator[tuple[int, int]]:
        if holds(text):
            yield 0, len(text)

    return parts


@attrs.frozen
class Pattern:
    """How one kind is found.

    Attributes:
        kind: the kind.
        expression: what it looks like; where it has a group, only that is looked at.
        parts: which parts of a text that looks like it are one.
    """

    kind: MarkKind
    expression: re.Pattern[str]
    parts: Callable[[str], Iterable[tuple[int, int]]] = _whole

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where in a text it stands."""
        group = 1 if self.expression.groups else 0
        for match in self.expression.finditer(text):
            for start, end in self.parts(match.group(group)):
                yield match.start(group) + start, match.start(group) + end


_PREFIXES = (
    r"sk-|rk-|sk_|pk_|rk_|gh[opsru]_|github_pat_|glpat-|xox[abeprs]-|hf_|npm_|pypi-|ya29\.|"
    r"AKIA|ASIA|AIza|ion_"
)

PATTERNS = (
    Pattern(
        MarkKind.SECRET,
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----([\s\S]*?)(?:-----END [A-Z ]{0,40}-----|\Z)"
        ),
    ),
    # The user part, the query and the fragment of an address, each by itself.
    Pattern(MarkKind.URL, re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://([^\s/?#@]{1,200})@")),
    Pattern(
        MarkKind.URL,
        re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s?#]{1,2000}[?#]([^\s<>\"'`]{1,4000})"),
    ),
    Pattern(
        MarkKind.SECRET,
        re.compile(
            r"\b(eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{4,8000}(?:\.[A-Za-z0-9_-]{0,4000})?)"
        ),
    ),
    Pattern(
        MarkKind.SECRET, re.compile(rf"(?<![A-Za-z0-9])(?:{_PREFIXES})([A-Za-z0-9_.=-]{{12,400}})")
    ),
    Pattern(
        MarkKind.SECRET, re.compile(r"(?i)\b(?:bearer|basic)\s{1,3}([A-Za-z0-9._~+/=-]{12,4000})")
    ),
    Pattern(
        MarkKind.SECRET,
        re.compile(
            r"(?i)(?:api[_ -]?key|access[_ -]?key|secret|token|passw(?:or)?d|passwd|pwd"
            r"|비밀번호|암호)[\"']?\s{0,3}[:=]\s{0,3}[\"']?([^\s\"',;]{4,400})"
        ),
    ),
    Pattern(
        MarkKind.EMAIL,
        re.compile(
            r"[A-Za-z0-9._%+'-]{1,64}@(?:[A-Za-z0-9가-힣-]{1,63}\.){1,8}(?:[A-Za-z]{2,24}|한국)"
        ),
    ),
    Pattern(
        MarkKind.RESIDENT,
        re.compile(r"(?<!\d)\d{6}\s?[-–]\s?[0-9][\d*]{6}(?!\d)|(?<!\d)\d{6}[0-8]\d{6}(?!\d)"),
        _where(is_resident_number),
    ),
    Pattern(MarkKind.CARD, re.compile(r"(?<!\d)\d(?:[ -]?\d){12,80}"), cards_in),
    Pattern(
        MarkKind.IP,
        re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d]|\.\d)"),
        _where(is_address),
    ),
    Pattern(
        MarkKind.IP,
        re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])"),
        _where(is_address),
    ),
    Pattern(
        MarkKind.PHONE,
        re.compile(
            # Korea, at home and from abroad.
            r"(?<![\d.])(?:\+?82[-. )]{0,2}(?:\(0\))?|\(?0)"
            r"(?:1[016789]|2|[3-6]\d|70|50\d|80)\)?[-. ]{0,2}\d{3,4}[-. ]{0,2}\d{4}(?!\d)"
            # With a country's code.
            r"|(?<![\d.])(?:\+|00)[1-9]\d{0,2}(?:[ .()-]{1,2}\d{1,5})?"
            r"(?:[ .()-]{1,2}\d{2,5}){1,5}(?!\d)"
            r"|(?<![\d.])(?:\+|00)[1-9]\d{6,14}(?!\d)"
            # North America, and others who write three groups.
            r"|(?<![\d.-])\(?\d{3}\)?[-. ]{1,2}\d{3}[-. ]\d{4}(?![\d.-])"
            r"|(?<![\d.-])000-0000-0000(?!\d)"
        ),
    ),
    Pattern(
        MarkKind.SECRET,
        re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{24,400}(?![A-Za-z0-9_-])"),
        _where(is_random),
    ),
)
"""Every pattern, in the order in which they take from a text."""
