"""The running host put together from its settings: each part made once, and closed at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import ion_framework
from ion_framework.ion import Ion
from ion_framework.settings.model import Settings
from ion_host_aiohttp.access.authentication import make_authenticator
from ion_host_aiohttp.api.body import BodyLimits
from ion_host_aiohttp.rates.making import make_limiter
from ion_host_aiohttp.service import Service, ServiceLimits

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

HANDLER_GRACE_S = 5.0
"""Seconds that a request has beside its turn: reading the body, writing the answer."""


@asynccontextmanager
async def opened_service(
    ion: Ion, settings: Settings, logger: FilteringBoundLogger
) -> AsyncIterator[Service]:
    """What the endpoints share, by the settings.

    Raises:
        SettingsError: a setting cannot be met.
    """
    authenticator = await make_authenticator(settings)
    try:
        limiter = await make_limiter(settings)
        try:
            yield Service(
                ion=ion,
                logger=logger,
                version=str(ion_framework.__version__),
                limits=_limits(settings),
                authenticator=authenticator,
                limiter=limiter,
            )
        finally:
            await limiter.close()
    finally:
        await authenticator.close()


def _limits(settings: Settings) -> ServiceLimits:
    limits = settings.limits
    return ServiceLimits(
        message_chars=limits.message_chars,
        body=BodyLimits(size=limits.body_bytes, seconds=limits.body_s),
        # A turn ends by its own deadline, which says more than being cut off.
        handler_s=settings.turn.deadline_s + HANDLER_GRACE_S,
        bulk_items=limits.bulk_items,
    )
