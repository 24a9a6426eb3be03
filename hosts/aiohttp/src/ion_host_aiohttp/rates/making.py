"""The limiter that the settings ask for."""

from __future__ import annotations

from ion_framework.settings.model import Settings
from ion_host_aiohttp.rates.limiter import Limiter, Unlimited


async def make_limiter(settings: Settings) -> Limiter:  # noqa: ARG001
    """The limiter that the settings ask for; it has to be closed."""
    return Unlimited()
