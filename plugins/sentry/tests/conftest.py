"""A Sentry of one's own, on a real socket, that reads envelopes as Sentry does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import attrs
import pytest
from ion_sentry.plugin import Sentry
from ion_sentry.settings import SentrySettings

from ion_framework.clock import SystemClock
from ion_framework.testing import FakeCollector

KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"


@attrs.define(eq=False)
class FakeSentry(FakeCollector):
    """A server that is spoken to as Sentry is."""

    def dsn(self, project: int = 1) -> str:
        """Its address, as a client is told it."""
        return f"http://{KEY}@127.0.0.1:{self.port}/{project}"

    @property
    def items(self) -> list[tuple[str, dict[str, Any]]]:
        """The type and the document of every item of every envelope."""
        return [item for body in self.bodies for item in items_of(body)]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The documents of one type of item."""
        return [document for known, document in self.items if known == kind]


def items_of(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """The items of an envelope, read by the lengths that their headers state."""
    head, _, rest = body.partition(b"\n")
    assert json.loads(head)["event_id"]
    while rest.strip():
        line, _, rest = rest.partition(b"\n")
        header = json.loads(line)
        length = header["length"]
        yield header["type"], json.loads(rest[:length])
        assert rest[length : length + 1] in (b"\n", b"")
        rest = rest[length + 1 :]


@pytest.fixture
def fakes() -> Iterator[Callable[[], FakeSentry]]:
    """A function that starts a server; all of them stop in the end."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(FakeSentry())


@pytest.fixture
def fake(fakes: Callable[[], FakeSentry]) -> FakeSentry:
    """One server."""
    return fakes()


@pytest.fixture
def monitor() -> Callable[..., Sentry]:
    """A function that makes the plugin; it sends every trace unless it is told otherwise."""

    def make(dsn: str, *, clock: Any = None, logger: Any = None, **settings: Any) -> Sentry:
        import structlog

        given = SentrySettings(dsn=dsn, **({"traces_sample_rate": 1.0} | settings))
        return Sentry(given, clock or SystemClock(), logger or structlog.get_logger())

    return make
