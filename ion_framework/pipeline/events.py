"""What observers are told. Frozen values; an observer changes nothing."""

from __future__ import annotations

from typing import TypeAlias

import attrs

from ion_framework.domain.trace_context import TraceContext
from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import TurnRequest

OWN_FAULTS = frozenset({"internal_error", "no_answer", "guard_failed"})
"""Codes of turns that had no answer through the installation's fault, not the caller's."""


@attrs.frozen
class TurnCompleted:
    """A turn was answered; the reply's receipt holds the time of every stage.

    Attributes:
        request: what was asked.
        reply: what was answered.
        at: end of the turn, seconds since the Unix epoch.
        duration_s: length of the turn.
    """

    request: TurnRequest
    reply: Reply
    at: float
    duration_s: float

    @property
    def trace(self) -> TraceContext | None:
        """Where the request stands in the caller's distributed trace."""
        return self.request.trace


@attrs.frozen
class TurnFailed:
    """A turn ended without an answer.

    Attributes:
        request: what was asked.
        code: the cause, machine readable: `ion_framework.errors.TurnError.code`, ``cancelled``
            where the caller left, ``internal_error`` where ION itself is at fault.
        message: the cause in words.
        at: end of the turn, seconds since the Unix epoch.
        duration_s: length of the turn.
        detail: what the plugins said that failed, for operators and not for callers.
        persona: who was to answer, by its unique name; empty where nobody was chosen yet.
    """

    request: TurnRequest
    code: str
    message: str
    at: float
    duration_s: float
    detail: str = ""
    persona: str = ""

    @property
    def trace(self) -> TraceContext | None:
        """Where the request stands in the caller's distributed trace."""
        return self.request.trace


@attrs.frozen
class AnswerRefreshed:
    """A stored answer was made anew behind the back of a caller who got the old one.

    Attributes:
        request: the request that set it off.
        succeeded: whether the new answer is stored.
        message: why not, empty where it is.
        usage: tokens spent on it.
        at: seconds since the Unix epoch.
        duration_s: how long it took.
    """

    request: TurnRequest
    succeeded: bool
    message: str
    usage: Usage
    at: float
    duration_s: float


@attrs.frozen
class RequestCompleted:
    """A host answered a request of its protocol.

    Attributes:
        method: HTTP method.
        route: the route's pattern, never the raw path; empty where none matched.
        status: status code that was sent.
        request_id: the request.
        at: end of the request, seconds since the Unix epoch.
        duration_s: seconds to the answer, or to the beginning of one that is sent piece by piece:
            what comes after it is up to the length of the answer, and to its reader.
        trace: where the request stands in the caller's distributed trace, if it is in one.
        lasted_s: seconds to the end of the answer, None where that is `duration_s`.
        lasting: whether the connection goes on for as long as its caller likes (a WebSocket, a
            watch over figures): its times say nothing of the host.
        failure: code of the error that an answer ended with after its beginning, else empty.
        failure_status: the status that this error would have had, None without one.
    """

    method: str
    route: str
    status: int
    request_id: str
    at: float
    duration_s: float
    trace: TraceContext | None = None
    lasted_s: float | None = None
    lasting: bool = False
    failure: str = ""
    failure_status: int | None = None

    @property
    def outcome(self) -> int:
        """The status to judge the answer by: of its error, where it failed after its beginning."""
        return self.status if self.failure_status is None else self.failure_status


@attrs.frozen
class PluginStatusChanged:
    """A plugin's status changed, other than by becoming active at the start.

    Attributes:
        plugin: the plugin.
        before: earlier status.
        after: new status.
        reason: why, one sentence.
        at: seconds since the Unix epoch.
    """

    plugin: str
    before: str
    after: str
    reason: str
    at: float


@attrs.frozen
class LoopHeld:
    """Code held the event loop for so long that nothing else was done meanwhile.

    Attributes:
        plugin: the plugin whose code it was, empty where it was none's.
        hook: the hook that was called, empty where it is not known.
        distribution: the distribution whose code it was, as far as known.
        seconds: for how long.
        stack: the innermost frames, the innermost last, as ``file:line function``.
        at: seconds since the Unix epoch.
    """

    plugin: str
    hook: str
    distribution: str
    seconds: float
    stack: tuple[str, ...]
    at: float


Event: TypeAlias = (
    TurnCompleted | TurnFailed | AnswerRefreshed | RequestCompleted | PluginStatusChanged | LoopHeld
)
