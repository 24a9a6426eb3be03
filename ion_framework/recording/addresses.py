"""Addresses and international numbers: what an expression alone cannot decide, or not quickly."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ion_framework.recording.credentials import is_opaque


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NORTH_AMERICA = 11
_LEAST, _MOST = 8, 15

_TWO_DIGITS = _words(
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 "
    "65 66 81 82 84 86 90 91 92 93 94 95 98"
)
"""Codes of countries that have two digits (ITU-T E.164); those with three begin otherwise."""

_THREE_DIGITS = re.compile(r"(?:2[1-69]|3[578]|4[2]|5[09]|6[7-9]|8[0578]|9[679])\d")


def is_international(text: str) -> bool:
    """Whether the digits after the plus sign can be a number with the code of a country."""
    digits = "".join(character for character in text if character.isdecimal())
    number = digits if "+" in text else digits.removeprefix("00")
    if not number.strip("0"):
        return True
    if not _LEAST <= len(number) <= _MOST:
        return False
    if number[0] == "1":
        return len(number) == _NORTH_AMERICA and number[1] > "1" and number[4] > "1"
    known = number[0] == "7" or number[:2] in _TWO_DIGITS
    return known or bool(_THREE_DIGITS.match(number))


_SECRET_AFTER = _words(
    "reset reset-password password-reset resetpassword verify verification confirm confirmation "
    "activate activation invite invites invitation join token tokens magic magic-link login-link "
    "auth unsubscribe share services webhook webhooks hook hooks secret secrets key keys"
)
_BOT = re.compile(r"bot\d{6,12}:[\w-]{20,60}")


def mail_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Addresses of mail, found by their sign; spelt out (``골뱅이``, ``[at]``) in plain letters.

    ``git@…`` is where a repository is, and nobody's address.
    """
    for sign in _AT.finditer(text):
        domain = _DOMAIN.match(text, sign.end())
        if domain is None:
            continue
        local = _LOCAL if sign.group() == "@" else _PLAIN_LOCAL
        begin = sign.start()
        while begin > max(0, sign.start() - _LONGEST_LOCAL) and local.match(text, begin - 1):
            begin -= 1
        if begin < sign.start() and text[begin : sign.start()] != _GIT:
            yield begin, domain.end()


_GIT = "git"
_AT = re.compile(r"(?i)@|\s?골뱅이\s?|\s?[\[(]\s?(?:at|골뱅이)\s?[\])]\s?")
_LOCAL, _PLAIN_LOCAL = re.compile(r"[\w.%+'-]"), re.compile(r"[A-Za-z0-9._%+-]")
_LONGEST_LOCAL = 64
_DOMAIN = re.compile(
    r"(?:[\w-]{1,63}(?:\.|\s?닷\s?|\s(?i:dot)\s|\s?[\[(]\s?(?i:dot|닷)\s?[\])]\s?)){1,8}(?:xn--[A-Za-z0-9-]{2,40}|[A-Za-z]{2,24}|한국|컴|넷)"
)


def secrets_in_address(rest: str) -> Iterator[tuple[int, int]]:
    """The parts of an address that open something or say what somebody looked for.

    Args:
        rest: the address after its scheme; its user part, its query and its fragment count
            whole, of its path what follows words like ``reset``.
    """
    end = _TAIL.search(rest)
    length = end.start() if end else len(rest)
    slash = rest.find("/", 0, length)
    host = length if slash < 0 else slash
    user = rest.rfind("@", 0, host)
    if user > 0 and rest[:user] != _GIT:
        yield 0, user
    for start, stop in secrets_in_path(rest[host:length]):
        yield host + start, host + stop
    if end and end.end() < len(rest):
        yield end.end(), len(rest)


_TAIL = re.compile(r"[?#]")


def secrets_in_path(path: str) -> Iterator[tuple[int, int]]:
    """The parts of the path of an address that open something: what follows ``reset``, ``hooks``.

    Args:
        path: it begins with a slash.
    """
    place, opened = 0, False
    for part in path.split("/"):
        if _BOT.fullmatch(part) or (opened and _opens(part)):
            yield place, place + len(part)
        opened = opened or part.lower() in _SECRET_AFTER
        place += len(part) + 1


def _opens(part: str) -> bool:
    return is_opaque(part) or (len(part) >= _LONG and part.isalnum())


_LONG = 20
