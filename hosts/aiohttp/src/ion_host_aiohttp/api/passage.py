"""What becomes known of a request on its way through the host, for all who meet it there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from ion_framework.domain.trace_context import TraceContext
    from ion_host_aiohttp.api.endpoint import ErrorStyle
    from ion_host_aiohttp.errors.failure import Failure
    from ion_host_aiohttp.run.time_limits import TimeLimit

NOTHING: Mapping[str, str] = MappingProxyType({})


class Passage:
    """What is known of a request up to now. One object: aiohttp's own notes take longer each.

    Attributes:
        request_id: names the request; empty until somebody asks for it.
        trace: where the request stands in its caller's trace; meaningful once `trace_is_known`.
        trace_is_known: whether the headers have been looked at for it.
        waited_s: seconds that it waited before it began; its caller's time passes meanwhile.
        style: the shape of its endpoint's errors, None where it met none.
        version_fields: header fields on the end of an API version; they go on errors, too.
        rate_fields: header fields of the rate limit; they go on every response, errors included.
        limit: the bound of its time.
        log_fields: what its endpoint gives for the line in the log.
        begun_at: when a stream or a WebSocket began: reading of the clock. How long it lasts is up
            to its reader, so that it says nothing of how fast the host is.
        lasting: whether what has begun goes on for as long as its caller likes.
        broken_by: what ended a stream early, after its status was sent.
    """

    __slots__ = (
        "begun_at",
        "broken_by",
        "lasting",
        "limit",
        "log_fields",
        "rate_fields",
        "request_id",
        "style",
        "trace",
        "trace_is_known",
        "version_fields",
        "waited_s",
    )

    def __init__(self, waited_s: float = 0.0) -> None:
        self.request_id = ""
        self.trace: TraceContext | None = None
        self.trace_is_known = False
        self.waited_s = waited_s
        self.style: ErrorStyle | None = None
        self.version_fields = NOTHING
        self.rate_fields = NOTHING
        self.limit: TimeLimit | None = None
        self.log_fields: Mapping[str, object] = NOTHING
        self.begun_at: float | None = None
        self.lasting = False
        self.broken_by: Failure | None = None


_PASSAGE = web.RequestKey("passage", Passage)


def passage_of(request: web.BaseRequest) -> Passage:
    """What is known of a request."""
    try:
        return request[_PASSAGE]
    except KeyError:
        return begin_passage(request)


def begin_passage(request: web.BaseRequest, waited_s: float = 0.0) -> Passage:
    """Begin to note what becomes known of a request.

    Args:
        request: the request, of which nothing was noted yet.
        waited_s: seconds that it waited before it began.
    """
    passage = request[_PASSAGE] = Passage(waited_s)
    return passage
