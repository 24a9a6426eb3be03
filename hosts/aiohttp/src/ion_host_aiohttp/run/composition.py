"""The running host put together from its settings: each part made once, and closed at the end."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import ion_framework
from ion_framework.ion import Ion
from ion_framework.settings.model import Settings
from ion_framework.settings.secrets import Secrets
from ion_host_aiohttp.access.authentication import make_authenticator
from ion_host_aiohttp.api.body import BodyLimits
from ion_host_aiohttp.browser.origins import Origins
from ion_host_aiohttp.errors.messages import Catalogue
from ion_host_aiohttp.rates.making import make_addresses, make_limiter
from ion_host_aiohttp.run.admission import Admission, AdmissionLimits
from ion_host_aiohttp.run.connection_places import ConnectionPlaces
from ion_host_aiohttp.run.sweeping import sweeping
from ion_host_aiohttp.service import Service, ServiceLimits
from ion_host_aiohttp.streaming.state import Streaming
from ion_host_aiohttp.v1.session_making import make_sessions

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

HANDLER_GRACE_S = 5.0
"""Seconds that a request has beside its turn: reading the body, writing the answer."""


@asynccontextmanager
async def opened_service(
    ion: Ion,
    settings: Settings,
    logger: FilteringBoundLogger,
    *,
    guarded: bool = False,
    address: str | None = None,
) -> AsyncIterator[Service]:
    """What the endpoints share, by the settings.

    Args:
        ion: what answers; active.
        settings: all settings.
        logger: where lines go.
        guarded: whether the host was started as one that lets nobody in without credentials.
        address: the one that it is bound to; None while there is none.

    Raises:
        SettingsError: a setting cannot be met.
    """
    catalogue = Catalogue.of(ion.provisions.texts)
    for remark in catalogue.remarks:
        logger.warning("texts of plugins", problem=remark)
    secrets = Secrets(os.environ, ion.provisions.secret)
    authenticator = await make_authenticator(settings, secrets, logger, guarded=guarded)
    try:
        admission = _admission(settings)
        limiter = await make_limiter(settings, logger, overloaded=lambda: admission.overloaded)
        try:
            streaming = Streaming.of(settings.limits)
            sessions = await make_sessions(settings, logger)
            try:
                service = Service(
                    ion=ion,
                    logger=logger,
                    version=str(ion_framework.__version__),
                    limits=_limits(settings),
                    authenticator=authenticator,
                    limiter=authenticator.metered(limiter),
                    logins=limiter.logins,
                    addresses=make_addresses(settings),
                    admission=admission,
                    connections=_connections(settings),
                    origins=Origins.of(settings, address),
                    sessions=sessions,
                    streaming=streaming,
                    catalogue=catalogue,
                )
                async with sweeping(service):
                    yield service
            finally:
                await streaming.close()
                await sessions.close()
        finally:
            await limiter.close()
    finally:
        await authenticator.close()


def _limits(settings: Settings) -> ServiceLimits:
    limits = settings.limits
    return ServiceLimits(
        message_chars=limits.message_chars,
        head_s=limits.header_s,
        body=BodyLimits(size=limits.body_bytes, seconds=limits.body_s),
        # A turn ends by its own deadline, which says more than being cut off.
        handler_s=settings.turn.deadline_s + HANDLER_GRACE_S,
        bulk_items=limits.bulk_items,
    )


def _admission(settings: Settings) -> Admission:
    limits = settings.limits
    return Admission(AdmissionLimits(limits.in_flight, limits.queue, limits.queue_s))


def _connections(settings: Settings) -> ConnectionPlaces:
    limits = settings.limits
    return ConnectionPlaces(
        limits.connections, limits.connections_per_address, settings.server.trusted_proxies
    )
