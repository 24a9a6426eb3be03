"""Everything that endpoints and middlewares share, made once at the start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
from aiohttp import web

from ion_framework.clock import Clock, SystemClock
from ion_framework.conversations.conversations import Conversations, conversations_of
from ion_host_aiohttp.access.caller import Authenticator, OpenDoor
from ion_host_aiohttp.api.body import BodyLimits
from ion_host_aiohttp.browser.origins import Origins
from ion_host_aiohttp.errors.messages import Catalogue
from ion_host_aiohttp.feedback.recent import RecentTurns
from ion_host_aiohttp.figures.sampler import Sampler
from ion_host_aiohttp.openapi.published import Published
from ion_host_aiohttp.rates.addresses import ClientAddresses
from ion_host_aiohttp.rates.guesses import Logins, Unwatched
from ion_host_aiohttp.rates.limiter import Limiter, Unlimited
from ion_host_aiohttp.run.admission import Admission
from ion_host_aiohttp.run.connection_places import ConnectionPlaces
from ion_host_aiohttp.run.lifecycle import Lifecycle, Traffic
from ion_host_aiohttp.run.request_lines import RequestLines
from ion_host_aiohttp.run.slo_watch import SloWatch
from ion_host_aiohttp.store_watch import StoreWatch
from ion_host_aiohttp.streaming.state import Streaming
from ion_host_aiohttp.v1.session_making import Sessions
from ion_host_aiohttp.workers.changes import carry_out
from ion_host_aiohttp.workers.figures import Figures, figures_of
from ion_host_aiohttp.workers.fleet import Alone, Fleet

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_framework.conversations.store import ConversationStore
    from ion_framework.ion import Ion


@attrs.frozen
class ServiceLimits:
    """Bounds of every request.

    Attributes:
        message_chars: characters of a message.
        head_s: seconds in which its head must have arrived.
        write_s: seconds in which a piece of its answer must have been taken.
        body: bounds of its body.
        handler_s: seconds from its head to its answer.
        stream_s: seconds from the beginning of a stream to its end.
        ping_s: seconds without a piece after which a stream of events is sent a ping.
        bulk_items: messages of one bulk request.
    """

    message_chars: int = 1000
    bulk_items: int = 100
    head_s: float = 10.0
    write_s: float = 10.0
    body: BodyLimits = attrs.field(factory=BodyLimits)
    handler_s: float = 60.0
    stream_s: float = 600.0
    ping_s: float = 15.0


@attrs.frozen(kw_only=True)
class Service:
    """The running host.

    Attributes:
        ion: what answers; active.
        logger: the host's log.
        lines: where each request leaves its line.
        version: version of ION.
        limits: bounds of every request.
        clock: where the time comes from.
        lifecycle: the host's phase.
        traffic: figures since the start.
        authenticator: says who asks.
        limiter: counts what callers ask and spend.
        logins: counts failed logins.
        addresses: says where requests come from.
        admission: the places for requests that are worked on.
        connections: the places for connections.
        published: the OpenAPI document.
        origins: the web pages that may call, and the names that the host answers to.
        streaming: the streams and WebSockets.
        conversations: conversations that the host keeps, None without a store for them.
        store_watch: whether the store of conversations serves.
        recent_turns: the latest turns, for feedback on them.
        sessions: conversations that callers hand over, and their summaries.
        catalogue: the sentences that it says, with those of plugins.
        started_at: reading of the clock's ``monotonic()`` at the start.
        fleet: everything that serves at this address, this process included.
        sampler: the figures of the last minutes.
        slo: how it keeps what it promises.
        shared_dir: folder of this run that all its processes share, None where this one is alone.
    """

    ion: Ion
    logger: FilteringBoundLogger
    version: str
    lines: RequestLines = attrs.field(
        default=attrs.Factory(lambda self: RequestLines(self.logger), takes_self=True)
    )
    limits: ServiceLimits = attrs.field(factory=ServiceLimits)
    clock: Clock = attrs.field(factory=SystemClock)
    lifecycle: Lifecycle = attrs.field(factory=Lifecycle)
    traffic: Traffic = attrs.field(factory=Traffic)
    authenticator: Authenticator = attrs.field(factory=OpenDoor)
    limiter: Limiter = attrs.field(factory=Unlimited)
    logins: Logins = attrs.field(factory=Unwatched)
    addresses: ClientAddresses = attrs.field(factory=ClientAddresses)
    admission: Admission = attrs.field(factory=Admission)
    connections: ConnectionPlaces = attrs.field(factory=ConnectionPlaces)
    published: Published = attrs.field(factory=Published)
    origins: Origins = attrs.field(
        default=attrs.Factory(lambda self: Origins.of(self.ion.settings), takes_self=True)
    )
    streaming: Streaming = attrs.field(factory=Streaming)
    conversations: Conversations | None = attrs.field(
        default=attrs.Factory(lambda self: conversations_of(self.ion), takes_self=True)
    )
    store_watch: StoreWatch = attrs.field(
        default=attrs.Factory(lambda self: StoreWatch(self._store, self.clock), takes_self=True)
    )
    recent_turns: RecentTurns = attrs.field(
        default=attrs.Factory(
            lambda self: RecentTurns(self.clock, self.ion.settings.api.feedback_turns),
            takes_self=True,
        )
    )
    sessions: Sessions = attrs.field(factory=Sessions.in_memory)
    catalogue: Catalogue = attrs.field(
        default=attrs.Factory(lambda self: Catalogue.of(self.ion.provisions.texts), takes_self=True)
    )
    started_at: float = attrs.field(
        default=attrs.Factory(lambda self: self.clock.monotonic(), takes_self=True)
    )
    fleet: Fleet = attrs.field(
        default=attrs.Factory(
            lambda self: Alone(
                self.own_figures,
                lambda: self.clock.monotonic() - self.started_at,
                os.getpid(),
                lambda order: carry_out(self.ion, order, 1),
            ),
            takes_self=True,
        )
    )

    sampler: Sampler = attrs.field(factory=Sampler)
    slo: SloWatch = attrs.field(
        default=attrs.Factory(lambda self: SloWatch.on(self.ion, self.logger), takes_self=True)
    )
    shared_dir: Path | None = None

    @property
    def _store(self) -> ConversationStore | None:
        return self.conversations.store if self.conversations is not None else None

    def own_figures(self) -> Figures:
        """The figures of this process now; `fleet` has those of the whole host."""
        counts = self.slo.tally.counts()
        return figures_of(self.traffic, self.admission, self.connections, self.ion.cache, counts)


SERVICE = web.AppKey("service", Service)
