"""A message as tokens: words, identifiers, quotations, marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

import attrs


class TokenKind(Enum):
    """What a token is."""

    WORD = "word"
    IDENTIFIER = "identifier"
    CODE = "code"
    QUOTED = "quoted"
    NUMBER = "number"
    MARK = "mark"


@attrs.frozen
class Token:
    """One token.

    Attributes:
        kind: what it is.
        text: its text, without the quotes or backticks around it.
        start: whether it is the first of a sentence.
    """

    kind: TokenKind
    text: str
    start: bool = False


_TOKEN = re.compile(
    r"""
      `(?P<code>[^`\n]{1,60})`
    | ["“](?P<double>[^"“”]{1,60})["”]
    | [‘「『](?P<single>[^‘’「」『』]{1,60})[’」』]
    | (?P<link>(?:https?://|www\.)\S+|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64})
    | (?P<number>\d+(?:[.,:]\d+)*%?(?![\w]))
    | (?P<word>\w(?:\w|[.+\#/:'’-](?=\w))*(?:\+\+|\#)?)
    | (?P<mark>\S)
    """,
    re.VERBOSE,
)
_SENTENCE_END = frozenset(".?!…。？！:;")
_IDENTIFIER = re.compile(
    r"_|[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z]|[A-Za-z]\.[A-Za-z]|::|[+#]$|^[A-Z]{2,}(?![a-z])"
)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a cleaned text; links and addresses are marks, nobody's topic."""
    shouting = text.upper() == text
    start = True
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "mark"
        yield Token(_kind(kind, match[kind], shouting=shouting), match[kind].strip(), start)
        start = kind == "mark" and match[0] in _SENTENCE_END


def _kind(group: str, text: str, *, shouting: bool) -> TokenKind:
    if group in ("mark", "link"):
        return TokenKind.MARK
    if group == "code":
        return TokenKind.CODE
    if group == "number":
        return TokenKind.NUMBER
    if group in ("double", "single"):
        return TokenKind.QUOTED
    identifier = not shouting and _IDENTIFIER.search(text) is not None
    return TokenKind.IDENTIFIER if identifier else TokenKind.WORD
