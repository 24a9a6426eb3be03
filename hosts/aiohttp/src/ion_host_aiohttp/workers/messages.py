"""What supervisor and workers say to each other: one JSON document a line, each with its kind."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec

from ion_framework.slo.notice import Notice
from ion_framework.slo.report import SloReport
from ion_host_aiohttp.workers.changes import ChangeOrder, ChangeOutcome
from ion_host_aiohttp.workers.figures import Figures
from ion_host_aiohttp.workers.fleet import PluginTrouble, WorkerState


@attrs.frozen(kw_only=True)
class PluginPin:
    """A plugin as the supervisor found it.

    Attributes:
        name: name of the plugin.
        distribution: name of its distribution.
        version: version of its distribution.
    """

    name: str
    distribution: str
    version: str


@attrs.frozen(kw_only=True)
class DesiredState:
    """What a worker is to be; supervisor to worker, first.

    Attributes:
        number: number of the worker, from 1.
        host: address to listen at.
        port: port to listen at.
        insecure: whether other machines may reach a host without authentication.
        guarded: whether nobody is let in without credentials, whatever becomes of the keys.
        line: the command line, as the fields of `CommandLine`.
        config: the settings file as the supervisor read it, None without one.
        plugins: every installed plugin as the supervisor found it; no other is to run.
        changes: what was changed in the other workers since they began; what is changed from now
            on is told besides.
        started_at: reading of the monotonic clock at the start of the host.
        shared_dir: folder of this run that all workers share, None where none could be made.
    """

    number: int
    host: str
    port: int
    insecure: bool = False
    guarded: bool = False
    line: dict[str, Any] = attrs.field(repr=False)
    config: str | None = attrs.field(default=None, repr=False)
    plugins: tuple[PluginPin, ...] = ()
    changes: tuple[ChangeOrder, ...] = ()
    started_at: float = 0.0
    shared_dir: str | None = None


@attrs.frozen(kw_only=True)
class Hello:
    """A worker runs, and knows what it is to be; worker to supervisor."""

    pid: int


@attrs.frozen(kw_only=True)
class Ready:
    """Its plugins are started; it could listen."""


@attrs.frozen(kw_only=True)
class Failed:
    """It cannot serve, and a second try would end alike.

    Attributes:
        reason: why, for people.
    """

    reason: str


@attrs.frozen(kw_only=True)
class Serve:
    """Listen; supervisor to worker."""


@attrs.frozen(kw_only=True)
class Serving:
    """It listens."""


@attrs.frozen(kw_only=True)
class Heartbeat:
    """Its event loop turns."""

    figures: Figures


@attrs.frozen(kw_only=True)
class PluginStatus:
    """The plugins that are out of service in it, whenever that changes."""

    troubles: tuple[PluginTrouble, ...]


@attrs.frozen(kw_only=True)
class FleetState:
    """How all workers are; supervisor to worker, every second.

    Attributes:
        workers: each of them.
        troubles: plugins that are out of service in any of them.
        past: what workers did that are gone.
        slo: how the host keeps what it promises, None before that was looked at.
    """

    workers: tuple[WorkerState, ...]
    troubles: tuple[PluginTrouble, ...] = ()
    past: Figures = attrs.field(factory=Figures)
    slo: SloReport | None = None


@attrs.frozen(kw_only=True)
class Stop:
    """Finish what has begun, and end; supervisor to worker.

    Attributes:
        gently: whether a load balancer is to be given time to notice.
    """

    gently: bool = True


@attrs.frozen(kw_only=True)
class ChangeAsked:
    """Have all workers change a plugin; worker to supervisor.

    Attributes:
        id: number of the question, of this worker's own.
        order: what to do.
    """

    id: int
    order: ChangeOrder


@attrs.frozen(kw_only=True)
class ChangeSent:
    """Whom the question has reached; supervisor to the worker that asks."""

    id: int
    workers: tuple[int, ...]


@attrs.frozen(kw_only=True)
class ChangeWanted:
    """Change a plugin; supervisor to worker.

    Attributes:
        id: number of the question, as the supervisor counts.
        order: what to do.
    """

    id: int
    order: ChangeOrder


@attrs.frozen(kw_only=True)
class ChangeDone:
    """What came of it; worker to supervisor."""

    id: int
    outcome: ChangeOutcome


@attrs.frozen(kw_only=True)
class ChangeTold:
    """What came of it in one worker; supervisor to the worker that asks."""

    id: int
    outcome: ChangeOutcome


@attrs.frozen(kw_only=True)
class NoticeSent:
    """Tell the notifiers of an alert; supervisor to one worker.

    Attributes:
        id: number of the message.
        notice: the alert.
    """

    id: int
    notice: Notice


@attrs.frozen(kw_only=True)
class NoticeTaken:
    """The notifiers were told; worker to supervisor."""

    id: int


Message = (
    DesiredState
    | Hello
    | Ready
    | Failed
    | Serve
    | Serving
    | Heartbeat
    | PluginStatus
    | FleetState
    | Stop
    | ChangeAsked
    | ChangeSent
    | ChangeWanted
    | ChangeDone
    | ChangeTold
    | NoticeSent
    | NoticeTaken
)

_KINDS: dict[str, type[Any]] = {
    "desired-state": DesiredState,
    "hello": Hello,
    "ready": Ready,
    "failed": Failed,
    "serve": Serve,
    "serving": Serving,
    "heartbeat": Heartbeat,
    "plugin-status": PluginStatus,
    "fleet-state": FleetState,
    "stop": Stop,
    "change-asked": ChangeAsked,
    "change-sent": ChangeSent,
    "change-wanted": ChangeWanted,
    "change-done": ChangeDone,
    "change-told": ChangeTold,
    "notice-sent": NoticeSent,
    "notice-taken": NoticeTaken,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def packed(message: Message) -> bytes:
    """A message as a line."""
    content = {"kind": _NAMES[type(message)], "content": message}
    return msgspec.json.encode(content) + b"\n"


def unpacked(line: bytes) -> Message | None:
    """The message of a line; None where its kind is not known, as one of a later version.

    Raises:
        ValueError: it is no message.
    """
    try:
        envelope = msgspec.json.decode(line, type=dict[str, Any])
        kind = _KINDS.get(envelope["kind"])
        if kind is None:
            return None
        content: Message = msgspec.convert(envelope["content"], kind)
    except (msgspec.MsgspecError, KeyError) as error:
        raise ValueError(f"no message: {error}") from error
    return content
