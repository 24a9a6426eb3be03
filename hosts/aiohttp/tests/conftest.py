"""A real host on a real socket, before an `Ion` whose plugins live in this process."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from aiohttp import ClientSession
from ion_host_aiohttp.access.caller import ANYBODY, Caller, Credentials, OpenDoor
from ion_host_aiohttp.access.door import Doorkeeper
from ion_host_aiohttp.api.catalog import all_endpoints
from ion_host_aiohttp.api.endpoint import Endpoint, ErrorStyle
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.rates.addresses import ClientAddresses
from ion_host_aiohttp.rates.guesses import Unwatched
from ion_host_aiohttp.rates.limiter import Limiter, Unlimited
from ion_host_aiohttp.rates.making import make_limiter, never
from ion_host_aiohttp.rates.quotas import QuotaLimiter
from ion_host_aiohttp.run.addresses import bind
from ion_host_aiohttp.run.admission import Admission
from ion_host_aiohttp.run.connection_places import ConnectionPlaces
from ion_host_aiohttp.run.logs import make_logger
from ion_host_aiohttp.run.server import HttpServer
from ion_host_aiohttp.service import Service, ServiceLimits
from ion_host_aiohttp.streaming.state import Streaming
from ion_host_aiohttp.v1.session_making import Sessions

from ion_framework import Finish, Ion, Resonance, TextChunk, detect_language, hookimpl
from ion_framework.clock import Clock
from ion_framework.domain.key import Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.language import Language
from ion_framework.domain.routing import decide
from ion_framework.plugin_host.discovery import Candidate, inline
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.serving import RateSettings
from ion_framework.testing import DictCache, MemoryStore, VirtualClock, make_manifest, make_persona


class Analyzer:
    """Reads everything as frustrated, except what names a tone itself."""

    @hookimpl
    def ion_analyze(self, turn: Any) -> Resonance:
        """The reading."""
        tone = next((tone for tone in Tone if tone.value in turn.text), Tone.FRUSTRATED)
        key = ResonanceKey(tone, Pace.FLOWING, Intent.SEEK_ADVICE)
        return Resonance.given(key, detect_language(turn.text))


class Router:
    """The standard decision."""

    @hookimpl
    def ion_route(self, turn: Any, personas: Any) -> Any:
        """The decision."""
        return decide(turn.resonance.key, personas)


class Shelf:
    """Provides a cache."""

    @hookimpl
    def ion_provide_cache(self) -> DictCache:
        """The cache."""
        return DictCache()


class Generator:
    """Says what a function says of the prompt.

    Args:
        speak: the answer to a message; what it raises, the generator raises.
    """

    model = "parrot-1"

    def __init__(self, speak: Callable[[str], Awaitable[str]]) -> None:
        self._speak = speak

    @hookimpl
    async def ion_generate(self, prompt: Any) -> AsyncIterator[Any]:
        """The answer."""
        yield TextChunk(await self._speak(prompt.user))
        yield Finish(model=self.model)


async def _break(call: Any, service: Any) -> Any:
    raise RuntimeError("secret cause")


class Breakage:
    """Provides an endpoint of either version that fails as nobody foresaw."""

    @hookimpl
    def ion_provide_routes(self) -> list[Endpoint[Any]]:
        """The endpoints."""
        return [
            Endpoint(method="GET", path=path, handler=_break, style=style, summary="Fail.")
            for path, style in (("/broken", ErrorStyle.V1), ("/api/v2/broken", ErrorStyle.V2))
        ]


async def echo(text: str) -> str:
    """What the generator says unless a test has it say something else."""
    return f"answer to: {text}"


def plugin(name: str, kind: str, target: object, *, fallback: bool = False) -> Candidate:
    """A plugin that lives in this process."""
    return inline(make_manifest(name, kind, fallback=fallback), lambda _context: target)


def persona(name: str, rank: int, *, shown: str = "", **tones: str) -> Candidate:
    """A data-only persona that is drawn to some tones."""
    data = make_persona(
        name,
        tone={Tone(tone): Decimal(value) for tone, value in tones.items()},
        rank=rank,
        traits={Language.ENGLISH: ("warm",), Language.KOREAN: ("따뜻함",)},
        strengths={Language.ENGLISH: ("listening",), Language.KOREAN: ("경청",)},
    )
    if shown:
        data = attrs.evolve(data, display_name={Language.ENGLISH: shown})
    return inline(make_manifest(name, "persona", persona=data))


LUA = persona("lua", 10, frustrated="1.0", playful="0.9")
ELRO = persona("elro", 20, curious="1.0", analytical="0.8")
ANALYZER = plugin("reader", "analyzer", Analyzer())
ROUTER = plugin("chooser", "router", Router())


BROKEN = plugin("broken", "extension", Breakage())


def standard_plugins() -> tuple[Candidate, ...]:
    """Two personas, analyser, router, cache and a generator that repeats what it is told."""
    cache = plugin("shelf", "cache", Shelf())
    generator = plugin("parrot", "generator", Generator(echo), fallback=True)
    return (LUA, ELRO, ANALYZER, ROUTER, cache, generator)


@attrs.frozen
class Running:
    """A host in operation.

    Attributes:
        url: its address.
        port: its port.
        session: a client.
        service: what its endpoints share.
        server: the server itself.
        log: what it has logged so far.
    """

    url: str
    port: int
    session: ClientSession
    service: Service
    server: HttpServer
    log: io.StringIO

    def lines(self, event: str = "request") -> list[dict[str, Any]]:
        """The log lines of an event."""
        found = [json.loads(line) for line in self.log.getvalue().split("\n") if line]
        return [line for line in found if line["event"] == event]

    async def told(
        self, path: str, language: str | None = None, **body: Any
    ) -> tuple[int, Any, str | None]:
        """Status, body and Content-Language of the answer to who asks for a language."""
        headers = {} if language is None else {"Accept-Language": language}
        send = self.session.post if body else self.session.get
        more: dict[str, Any] = {"json": body} if body else {}
        async with send(path, headers=headers, **more) as response:
            return response.status, await response.json(), response.headers.get("Content-Language")

    async def raw(self, *parts: bytes) -> bytes:
        """What the host sends back to these bytes, until it closes or a second has passed.

        Several parts arrive one after the other.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        received = b""
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.05)
            async with asyncio.timeout(1):
                while piece := await reader.read(65536):
                    received += piece
        except TimeoutError:
            assert received, "the host kept the connection open and said nothing"
        finally:
            writer.close()
            await writer.wait_closed()
        return received


