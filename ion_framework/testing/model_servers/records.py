"""What a fake model server remembers of each request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen
class RecordedRequest:
    """One request, as far as it has come.

    Headers, query and body hold keys and prompts: a test can read them, but no ``repr`` shows them.

    Attributes:
        number: counts the requests of this fake, from 0.
        method: the HTTP method.
        path: the path, without the query.
        model: the model that is asked for; empty where none is.
        streamed: whether a stream is asked for.
        arrived_at: seconds on the fake's clock (monotonic) when its body was read.
        headers: the headers; names in any case.
        query: the parameters of the URL.
        body: the JSON document; None where there is none or it is broken.
        behaviour: the name of what was played; empty for what the fake refused by itself.
        status: the HTTP status, once headers were sent.
        chunks_written: events with text that were written to the connection.
        cancelled_at: when the client went away before the end; None if it did not.
        ended_at: when the fake was done with it, in whatever way; None while it is open.
    """

    number: int
    method: str
    path: str
    model: str
    streamed: bool
    arrived_at: float
    headers: Mapping[str, str] = attrs.field(repr=False)
    query: Mapping[str, str] = attrs.field(repr=False)
    body: Any = attrs.field(repr=False)
    behaviour: str = ""
    status: int | None = None
    chunks_written: int = 0
    cancelled_at: float | None = None
    ended_at: float | None = None
