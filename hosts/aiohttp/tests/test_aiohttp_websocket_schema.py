"""The published JSON Schema of WebSocket messages."""

from __future__ import annotations

import json
from pathlib import Path

from ion_host_aiohttp.service import ServiceLimits
from ion_host_aiohttp.streaming.socket_schema import socket_schema

FILE = Path(__file__).parents[1] / "websocket.schema.json"


def test_the_published_schema_is_that_of_the_code():
    """The file beside the documentation says what the host decodes and sends."""
    assert json.loads(FILE.read_text("utf-8")) == socket_schema(ServiceLimits())
