"""Numbers of bank accounts and passports, which only what stands before them tells."""

from __future__ import annotations

import re
from collections.abc import Iterator

_IS = r"(?:은|는|이|가|로|으로|\s{1,2}is)?[\s:=#\[(]{0,3}"
_BANK = (
    r"(?:[가-힣A-Za-z]{0,8}(?:은행|뱅크|금고|증권)|농협|수협|신협|우체국|국민|신한|우리|하나|기업)"
)
_ACCOUNT = re.compile(
    r"(?i)(?:(?:계좌|통장)\s?(?:번호)?"
    r"|\b(?:bank\s)?account(?:\s(?:number|no\.?)|\s?\#))"
    rf"{_IS}(?:[가-힣A-Za-z]{{1,10}}{_IS}){{0,2}}(?P<named>\d[\d-]{{7,22}}\d)(?![\d-])"
    rf"|(?<![가-힣]){_BANK}\s{{1,2}}(?P<beside>\d{{3,6}}-\d{{2,6}}-\d{{3,8}}(?:-\d{{1,3}})?)(?![\d-])"
)
_PASSPORT = re.compile(
    rf"(?i)(?:여권\s?(?:번호)?|\bpassport(?:\s(?:number|no\.?)|\s?\#)?){_IS}"
    r"([A-Z]{1,2}\d{6,8}|[A-Z]\d{3}[A-Z]\d{4}|\d{9})(?![A-Za-z0-9])"
)
_LEAST, _MOST = 9, 17
"""Digits of an account: banks of Korea have 10 to 14 of them, others from 9 to 17."""


def accounts(text: str) -> Iterator[tuple[int, int]]:
    """Where numbers of bank accounts stand: after that word, or after the name of a bank."""
    for match in _ACCOUNT.finditer(text):
        group = "named" if match["named"] else "beside"
        if _LEAST <= sum(map(str.isdecimal, match[group])) <= _MOST:
            yield match.span(group)


def passports(text: str) -> Iterator[tuple[int, int]]:
    """Where numbers of passports stand that the text calls so."""
    return (match.span(1) for match in _PASSPORT.finditer(text))