Hosting = Callable[..., AbstractAsyncContextManager[Running]]


@asynccontextmanager
async def host_running(  # noqa: PLR0913  a test names the one part that it is about
    *plugins: Candidate,
    limits: ServiceLimits | None = None,
    settings: Settings | None = None,
    door: Doorkeeper | None = None,
    sessions: Sessions | None = None,
    rates: QuotaLimiter | None = None,
    admission: Admission | None = None,
    connections: ConnectionPlaces | None = None,
    streaming: Streaming | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Running]:
    """A host with these plugins; with the standard ones and a store where none is named.

    A door says who is let in; without one, everybody is. Sessions are in memory unless given.
    Rates say how often one may ask; without them, there is no limit. The clock is that of the
    plugins and their turns.
    """
    found = plugins or (*standard_plugins(), plugin("drawer", "store", MemoryStore()))
    log = io.StringIO()
    limiter = rates or Unlimited()
    async with Ion(settings, source=lambda: found, environ={}, clock=clock) as ion:
        service = Service(
            ion=ion,
            logger=make_logger(log, LogSettings()),
            version="9.9",
            limits=limits or ServiceLimits(),
            addresses=ClientAddresses(
                ion.settings.server.trusted_proxies, ion.settings.server.trusted_hops
            ),
            authenticator=door or OpenDoor(),
            limiter=door.metered(limiter) if door else limiter,
            logins=rates.logins if rates else Unwatched(),
            sessions=sessions or Sessions.in_memory(),
            admission=admission or Admission(),
            connections=connections or ConnectionPlaces(),
            streaming=streaming or Streaming(),
        )
        server = HttpServer(
            service,
            all_endpoints(ion.provisions.routes).endpoints,
            bind("127.0.0.1", 0, insecure=False),
        )
        await server.start()
        url = f"http://127.0.0.1:{server.port}"
        try:
            async with ClientSession(url) as session:
                yield Running(url, server.port, session, service, server, log)
        finally:
            await server.stop()
            await service.streaming.close()
            await service.sessions.close()


