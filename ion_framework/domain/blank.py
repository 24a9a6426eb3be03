"""Text in which there is nothing to read."""

from __future__ import annotations

import re

NOT_BLANK = (
    r"[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]"
)
"""Pattern of a text that is not blank: it holds a character that is neither white space nor
invisible (Default_Ignorable_Code_Point of Unicode's Basic Multilingual Plane, and the marks of
annotations). They are listed: languages that read the pattern in a schema have different opinions
on what a space is."""

_SOMETHING = re.compile(NOT_BLANK)


def is_blank(text: str) -> bool:
    """Whether a text is empty, or made of white space and of characters that nobody sees."""
    return _SOMETHING.search(text) is None
