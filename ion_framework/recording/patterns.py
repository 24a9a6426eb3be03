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

from ion_framework.recording.addresses import is_international, mail_addresses, secrets_in_address
from ion_framework.recording.credentials import credentials, is_opaque
from ion_framework.recording.papers import accounts, passports


class MarkKind(StrEnum):
    """What was taken out of a text."""

    SECRET = "secret"  # noqa: S105  a kind of text, not one of them
    URL = "url"
    EMAIL = "email"
    RESIDENT = "resident_number"
    CARD = "card"
    IP = "ip"
    PHONE = "phone"
    ACCOUNT = "account"
    PASSPORT = "passport"


def _digits(text: str) -> list[int]:
    return [int(character) for character in text if character.isdecimal()]


def is_card(text: str) -> bool:
    """Whether the digits have the check sum of a card number (Luhn).

    Of thirteen digits, which times in milliseconds have as well, only those of Visa were made.
    """
    digits = _digits(text)
    if len(digits) == _CARD_DIGITS[0] and digits[0] != _VISA:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
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
        size = groups[last][1] - groups[last][0]
        length += size
        if length > _CARD_DIGITS[-1] or not _is_group(size, last - first):
            break
        if length in _CARD_DIGITS and is_card(text[start : groups[last][1]]):
            found = last
    return found


def _is_group(size: int, place: int) -> bool:
    """Whether a card number has groups of that size there: all digits, 4-4-4-4-3 or 4-6-5."""
    if place == 0:
        return size == _CARD_GROUP or size in _CARD_DIGITS
    return size <= _LARGEST_CARD_GROUP and (size >= _CARD_GROUP or place > 1)


_CARD_GROUP, _LARGEST_CARD_GROUP = 4, 6
_GROUP = re.compile(r"\d+")
_CARD_DIGITS = range(13, 20)
_VISA = 4
_LARGEST_DIGIT = 9
_MONTHS, _DAYS = range(1, 13), range(1, 32)


def is_resident_number(text: str) -> bool:
    """Whether the first six digits are a date, as in a Korean resident registration number."""
    digits = _digits(text)
    month, day = digits[2] * 10 + digits[3], digits[4] * 10 + digits[5]
    return month in _MONTHS and day in _DAYS


def is_surely_resident_number(text: str) -> bool:
    """The same of thirteen digits that nothing marks as one: their sum, or their date, tells.

    The last digit is a check sum of the others (modulo 11), except in numbers that were given from
    October 2020 on.
    """
    if "*" in text or not is_resident_number(text):
        return False
    digits = _digits(text)
    total = sum(weight * digit for weight, digit in zip(_WEIGHTS, digits, strict=False))
    of_late = digits[6] in _OF_THIS_CENTURY and digits[:4] >= _WITHOUT_CHECK_SUM
    return of_late or (_ELEVEN - total % _ELEVEN) % 10 == digits[12]


_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_ELEVEN = 11
_OF_THIS_CENTURY = frozenset({3, 4, 7, 8})
_WITHOUT_CHECK_SUM = [2, 0, 1, 0]
"""Year and month, two digits each, from which on newborns have no check sum."""


def is_address(text: str) -> bool:
    """Whether it is an address of the internet protocol, in either version."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    # ``a::b`` is an address by its form, and a name in many programming languages.
    return any(character.isdecimal() for character in text)


def is_random(text: str) -> bool:
    """Whether a long word looks drawn by lot: letters and digits in turns, as keys have them.

    What names a commit, a request or a record and opens nothing is left: forty small hexadecimal
    digits, a UUID, the header ``traceparent``, and a word that begins with ``req_`` and its like.
    """
    if _NAME_OF_SOMETHING.fullmatch(text) or not any(character.isalpha() for character in text):
        return False
    turns = sum(a.isdecimal() != b.isdecimal() for a, b in pairwise(text))
    return turns >= _TURNS


_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TRACE = r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
_NAME_OF_SOMETHING = re.compile(
    rf"g?[0-9a-f]{{40}}(?:-dirty)?|(?i:{_UUID}|{_TRACE})"
    r"|(?:req|request|trace|span|chatcmpl|resp|evt|run|job)[_-][A-Za-z0-9-]{8,64}"
)
_IDENTIFIER = re.compile(
    rf"(?i)(?<![0-9a-z])(?:{_UUID}|{_TRACE}|(?=(?:[0-9]{{0,64}}[a-f]){{3}})[0-9a-f]{{12,64}})"
    r"(?![0-9a-z])"
)


def identifiers(text: str) -> Iterator[tuple[int, int]]:
    """Where hexadecimal names stand; digits inside of one are no number of anybody's."""
    return (match.span() for match in _IDENTIFIER.finditer(text))


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
        unless: what may not stand right before it; none where nothing is in the way.
    """

    kind: MarkKind
    expression: re.Pattern[str]
    parts: Callable[[str], Iterable[tuple[int, int]]] = _whole
    unless: re.Pattern[str] | None = None

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where in a text it stands."""
        group = 1 if self.expression.groups else 0
        for match in self.expression.finditer(text):
            before = text[max(0, match.start(group) - _BEFORE) : match.start(group)]
            if self.unless is not None and self.unless.search(before):
                continue
            for start, end in self.parts(match.group(group)):
                yield match.start(group) + start, match.start(group) + end


