"""Documents that a plugin has a host serve, in terms that every host understands.

A plugin imports no host. It returns `DocumentRoute` from ``ion_provide_routes``; a host that serves
HTTP makes an endpoint of its own of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from ion_framework.ion import Ion

IN_FLIGHT, WAITING, CONNECTIONS, SHED = "in_flight", "waiting", "connections", "shed"
LIMITER_IMPAIRED = "limiter_impaired"
"""Names of figures that a host gives where it has them: requests that are worked on, that wait for
a place, open connections, requests refused for want of room since the start; and whether the rate
limit is not what it is meant to be, 0 or 1."""


@attrs.frozen
class Document:
    """A document.

    Attributes:
        body: its bytes, in UTF-8.
        media_type: what it is, with parameters but without the charset.
    """

    body: bytes
    media_type: str


@attrs.frozen(kw_only=True)
class HostView:
    """What a host shows of itself, of one process alone.

    Attributes:
        ion: the `Ion` that answers.
        figures: gives the host's own figures now, by name.
        shared_dir: folder of this run of the host, for what its processes share; None where one
            process is all of it. It is empty at the start, and removed at the end.
    """

    ion: Ion
    figures: Callable[[], Mapping[str, float]]
    shared_dir: Path | None = None


Writer = Callable[[str], Awaitable[Document]]
"""Writes the document for a header ``Accept`` (all its values, separated by commas)."""


@attrs.frozen(kw_only=True)
class DocumentRoute:
    """A document at an address, for ``GET`` and without parameters; a `Route`.

    Attributes:
        path: the address.
        summary: what it is, one sentence.
        open: called once by each process of a host before it serves, on its event loop; gives what
            writes the document.
        description: more of it for the documentation, Markdown.
        scope: what a caller must be granted (``read``, ``admin``); None lets everybody in.
        media_type: what it is, for the documentation.
        method: always ``GET``.
    """

    path: str
    summary: str
    open: Callable[[HostView], Writer]
    description: str = ""
    scope: str | None = "admin"
    media_type: str = "text/plain"
    method: str = attrs.field(default="GET", init=False)
