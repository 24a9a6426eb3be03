"""JSON documents of which most comes again: written once, with gaps for what is new each time.

The reply to a message that came before differs from the earlier one in little: the same objects
stand in it, but for some numbers. To encode them anew takes as long as everything else together.
"""

from __future__ import annotations

import re
import secrets

from ion_host_aiohttp.api.encoding import encode_strictly

_MOST_GAPS = 32
_TOKEN = secrets.token_hex(16)

GAPS = tuple(f"{_TOKEN}-{number}" for number in range(_MOST_GAPS))
"""What stands in a document where a gap shall be; one may stand there more than once. They are
drawn anew by every process, so that no text of a caller can be one."""

_MARK = re.compile(f'"{_TOKEN}-([0-9]+)"'.encode())


class Template:
    """A document as JSON, in pieces, between which the parts belong that are new each time.

    Args:
        document: the document, with some of `GAPS` as values where there shall be gaps.

    Raises:
        TypeError: a value has no form in JSON.
        UnicodeEncodeError: a text in it has no form in UTF-8; it has to be encoded as a whole.
    """

    __slots__ = ("_gaps", "_last", "_pieces")

    def __init__(self, document: object) -> None:
        *pieces, self._last = _MARK.split(encode_strictly(document))
        self._pieces = pieces[::2]
        self._gaps = [int(number) for number in pieces[1::2]]

    def filled(self, *parts: bytes) -> bytes:
        """The document with these parts in its gaps.

        Args:
            parts: JSON for each of `GAPS`, as far as the document has them.
        """
        joined: list[bytes] = []
        for piece, gap in zip(self._pieces, self._gaps, strict=True):
            joined += (piece, parts[gap])
        joined.append(self._last)
        return b"".join(joined)
