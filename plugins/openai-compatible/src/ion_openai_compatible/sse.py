"""Server-sent events out of bytes that arrive in pieces of any size.

The rules are those of the HTML standard, section "Interpreting an event stream": lines end with
LF, CR or CRLF, a blank line ends an event, a line that begins with a colon is a comment, and one
space after a field's colon is no part of its value. Of the fields only ``event`` and ``data`` are
of use here. Unlike there, the last event counts even where the blank line after it is missing,
as long as its own line is whole: some servers close the connection at once.
"""

from __future__ import annotations

import attrs

_BOM = b"\xef\xbb\xbf"
_LINE_ENDS = b"\r\n"


class EventTooLongError(ValueError):
    """An event, or a line of one, is longer than allowed."""


@attrs.frozen
class ServerEvent:
    """One event of a stream.

    Attributes:
        data: its data lines, joined by line feeds; bytes that are no UTF-8 became U+FFFD.
        name: its type, empty where the server names none.
    """

    data: str = attrs.field(repr=False)
    name: str = ""


class EventDecoder:
    """Puts events together; any split of the same bytes gives the same events.

    Args:
        longest: bytes that an event, or a single line, may have.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._line: list[bytes] = []
        self._data: list[bytes] = []
        self._name = b""
        self._size = 0
        self._after_cr = False
        self._is_first_line = True

    def feed(self, received: bytes) -> list[ServerEvent]:
        """The events that these bytes complete, in order.

        Raises:
            EventTooLongError: an event or a line is too long; the decoder is of no further use.
        """
        if self._after_cr and received[:1] == b"\n":
            received = received[1:]
            self._after_cr = False
        if not received:
            return []
        self._after_cr = received.endswith(b"\r")
        found = (self._take(piece) for piece in received.splitlines(keepends=True))
        return [event for event in found if event is not None]

    def end(self) -> list[ServerEvent]:
        """The event that only lacked its blank line, if any: the connection is at its end."""
        event = self._complete()
        return [] if event is None else [event]

    def _take(self, piece: bytes) -> ServerEvent | None:
        """A line, or the beginning of one; the event that it ends."""
        content = piece.rstrip(_LINE_ENDS)
        self._size += len(content)
        if self._size > self._longest:
            raise EventTooLongError(f"an event of more than {self._longest} bytes")
        self._line.append(content)
        if len(content) == len(piece):
            return None
        line = b"".join(self._line)
        self._line.clear()
        if self._is_first_line:
            line = line.removeprefix(_BOM)
            self._is_first_line = False
        if not line:
            return self._complete()
        self._field(line)
        return None

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._name = value
        else:
            # Comments keep a connection alive for hours: they must not add up to a long event.
            self._size -= len(line)

    def _complete(self) -> ServerEvent | None:
        data, name = self._data, self._name
        self._data, self._name, self._size = [], b"", 0
        if not data:
            return None
        return ServerEvent(
            b"\n".join(data).decode("utf-8", "replace"), name.decode("utf-8", "replace")
        )
