"""Watching over objectives in a host of one process; with several the supervisor does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from ion_framework.slo.evaluator import EVERY_S, Evaluator
from ion_host_aiohttp.run.slo_watch import origin_of
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.workers.fleet import Alone


@asynccontextmanager
async def alarms(service: Service, every_s: float = EVERY_S) -> AsyncIterator[None]:
    """Look at the figures once in a while and give notice, as long as the host runs.

    Args:
        service: the host; one that is a worker among others is not watched here.
        every_s: seconds between two looks.
    """
    if not isinstance(service.fleet, Alone):
        yield
        return
    settings = service.ion.settings.slo
    evaluator = Evaluator(settings, service.clock, origin_of(settings))
    task = asyncio.create_task(_watch(service, evaluator, every_s))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(service: Service, evaluator: Evaluator, every_s: float) -> None:
    while True:
        notices = evaluator.take(service.slo.tally.counts())
        service.slo.hear(evaluator.report())
        for notice in notices:
            await service.slo.notify(notice)
        await asyncio.sleep(every_s)
