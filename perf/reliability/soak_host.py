"""A host of which can be asked how many tasks its event loop has.

    python -m perf.reliability.soak_host

It has every installed plugin that needs no setting, and prints its port. Of each line that it reads
it answers with the number of tasks, and serves until its input ends.
"""

from __future__ import annotations

import asyncio
import gc
import io
import os
import sys
import tempfile
from pathlib import Path

from ion_host_aiohttp.api.catalog import all_endpoints
from ion_host_aiohttp.run.addresses import bind
from ion_host_aiohttp.run.composition import opened_service
from ion_host_aiohttp.run.logs import make_logger
from ion_host_aiohttp.run.server import HttpServer

from ion_framework import Ion
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.serving import RateSettings
from ion_framework.watching import watched_loop

LIMIT = "999999999/minute"


async def serve(folder: Path) -> None:
    """Serve until the input ends."""
    settings = Settings(data_dir=folder, rate=RateSettings(limit=LIMIT))
    nowhere = io.TextIOWrapper(io.FileIO(os.devnull, "w"), encoding="utf-8")
    logger = make_logger(nowhere, LogSettings())
    async with (
        Ion(settings, environ={}) as ion,
        opened_service(ion, settings, logger) as service,
    ):
        bound = bind("127.0.0.1", 0, insecure=False)
        server = HttpServer(service, all_endpoints(ion.provisions.routes).endpoints, bound)
        await server.start()
        print(server.port, flush=True)
        loop = asyncio.get_running_loop()
        with watched_loop(ion):
            while await loop.run_in_executor(None, sys.stdin.readline):
                gc.collect()
                print(len(asyncio.all_tasks()), flush=True)
        await server.stop()
        await service.streaming.close()


def main() -> int:
    """The command line."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(serve(Path(folder)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