@pytest.fixture
def hosting() -> Hosting:
    """A function that starts a host."""
    return host_running


class Meter(Unlimited):
    """A door and a limiter: everybody may come in, and what they spend is noted.

    Args:
        most: requests that there are.
    """

    required = False

    def __init__(self, most: int = 1000) -> None:
        self.costs: list[int] = []
        self.tokens = 0
        self._most = most

    def metered(self, _limiter: Limiter) -> Meter:
        """Itself."""
        return self

    async def identify(self, _credentials: Credentials, _address: str) -> Caller:
        """Anybody."""
        return ANYBODY

    async def spend(
        self, caller: Caller, cost: int, *, runs_turns: bool, paid: int = 0
    ) -> dict[str, str]:
        """Note what is spent."""
        assert caller is ANYBODY
        assert runs_turns
        assert cost == 1 or paid == 1
        self.costs.append(cost)
        if sum(self.costs) > self._most:
            too_many = HTTPStatus.TOO_MANY_REQUESTS
            raise RequestFailed(
                Failure(status=too_many, code="RATE_LIMITED", message=say("internal"))
            )
        return {"RateLimit": f"r={self._most - sum(self.costs)}"}

    async def book(self, caller: Caller, tokens: int) -> None:
        """Note the tokens."""
        assert caller is ANYBODY
        self.tokens += tokens


@pytest.fixture
def meter() -> type[Meter]:
    """What makes a door that counts what passes."""
    return Meter


@pytest.fixture
def make() -> Any:
    """The builders of this module, for tests that put a host together themselves."""
    return SimpleNamespace(
        plugin=plugin,
        persona=persona,
        generator=Generator,
        echo=echo,
        standard=standard_plugins,
        lua=LUA,
        elro=ELRO,
        analyzer=ANALYZER,
        router=ROUTER,
        broken=BROKEN,
    )


def connected(host: Running, **options: Any) -> Any:
    """A WebSocket connection, as a context."""
    return host.session.ws_connect("/api/v2/ws", **options)


async def ask(socket: Any, **message: Any) -> None:
    """Send a message."""
    await socket.send_json(message)


async def hear(socket: Any) -> Any:
    """The next message."""
    async with asyncio.timeout(5):
        return await socket.receive_json()


async def hear_all(socket: Any, turns: int = 1) -> list[Any]:
    """The messages until so many turns have ended."""
    found = []
    while turns:
        found.append(await hear(socket))
        turns -= found[-1]["type"] in {"done", "error"}
    return found


async def until(condition: Any, seconds: float = 5.0) -> None:
    """Wait for something to come true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  conditions come about in code that has no event
            await asyncio.sleep(0.005)


@pytest.fixture
def talk() -> Any:
    """What a caller does by a WebSocket."""
    return SimpleNamespace(connected=connected, ask=ask, hear=hear, hear_all=hear_all, until=until)


@pytest.fixture
def limiting() -> Any:
    """A function that opens a limiter on a clock that stands still, and gives both."""

    @asynccontextmanager
    async def opened(log: io.StringIO | None = None, **rate: Any) -> AsyncIterator[Any]:
        clock, logger = VirtualClock(), make_logger(log or io.StringIO(), LogSettings())
        overloaded = rate.pop("overloaded", never)
        limiter = await make_limiter(
            Settings(rate=RateSettings(**rate)), logger, overloaded=overloaded, clock=clock
        )
        try:
            yield limiter, clock
        finally:
            await limiter.close()

    return opened
