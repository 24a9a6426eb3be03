"""What a handler gives back in place of an `Answer` where its answer arrives piece by piece.

::

    async def tell(call: Call[Any], service: Service) -> Stream:
        async def events() -> AsyncGenerator[bytes, None]:
            yield sse_event('{"text": "…"}', event="delta", id="a:1")

        return Stream(chunks=events())

What goes wrong before the first piece is an ordinary response; afterwards it is the last piece.
The iterator is closed when the caller leaves, when the host ends, and after its last piece: what
it holds has to be given back in its ``finally``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping

import attrs

from ion_host_aiohttp.errors.failure import Failure

EVENT_STREAM = "text/event-stream"
PING = b": ping\n\n"
"""A comment, which readers of events skip; proxies and callers see by it that the stream lives."""


@attrs.frozen(kw_only=True)
class Stream:
    """An answer piece by piece.

    Attributes:
        chunks: the pieces; none is empty. The first is waited for before the status is sent.
        media_type: what they make together.
        headers: response headers besides those of every response, read when the first piece is
            there, so that the iterator may add to them.
        log: fields for the request's log line, read when the stream has ended, so that the
            iterator may add to them; never text of a message.
        failed: makes the last piece of a stream that ends early; by default an event ``error`` in
            the endpoint's error style, nothing where the stream is not one of events.
        broken_by: gives, at the end, the failure that its pieces have told of themselves, None
            where there was none.
        lasting: whether it goes on for as long as its reader likes, so that its length says
            nothing of the host.
    """

    chunks: AsyncIterator[bytes]
    media_type: str = EVENT_STREAM
    headers: Mapping[str, str] = attrs.field(factory=dict)
    log: Mapping[str, str] = attrs.field(factory=dict)
    failed: Callable[[Failure], bytes] | None = None
    broken_by: Callable[[], Failure | None] = lambda: None
    lasting: bool = False


def sse_event(
    data: bytes | str,
    *,
    event: str | None = None,
    id: str | None = None,  # noqa: A002  the field's name in the format
    retry_ms: int | None = None,
) -> bytes:
    """One server-sent event (HTML Living Standard, section 9.2).

    Args:
        data: its content; every line of it becomes a line ``data:``.
        event: its type, None for the standard type ``message``.
        id: names it for ``Last-Event-ID``.
        retry_ms: milliseconds after which a reader that lost the connection shall come again.

    Raises:
        ValueError: a line break or NUL in its type or name, which would end them early.
    """
    text = data if isinstance(data, bytes) else data.encode()
    lines = []
    for name, value in (("id", id), ("event", event)):
        if value is None:
            continue
        if any(character in value for character in "\r\n\0"):
            raise ValueError(f"the {name} of an event is one line without NUL, not {value!r}")
        lines.append(f"{name}: {value}".encode())
    if retry_ms is not None:
        lines.append(f"retry: {retry_ms}".encode())
    # A carriage return ends a line of the format, too; inside JSON there is neither.
    whole = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines += [b"data: " + line for line in whole.split(b"\n")]
    return b"\n".join(lines) + b"\n\n"
