"""Foreign text made fit to be repeated: no control characters, one line, a bounded length."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence

READ = 2000
"""Characters of a message that are searched for terms; the rest adds time, hardly meaning."""

_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(text: str, characters: int = READ) -> str:
    """The text in NFC on one line, without invisible characters, cut to a number of characters.

    Format characters go as well: a right-to-left override or a zero-width space that a user
    typed would otherwise change how the sentence around it is shown.
    """
    kept = "".join(
        " " if char.isspace() else char
        for char in text[: 2 * characters]
        if char.isspace() or unicodedata.category(char) not in _UNWANTED
    )
    line = " ".join(unicodedata.normalize("NFC", kept).split())
    return line if len(line) <= characters else line[: characters - 1].rstrip() + "…"


def choose(options: Sequence[str], *seed: str) -> str:
    """One of the options, always the same one for the same seed; empty without options.

    `hash` is salted per process, and random would make an answer that no cache may keep.
    """
    if not options:
        return ""
    digest = hashlib.blake2s("\x1f".join(seed).encode("utf-8", "surrogatepass")).digest()
    return options[int.from_bytes(digest[:8], "big") % len(options)]
