"""The least that aiohttp can do for ``POST /chat``: decode the request, encode the same document.

Run as ``python bare_chat.py PORT DOCUMENT [UPSTREAM KEY MODEL]``. With an upstream it asks the
model service for every message, and waits for the end of its stream, before it answers.
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web

SESSION = web.AppKey("session", ClientSession)


async def ready(_: web.Request) -> web.Response:
    """Say that it is ready."""
    return web.Response(text="ready")


def chat_handler(document: dict[str, Any], upstream: tuple[str, str, str] | None) -> Any:
    """The handler.

    Args:
        document: what every message is answered with.
        upstream: address, key and model of the model service; None: nobody is asked.
    """

    async def chat(request: web.Request) -> web.Response:
        asked = await request.json()
        if not isinstance(asked["message"], str):
            raise web.HTTPUnprocessableEntity
        if upstream is not None:
            await ask(request.app[SESSION], asked["message"], *upstream)
        return web.json_response(document)

    return chat


async def ask(session: ClientSession, message: str, base_url: str, key: str, model: str) -> None:
    """Have a model answer, and read its stream to the end."""
    url = f"{base_url}/v1/models/{model}:streamGenerateContent?alt=sse"
    question = {"contents": [{"role": "user", "parts": [{"text": message}]}]}
    async with session.post(url, json=question, headers={"x-goog-api-key": key}) as response:
        response.raise_for_status()
        async for line in response.content:
            if line.startswith(b"data: "):
                json.loads(line[6:])


async def with_session(application: web.Application) -> Any:
    """Keep connections to the model service for as long as it serves."""
    async with ClientSession() as session:
        application[SESSION] = session
        yield


def main(port: int, document: Path, *upstream: str) -> None:
    """Serve until it is interrupted."""
    application = web.Application()
    application.cleanup_ctx.append(with_session)
    application.router.add_get("/health/ready", ready)
    asked = (upstream[0], upstream[1], upstream[2]) if upstream else None
    handler = chat_handler(json.loads(document.read_text("utf-8")), asked)
    application.router.add_post("/chat", handler)
    # Several of it share one port, as the host's workers do.
    reuse = hasattr(socket, "SO_REUSEPORT")
    web.run_app(application, host="127.0.0.1", port=port, print=None, reuse_port=reuse)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
