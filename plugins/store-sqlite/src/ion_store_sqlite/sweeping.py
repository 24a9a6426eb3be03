"""Deleting what has had its time, now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ion_framework.clock import Clock
from ion_framework.conversations.store import StoreError
from ion_store_sqlite.settings import StoreSettings

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class Expiring(Protocol):
    """What can be swept."""

    async def expire(self, before: float) -> int:
        """Delete what expired before a time."""


async def sweep_for_ever(
    store: Expiring,
    settings: StoreSettings,
    clock: Clock,
    logger: Callable[[], FilteringBoundLogger],
) -> None:
    """Sweep until cancelled; what fails is logged and tried again the next time.

    Args:
        store: the store.
        settings: how often, and how long conversations stay after their time.
        clock: the time.
        logger: gives where to tell of failures.
    """
    while True:
        await asyncio.sleep(settings.sweep_s)
        try:
            await store.expire(clock.time() - settings.keep_expired_s)
        except StoreError as error:
            logger().warning("expired conversations could not be deleted", reason=str(error))
