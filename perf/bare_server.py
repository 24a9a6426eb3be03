"""The least that aiohttp can serve: the baseline of a host's start and size.

Run as ``python bare_server.py PORT``.
"""

from __future__ import annotations

import sys

from aiohttp import web


async def ready(_: web.Request) -> web.Response:
    """Say that it is ready."""
    return web.Response(text="ready")


def main(port: int) -> None:
    """Serve until it is interrupted."""
    application = web.Application()
    application.router.add_get("/health/ready", ready)
    web.run_app(application, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
