"""Everything that endpoints and middlewares share, made once at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from aiohttp import web

from ion_framework.clock import Clock, SystemClock
from ion_host_aiohttp.access.caller import Authenticator, OpenDoor
from ion_host_aiohttp.api.body import BodyLimits
from ion_host_aiohttp.rates.addresses import ClientAddresses
from ion_host_aiohttp.rates.limiter import Limiter, Unlimited
from ion_host_aiohttp.run.admission import Admission
from ion_host_aiohttp.run.lifecycle import Lifecycle, Traffic

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_framework.ion import Ion


@attrs.frozen
class ServiceLimits:
    """Bounds of every request.

    Attributes:
        message_chars: characters of a message.
        body: bounds of its body.
        handler_s: seconds from its head to its answer.
        bulk_items: messages of one bulk request.
    """

    message_chars: int = 1000
    bulk_items: int = 100
    body: BodyLimits = attrs.field(factory=BodyLimits)
    handler_s: float = 60.0


@attrs.frozen(kw_only=True)
class Service:
    """The running host.

    Attributes:
        ion: what answers; active.
        logger: where each request leaves its line.
        version: version of ION.
        limits: bounds of every request.
        clock: where the time comes from.
        lifecycle: the host's phase.
        traffic: figures since the start.
        authenticator: says who asks.
        limiter: counts what callers ask and spend.
        addresses: says where requests come from.
        admission: the places for requests that are worked on.
        started_at: reading of the clock's ``monotonic()`` at the start.
    """

    ion: Ion
    logger: FilteringBoundLogger
    version: str
    limits: ServiceLimits = attrs.field(factory=ServiceLimits)
    clock: Clock = attrs.field(factory=SystemClock)
    lifecycle: Lifecycle = attrs.field(factory=Lifecycle)
    traffic: Traffic = attrs.field(factory=Traffic)
    authenticator: Authenticator = attrs.field(factory=OpenDoor)
    limiter: Limiter = attrs.field(factory=Unlimited)
    addresses: ClientAddresses = attrs.field(factory=ClientAddresses)
    admission: Admission = attrs.field(factory=Admission)
    started_at: float = attrs.field(
        default=attrs.Factory(lambda self: self.clock.monotonic(), takes_self=True)
    )


SERVICE = web.AppKey("service", Service)
