"""A real HTTP server on a real socket that plays behaviours and remembers its requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import attrs
from aiohttp import web

from ion_framework.clock import Clock, SystemClock
from ion_framework.testing.model_servers.behaviours import Behaviour, Down
from ion_framework.testing.model_servers.dialect import Call, Dialect, Kind, RawRequest
from ion_framework.testing.model_servers.faults import Plan
from ion_framework.testing.model_servers.listener import HOST, Listener
from ion_framework.testing.model_servers.play import Wire, abort, play
from ion_framework.testing.model_servers.records import RecordedRequest
from ion_framework.testing.model_servers.script import Script

LOOK_S = 0.02
"""Seconds after which a condition is looked at again although nothing happened to a request."""
CLOSING_S = 5.0  # far more than cancelled handlers need


class FakeServer:
    """What `FakeGemini` and `FakeOpenAI` have in common; an async context manager.

    A request that is wrong in itself (path, key, document, model) gets what the real service says;
    every other one meets the behaviour that the script decides. The listing of the models has its
    own script, so that a health check takes nothing out of a queue.

    Args:
        dialect: the protocol.
        prefix: what follows host and port in `base_url`.
        clock: times of the records.

    Attributes:
        script: decides for requests to a model; `behave`, `behave_next` and `plan` are its methods.
        listing: decides for requests to the listing of the models.
    """

    def __init__(self, dialect: Dialect, prefix: str = "", clock: Clock | None = None) -> None:
        self.script = Script()
        self.listing = Script()
        self._dialect = dialect
        self._prefix = prefix
        self._clock = clock or SystemClock()
        self._records: dict[int, RecordedRequest] = {}
        self._arrived = 0
        self._open: set[int] = set()
        self._ended_by_us: set[int] = set()
        self._waiting: list[asyncio.Future[None]] = []
        self._down = False
        self._listener: Listener | None = None
        self._server: web.Server | None = None

    # --- life ------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._server = web.Server(self._handle, handler_cancellation=True, access_log=None)
        self._listener = Listener(self._server)
        if not self._down:
            self._listener.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        listener, server = self._running()
        await listener.aclose()
        self._drop_connections(server)
        await server.shutdown(CLOSING_S)
        self._listener = self._server = None

    @property
    def base_url(self) -> str:
        """The address that a client is given; the same for the whole life of the fake."""
        return f"http://{HOST}:{self._running()[0].port}{self._prefix}"

    def stop_listening(self) -> None:
        """Refuse connections, and reset those that are open, as the death of a server does."""
        listener, server = self._running()
        listener.close()
        self._drop_connections(server)

    def listen_again(self) -> None:
        """Accept connections again, on the same port."""
        self._running()[0].open()

    # --- behaviour -------------------------------------------------------------------------------

    def behave(self, behaviour: Behaviour) -> None:
        """Every following request meets this; queue and plan are dropped.

        `Down` takes the server down at once; the next other behaviour brings it back.
        """
        self.script.behave(behaviour)
        was_down, self._down = self._down, isinstance(behaviour, Down)
        if self._listener is not None and self._down:
            self.stop_listening()
        elif self._listener is not None and was_down:
            self.listen_again()

    def behave_next(self, *behaviours: Behaviour) -> None:
        """The next requests meet these, one each, before whatever else was decided."""
        self.script.behave_next(*behaviours)

    def plan(self, plan: Plan) -> None:
        """Every following request is decided by the plan; the queue is dropped."""
        self.script.plan(plan)

    # --- records ---------------------------------------------------------------------------------

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every request so far, in order of arrival, as far as each has come."""
        return tuple(self._records.values())

    @property
    def arrived(self) -> int:
        """How many requests have arrived; the next one gets this number."""
        return self._arrived

    def find(self, number: int) -> RecordedRequest | None:
        """The request of this number as far as it has come; None where there is none."""
        return self._records.get(number)

    @property
    def open_requests(self) -> int:
        """How many requests are being answered now."""
        return len(self._open)

    def forget(self) -> None:
        """Drop the records of requests that have ended, as a long run under load has to.

        Numbers go on.
        """
        self._records = {number: self._records[number] for number in sorted(self._open)}
        self._ended_by_us &= self._open

    async def until(self, condition: Callable[[], bool], within_s: float = 5.0) -> None:
        """Wait until a condition holds, such as a client's leaving being noticed.

        It is looked at whenever something happened to a request, and now and then besides.

        Raises:
            TimeoutError: it does not hold within so many seconds.
        """
        async with asyncio.timeout(within_s):
            while not condition():
                news = asyncio.get_running_loop().create_future()
                self._waiting.append(news)
                await asyncio.wait({news}, timeout=LOOK_S)

    def _tell(self) -> None:
        """Something happened to a request."""
        waiting, self._waiting = self._waiting, []
        for news in waiting:
            if not news.done():
                news.set_result(None)

    # --- requests --------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        raw = RawRequest(
            request.method,
            request.path,
            request.query,
            request.headers,
            await request.content.read(),
        )
        call = self._dialect.read(raw)
        number = self._begin(raw, call)
        try:
            return await self._respond(number, request, call)
        except (asyncio.CancelledError, ConnectionError):
            if number not in self._ended_by_us:
                self._note(number, cancelled_at=self._clock.monotonic())
            # A client that leaves while it is written to is no error of the server either.
            raise asyncio.CancelledError from None
        finally:
            self._open.discard(number)
            self._note(number, ended_at=self._clock.monotonic())

    async def _respond(
        self, number: int, request: web.BaseRequest, call: Call
    ) -> web.StreamResponse:
        wire = Wire(
            request,
            call,
            self._dialect,
            on_headers=lambda status: self._note(number, status=status),
            on_chunk=lambda: self._count_chunk(number),
            on_abort=lambda: self._ended_by_us.add(number),
            on_down=self.stop_listening,
        )
        if call.refusal is not None:
            return await wire.send(call.refusal)
        script = self.listing if call.kind is Kind.LISTING else self.script
        behaviour = script.decide(self._records[number])
        self._note(number, behaviour=behaviour.name)
        return await play(wire, behaviour)

    def _begin(self, raw: RawRequest, call: Call) -> int:
        number = self._arrived
        self._arrived += 1
        self._open.add(number)
        self._records[number] = RecordedRequest(
            number=number,
            method=raw.method,
            path=raw.path,
            model=call.model,
            streamed=call.streamed,
            arrived_at=self._clock.monotonic(),
            headers=raw.headers,
            query=raw.query,
            body=call.body,
        )
        self._tell()
        return number

    def _note(self, number: int, **changes: Any) -> None:
        self._records[number] = attrs.evolve(self._records[number], **changes)
        self._tell()

    def _count_chunk(self, number: int) -> None:
        self._note(number, chunks_written=self._records[number].chunks_written + 1)

    def _drop_connections(self, server: web.Server) -> None:
        self._ended_by_us |= self._open
        for connection in server.connections:
            abort(connection.transport)

    def _running(self) -> tuple[Listener, web.Server]:
        if self._listener is None or self._server is None:
            raise RuntimeError("the fake is not running: use it in 'async with'")
        return self._listener, self._server
