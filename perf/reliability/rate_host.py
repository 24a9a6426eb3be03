"""A host as one of four workers.

    python -m perf.reliability.rate_host --url redis://… --rate 30/minute

It believes ``X-Forwarded-For`` of this machine, prints its port, and serves until its input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ion_host_aiohttp.api.catalog import all_endpoints
from ion_host_aiohttp.run.addresses import bind
from ion_host_aiohttp.run.composition import opened_service
from ion_host_aiohttp.run.logs import make_logger
from ion_host_aiohttp.run.server import HttpServer

from ion_framework import Ion
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.serving import RateSettings, ServerSettings

HOSTS = 4


async def serve(url: str, rate: str, folder: Path) -> None:
    """Serve until the input ends."""
    settings = Settings(
        data_dir=folder,
        rate=RateSettings(limit=rate),
        server=ServerSettings(
            workers=HOSTS, redis_url=url, trusted_proxies=("127.0.0.0/8",), trusted_hops=1
        ),
    )
    logger = make_logger(sys.stderr, LogSettings())
    async with (
        Ion(settings, source=tuple, environ={}) as ion,
        opened_service(ion, settings, logger) as service,
    ):
        bound = bind("127.0.0.1", 0, insecure=False)
        server = HttpServer(service, all_endpoints(()).endpoints, bound)
        await server.start()
        print(server.port, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await server.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m perf.reliability.rate_host")
    parser.add_argument("--url", required=True, help="address of Redis")
    parser.add_argument("--rate", required=True, help="requests of a caller, as 30/minute")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(serve(given.url, given.rate, Path(folder)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
