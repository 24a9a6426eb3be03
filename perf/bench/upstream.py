"""What a host talks to: a fake Gemini and collectors of its monitors, in a process of their own.

``python -m perf.bench.upstream`` prints one JSON line with their addresses and serves until its
input ends. The model begins its answer after 20 ms; collectors take everything and keep nothing.
"""

from __future__ import annotations

import asyncio
import json
import sys

from aiohttp import web

from ion_framework.testing.model_servers.fake_gemini import FakeGemini
from ion_framework.testing.model_servers.faults import Answer
from perf.reliability.stage import KEY, UPSTREAM_S


async def take(request: web.Request) -> web.Response:
    """Take what a monitor sends."""
    await request.read()
    return web.json_response({})


async def serve() -> None:
    """Serve until the input ends."""
    application = web.Application(client_max_size=1 << 26)
    application.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    try:
        await site.start()
        collector = runner.addresses[0][1]
        async with FakeGemini(api_key=KEY) as gemini:
            gemini.behave(Answer(first_delay_s=UPSTREAM_S))
            print(json.dumps({"gemini": gemini.base_url, "collector": collector}), flush=True)
            await asyncio.to_thread(sys.stdin.read)
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
