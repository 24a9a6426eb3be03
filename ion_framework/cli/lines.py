"""Lines of input as bytes, as they come in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

_BOM = b"\xef\xbb\xbf"


def raw_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Every line without its end, and the first without a byte order mark.

    Only a line feed ends a line: other characters that some call line ends may stand in messages.

    Args:
        stream: the input.
    """
    for number, raw in enumerate(stream):
        line = raw.removesuffix(b"\n").removesuffix(b"\r")
        yield line.removeprefix(_BOM) if number == 0 else line
