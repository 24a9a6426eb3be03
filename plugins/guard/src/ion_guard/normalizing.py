"""The forms of a text in which rules are looked for: what hides a pattern is taken away.

Every step is bounded, so that a text of n characters takes time that grows with n alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from html import unescape
from urllib.parse import unquote

RAW, DECODED, PLAIN, BARE, COMPACT = "raw", "decoded", "plain", "bare", "compact"

FORMS: Mapping[str, str] = {
    RAW: "as it was sent",
    DECODED: "percent encoding undone, up to three layers",
    PLAIN: "and entities and escapes undone, blanks joined",
    BARE: "and comments, quotes and backslashes taken away",
    COMPACT: "all blanks taken away",
}
"""What each form is."""

_LAYERS = 3
_OVERLONG = re.compile(r"%c0%(?:af|2f)|%c1%9c|%e0%80%af|(%c0%(?:ae|2e)|%e0%80%ae)")
_WIDE = re.compile(r"%u([0-9a-f]{4})")
_ESCAPE = re.compile(r"\\(?:u\{?0{0,4}([0-9a-f]{2,4})\}?|x([0-9a-f]{2}))")
_BLANKS = re.compile(r"\s+")
_LIVE_COMMENT = re.compile(r"/\*!\d{0,6}(.{0,200}?)\*/")
_COMMENT = re.compile(r"/\*.{0,200}?\*/")
_QUOTES = str.maketrans("", "", "'\"\\^")
_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD])


def forms_of(text: str) -> Mapping[str, str]:
    """Every form of a text, by name."""
    raw = text.lower()
    decoded = _decoded(raw)
    plain = _plain(decoded)
    return {
        RAW: raw,
        DECODED: decoded,
        PLAIN: plain,
        BARE: _bare(plain),
        COMPACT: plain.replace(" ", ""),
    }


def forms_of_message(text: str) -> Mapping[str, str]:
    """The forms of a message, which nobody decodes: blanks are joined, and nothing else."""
    plain = _BLANKS.sub(" ", text.lower()).strip()
    return {DECODED: text.lower(), PLAIN: plain, COMPACT: plain.replace(" ", "")}


def _decoded(text: str) -> str:
    for _ in range(_LAYERS):
        if "%" not in text:
            break
        before = text
        text = _OVERLONG.sub(lambda found: "." if found[1] else "/", text)
        text = _WIDE.sub(lambda found: chr(int(found[1], 16)), text)
        text = unquote(text, errors="replace").lower()
        if text == before:
            break
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text).translate(_INVISIBLE).lower()


def _plain(text: str) -> str:
    if "&" in text:
        text = unescape(text).lower()
    if "\\" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    return _BLANKS.sub(" ", text).strip()


def _bare(text: str) -> str:
    if "/*" in text:
        text = _COMMENT.sub(" ", _LIVE_COMMENT.sub(r" \1 ", text))
    return _BLANKS.sub(" ", text.translate(_QUOTES))