@attrs.frozen
class Named:
    """How a kind is found that is called by its name."""

    kind: MarkKind
    spans: Callable[[str], Iterator[tuple[int, int]]]


NUMBERS = frozenset(
    {MarkKind.RESIDENT, MarkKind.ACCOUNT, MarkKind.CARD, MarkKind.IP, MarkKind.PHONE}
)
"""Kinds that consist of digits."""

_BEFORE = 24
"""Characters before something that can say what it is."""

_PREFIXES = (
    r"sk-|rk-|sk_|pk_|rk_|gh[opsru]_|github_pat_|glpat-|xox[abeprs]-|hf_|npm_|pypi-|ya29\.|"
    r"AIza|ion_"
)
_VERSION = re.compile(
    r"(?i)(?:\b(?:version|ver\.?|v|release|section|chapter|python|node|build)|버전|릴리스|릴리즈|"
    r"빌드|기록|제|§)(?:은|는|이|가|:|=)?\s{0,2}\Z"
)
_DIGEST = re.compile(
    r"(?i)(?:\b(?:commit|sha-?\d*|digest|md5|rev|revision|hash|checksum|merge|tree|etag|uuid"
    r"|(?:request|trace|span|correlation|event|message|build|run|job|task|image|container|object)"
    r"(?:[ _-]?id)?)|커밋|해시|리비전|체크섬|(?:요청|추적|빌드|작업|이벤트)\s?(?:ID|아이디|번호)?)"
    r"(?:은|는|이|가|\s{1,2}is)?[\s:=@\"'#(]{0,4}\Z"
)
_OTHER_NUMBER = re.compile(
    r"(?i)(?:\b(?:order|invoice|ticket|tracking|serial|part|batch|lot|build|case|model|reference|ref)"
    r"(?:\s?(?:number|no\.?|id|\#))?|(?:주문|송장|운송장|접수|문서|일련|사건|제품|관리|예약|모델|빌드)"
    r"\s?(?:번호)?)(?:은|는|이|가|\s{1,2}is)?[\s:=#(]{0,3}\Z"
)
_SEP = r"[\s·.・-]{0,3}"

