"""Shortening an answer without breaking what stands in it."""

from __future__ import annotations

import re

_FENCE = re.compile(r"\s*(```|~~~)")
_SENTENCE = re.compile(r"(?<=[.!?。！？…])\s+")
MARK = "…"


def shortened(text: str, most: int) -> str:
    """The beginning of an answer in Markdown, of at most so many characters where that can be.

    Paragraphs, lists and fenced code are kept whole or left out whole. The first block always
    stays: where it alone is too long, it is cut at the end of a sentence, and at least its first
    sentence stays; code is never cut. A cut is marked with ``…``.

    Args:
        text: the answer.
        most: largest number of characters, the mark not counted.
    """
    if len(text) <= most:
        return text
    blocks = blocks_of(text)
    if not blocks:
        return text
    kept = [blocks[0]] if len(blocks[0]) <= most else [_sentences(blocks[0], most)]
    for block in blocks[1:]:
        if len("\n\n".join([*kept, block])) > most:
            break
        kept.append(block)
    short = "\n\n".join(kept)
    if short == text:
        return text
    return f"{short}\n\n{MARK}" if _FENCE.match(kept[-1]) else f"{short} {MARK}"


def blocks_of(text: str) -> list[str]:
    """The blocks of a text in Markdown: what blank lines part, fenced code in one piece."""
    blocks: list[list[str]] = [[]]
    fence = ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if found and fence in ("", found[1]):
            fence = "" if fence else found[1]
        if line.strip() or fence:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return ["\n".join(lines) for lines in blocks if lines]


def _sentences(block: str, most: int) -> str:
    if _FENCE.match(block):
        return block
    ends = [border.start() for border in _SENTENCE.finditer(block)]
    fitting = [end for end in ends if end <= most]
    return block[: fitting[-1] if fitting else ends[0] if ends else len(block)]
