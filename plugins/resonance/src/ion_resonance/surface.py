"""The surface of a message: what the cues are matched against.

The surface is the message in lower case and in composed Hangul, with everything that is not the
writer's own voice masked: code, quotations, addresses. Positions on the surface map back to
positions in the message.
"""

from __future__ import annotations

import re
import unicodedata

import attrs

MASK = "\ufffc"
"""Stands for each masked character: neither a letter nor a space, so no cue reaches across it."""

EDGE = 6000
"""Of a message longer than two edges the first and the last so many characters are read: people
say what they want before or after what they paste. It bounds the time that a message can take."""

_QUOTED = 300
_NOT_OWN_VOICE = re.compile(
    "|".join(
        (
            r"```[\s\S]*?(?:```|\Z)",  # fenced code; an open fence runs to the end
            rf"`[^`\n]{{1,{_QUOTED}}}`",
            rf'"[^"\n]{{1,{_QUOTED}}}"',
            rf"“[^“”\n]{{1,{_QUOTED}}}”",
            rf"‘[^‘’\n]{{1,{_QUOTED}}}’(?![a-z])",
            # A straight single quote is an apostrophe between Latin letters.
            rf"(?<![a-z0-9])'(?=\S)[^'\n]{{1,{_QUOTED}}}'(?![a-z0-9])",
            rf"「[^「」\n]{{1,{_QUOTED}}}」",
            rf"『[^『』\n]{{1,{_QUOTED}}}』",
            rf"«[^«»\n]{{1,{_QUOTED}}}»",
            r"https?://\S+",
            r"(?m:^)>[^\n]*",  # a quoted line, as in mail and Markdown
        )
    )
)

# Lower case for ASCII only: str.lower() changes the length of a few characters, and with it the
# positions. Full-width marks become the ASCII ones that the cues are written with.
_FOLD = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_WIDE = "？！，～"
_FOLD |= {ord(given): ord(meant) for given, meant in zip(_WIDE, "?!,~", strict=True)}
# More than one space, or another than the usual one; a line's end swallows the spaces around it.
_SPACES = re.compile(r"[^\S\n]*\n\s*|[^\S\n]{2,}|[^\S\n ]")
_APOSTROPHE = re.compile("(?<=[A-Za-z])’(?=[A-Za-z])")

# Cheap looks at a text: what most messages do not hold need not be searched for.
_FOLDED = re.compile(f"[A-Z{_WIDE}]")
_UNEVEN = re.compile(r"\s(?:(?<! )|\s)")
_PERHAPS_NOT_OWN = re.compile("[`\"“‘'「『«>]")


@attrs.frozen
class Surface:
    """A message as the cues see it.

    Attributes:
        text: the surface.
        original: the message as it was given.
        offsets: position in the message of each character of the surface and of the end; None
            where the two are the same.
    """

    text: str
    original: str
    offsets: tuple[int, ...] | None = None

    @property
    def line(self) -> str:
        """The surface in one line: a cue may run on from one line into the next."""
        return self.text.replace("\n", " ")

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where in the message a stretch of the surface stands."""
        if self.offsets is None:
            return start, end
        return self.offsets[start], self.offsets[end]


def surface_of(text: str) -> Surface:
    """The surface of a message."""
    readable, offsets = _edges(text)
    if not unicodedata.is_normalized("NFC", readable):
        readable, inner = _composed(readable)
        offsets = inner if offsets is None else tuple(offsets[place] for place in inner)
    if _UNEVEN.search(readable):
        readable, inner = _collapsed(readable)
        offsets = inner if offsets is None else tuple(offsets[place] for place in inner)
    return Surface(_masked(readable), text, offsets)


def _edges(text: str) -> tuple[str, tuple[int, ...] | None]:
    """Both ends of a very long message, with one mask for its middle; any other as it is."""
    if len(text) <= 2 * EDGE:
        return text, None
    tail = len(text) - EDGE
    return f"{text[:EDGE]}{MASK}{text[tail:]}", (*range(EDGE + 1), *range(tail, len(text) + 1))


def _collapsed(text: str) -> tuple[str, tuple[int, ...]]:
    """The text with single spaces and line ends, with the position that each came from."""
    parts: list[str] = []
    offsets: list[int] = []
    done = 0
    for match in _SPACES.finditer(text):
        parts += text[done : match.start()], "\n" if "\n" in match.group() else " "
        offsets += range(done, match.start() + 1)
        done = match.end()
    parts.append(text[done:])
    offsets += range(done, len(text) + 1)
    return "".join(parts), tuple(offsets)


def _masked(text: str) -> str:
    folded = text.translate(_FOLD) if _FOLDED.search(text) else text
    if "’" in folded:
        folded = _APOSTROPHE.sub("'", folded)
    if not _PERHAPS_NOT_OWN.search(folded) and "http" not in folded:
        return folded
    return _NOT_OWN_VOICE.sub(lambda match: MASK * len(match.group()), folded)


def _composed(text: str) -> tuple[str, tuple[int, ...]]:
    """The text in composed form (NFC), with the position that each character came from."""
    characters: list[str] = []
    offsets: list[int] = []
    start = 0
    for end in range(1, len(text) + 1):
        if end < len(text) and _continues(text[end]):
            continue
        piece = unicodedata.normalize("NFC", text[start:end])
        characters.append(piece)
        # Marks that stay marks keep their own place, counted from the end of the cluster.
        offsets.append(start)
        offsets.extend(max(start, end - left) for left in range(len(piece) - 1, 0, -1))
        start = end
    return "".join(characters), (*offsets, len(text))


def _continues(character: str) -> bool:
    """Whether a character belongs to the one before: a combining mark, a vowel or final jamo."""
    return bool(unicodedata.combining(character)) or "\u1160" <= character <= "\u11ff"