PATTERNS: tuple[Pattern | Named, ...] = (
    Pattern(
        MarkKind.SECRET,
        re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----((?:(?!-----)[\s\S]){0,16000})"),
    ),
    Pattern(
        MarkKind.URL,
        re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://([^\s<>\"'`]{1,6000})"),
        secrets_in_address,
    ),
    Pattern(
        MarkKind.SECRET,
        re.compile(
            r"(?i)\b(?:proxy-)?authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:[a-z][\w-]{1,20} +)?"
            r"([^\s\"',]{4,4000})"
        ),
    ),
    Pattern(
        MarkKind.SECRET,
        re.compile(r"(?i)\bcookie[\"']?\s{0,3}:\s{0,3}([^\s=]{1,200}=[^\n\"']{1,4000})"),
    ),
    Pattern(
        MarkKind.SECRET,
        re.compile(
            r"\bcurl\b[^\n]{0,300}?\s(?:-u|--user)[ =]{0,3}[\"']?([^\s\"':]{1,200}:[^\s\"']{1,200})"
        ),
    ),
    Pattern(
        MarkKind.SECRET,
        re.compile(
            r"\b(eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{4,8000}(?:\.[A-Za-z0-9_-]{0,4000})?)"
        ),
    ),
    Pattern(
        MarkKind.SECRET,
        re.compile(rf"(?<![A-Za-z0-9])(?:{_PREFIXES})([A-Za-z0-9_.=-]{{12,400}})"),
        _where(is_opaque),
    ),
    Pattern(
        MarkKind.SECRET, re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)([A-Z0-9]{16})(?![A-Z0-9])")
    ),
    Pattern(
        MarkKind.SECRET,
        re.compile(
            r"\b(?:[Bb]earer|[Bb]asic|BEARER|BASIC)\s{1,3}"
            r"((?=[A-Za-z._~+/-]{0,4000}[0-9=]|[a-z._~+/-]{0,4000}[A-Z])[A-Za-z0-9._~+/=-]{12,4000})"
        ),
    ),
    Pattern(MarkKind.SECRET, re.compile(r"\bBearer\s{1,3}([A-Za-z0-9._~+/=-]{16,4000})")),
    Named(MarkKind.SECRET, credentials),
    Pattern(
        MarkKind.SECRET,
        re.compile(
            r"(?i)(?:인증\s?(?:번호|코드)|(?:확인|보안)\s?코드|핀\s?번호"
            r"|\b(?:OTP|PIN|passcode|(?:verification|security|login)\s?code)(?:\s?(?:번호|코드|code))?)"
            r"(?:은|는|이|가|\s{1,2}is)?[\s:=\[(]{0,3}(\d(?:[ -]?\d){3,7})(?![\d년월일원])"
        ),
    ),
    Named(MarkKind.EMAIL, mail_addresses),
    Named(MarkKind.PASSPORT, passports),
    Named(MarkKind.ACCOUNT, accounts),
    Pattern(
        MarkKind.RESIDENT,
        re.compile(
            r"(?i)(?:주민\s?(?:등록)?\s?번호|\brrn|\bresident(?:\s?registration)?\s?(?:number|no\.?))"
            rf"(?:은|는|이|가|\s{{1,2}}is)?[\s:=\[(]{{0,3}}(\d{{6}}{_SEP}[0-9][\d*]{{6}})(?!\d)"
        ),
        _where(is_resident_number),
    ),
    Pattern(
        MarkKind.RESIDENT,
        re.compile(r"(?<!\d)\d{6}(?:\s?[·.・-]\s?)[0-9][\d*]{6}(?!\d)"),
        _where(is_resident_number),
        unless=_OTHER_NUMBER,
    ),
    Pattern(
        MarkKind.RESIDENT,
        re.compile(r"(?<!\d)\d{6} ?[0-8]\d{6}(?!\d)"),
        _where(is_surely_resident_number),
        unless=_OTHER_NUMBER,
    ),
    Pattern(MarkKind.CARD, re.compile(r"(?<!\d)\d(?:[ .·-]?\d){12,80}"), cards_in),
    Pattern(
        MarkKind.IP,
        re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d]|\.\d)"),
        _where(is_address),
        unless=_VERSION,
    ),
    Pattern(
        MarkKind.IP,
        re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])"),
        _where(is_address),
    ),
    # With a country's code.
    Pattern(
        MarkKind.PHONE,
        re.compile(
            r"(?<![\d.])(?:\+|00)[0-9]\d{0,3}(?:[ .()·-]{1,3}\d{1,5})?"
            r"(?:[ .()·-]{1,3}\d{2,5}){1,5}(?!\d)"
            r"|(?<![\d.])(?:\+|00)[1-9]\d{6,14}(?!\d)"
        ),
        _where(is_international),
    ),
    Pattern(
        MarkKind.PHONE,
        re.compile(
            # Korea, at home and from abroad.
            rf"(?<![\d.])(?:(?:\+?82[-. )]{{0,2}}(?:\(0\))?|\(?0)"
            rf"(?:1[016789]|2|[3-6]\d|70|50\d|80)\)?|공일공){_SEP}\d{{3,4}}{_SEP}\d{{4}}(?!\d)"
            # North America, and others who write three groups.
            r"|(?<![\d.-])\(?[2-9]\d{2}\)?[-. ]{1,2}[2-9]\d{2}[-. ]\d{4}(?![\d.-])"
            r"|(?<![\d.-])\(?000\)?[-. ]{1,2}000[-. ]0000(?!\d)"
            r"|(?<![\d.-])000-0000-0000(?!\d)"
        ),
    ),
    Pattern(
        MarkKind.SECRET,
        re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{24,400}(?![A-Za-z0-9_-])"),
        _where(is_random),
        unless=_DIGEST,
    ),
)
"""Every pattern, in the order in which they take from a text."""
