"""Deleting the conversations that expired long ago, beside the requests.

Every process of a host does it, at times of its own: a search that finds nothing costs next to
nothing, and no process depends on another.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from ion_framework.conversations.conversations import Conversations
from ion_framework.conversations.store import StoreError
from ion_host_aiohttp.service import Service

LEAST_SHARE = 0.5
"""A pause is at least so much of the interval, so that processes do not search in step."""


@asynccontextmanager
async def sweeping(service: Service) -> AsyncIterator[None]:
    """Search now and then, as long as the host runs; and end what conversations have in hand."""
    conversations = service.conversations
    if conversations is None:
        yield
        return
    task = asyncio.create_task(_sweep(conversations, service))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await service.store_watch.close()
        await conversations.aclose()


async def _sweep(conversations: Conversations, service: Service) -> None:
    while True:
        share = random.uniform(LEAST_SHARE, 1.0)  # noqa: S311  a pause is no secret
        await asyncio.sleep(conversations.settings.sweep_s * share)
        try:
            async with asyncio.timeout(conversations.settings.sweep_s):
                deleted = await conversations.expire()
        except (StoreError, TimeoutError) as error:
            service.logger.warning("expired conversations stay", reason=str(error))
        else:
            if deleted:
                service.logger.info("expired conversations deleted", count=deleted)
