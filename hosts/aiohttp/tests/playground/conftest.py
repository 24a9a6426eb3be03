"""The chat page in a real browser, before a real host, and connections that break in between."""

from __future__ import annotations

import asyncio
import atexit
import functools
import io
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from ion_host_aiohttp.access import keys_work
from ion_host_aiohttp.access.authentication import make_authenticator
from ion_host_aiohttp.access.key_record import KeyTerms
from ion_host_aiohttp.run.logs import make_logger

from ion_framework import Finish, Resonance, TextChunk, hookimpl
from ion_framework.domain.key import Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.language import detect_language
from ion_framework.domain.resonance import Evidence
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.secrets import Secrets
from ion_framework.testing import MemoryStore

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
ARGUMENTS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--mute-audio", "--remote-debugging-port=0"),
)
PATIENCE_MS = 60_000
PLAYGROUND = "/playground"
PATIENCE_S = 60.0
MESSAGE = "이거 진짜 답답해요!"
KO, EN = {"locale": "ko-KR"}, {"locale": "en-GB"}


class Reader:
    """Reads messages as frustrated because of one word, or of none; questions as curious."""

    @hookimpl
    def ion_analyze(self, turn: Any) -> Resonance:
        """The reading."""
        tone = Tone.CURIOUS if "?" in turn.text else Tone.FRUSTRATED
        found = Resonance.given(
            ResonanceKey(tone, Pace.FLOWING, Intent.SEEK_ADVICE), detect_language(turn.text)
        )
        at = turn.text.find("답답")
        said = Evidence("tone", "frustrated", "답답", 3.0, at, at + 2)
        return attrs.evolve(found, evidence=(said,) if at >= 0 else ())


class Speaker:
    """Answers in two pieces, the second when it is let.

    Args:
        finish: how its answers end.
    """

    model = "speaker-1"

    def __init__(self, finish: Finish | None = None) -> None:
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.asked = 0
        self._finish = finish or Finish(model=self.model)

    @hookimpl
    async def ion_generate(self, prompt: Any) -> AsyncIterator[Any]:
        """The answer."""
        self.asked += 1
        yield TextChunk("<b>천천히</b> ")
        await self.go_on.wait()
        yield TextChunk("같이 봐요.")
        yield self._finish


def parts(make: Any, speaker: Speaker | None = None, *, store: bool = True) -> tuple[Any, ...]:
    """The plugins of a host with evidence, a generator in pieces, and a store."""
    lua, elro, _, router, cache, _ = make.standard()
    found = (
        lua,
        elro,
        make.plugin("reader", "analyzer", Reader()),
        router,
        cache,
        make.plugin("speaker", "generator", speaker or Speaker(), fallback=True),
    )
    return (*found, make.plugin("shelves", "store", MemoryStore())) if store else found


@functools.cache
def browser_address() -> str:
    """Where a browser is found that all tests of this process share: its start takes a second."""
    if CHROMIUM is None:
        pytest.skip("no chromium is installed (apt: chromium)")
    folder = Path(tempfile.mkdtemp(prefix="ion-browser-"))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            (CHROMIUM, *ARGUMENTS, f"--user-data-dir={folder}"), stdout=log, stderr=log
        )
    atexit.register(_end, process, folder)
    told = folder / "DevToolsActivePort"
    end = time.monotonic() + PATIENCE_S
    while not (told.exists() and told.read_text("utf-8").count("\n")):
        assert process.poll() is None, (folder / "log").read_text("utf-8", "replace")
        assert time.monotonic() < end, (folder / "log").read_text("utf-8", "replace")
        time.sleep(0.02)
    return f"http://127.0.0.1:{told.read_text('utf-8').splitlines()[0]}"


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def visiting(url: str, path: str = PLAYGROUND, **options: Any) -> AsyncIterator[Any]:
    """A page in a browser; in the end it must have complained of nothing, and stayed at home.

    Each visit has cookies, storage and a cache of its own.
    """
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    address = await asyncio.to_thread(browser_address)
    async with playwright.async_playwright() as engine:
        browser = await engine.chromium.connect_over_cdp(address)
        visit = await browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        try:
            page = await visit.new_page()
            page.set_default_timeout(PATIENCE_MS)
            playwright.expect.set_options(timeout=PATIENCE_MS)
            complaints: list[str] = []
            asked: list[str] = []
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            page.complaints = complaints
            page.expect = playwright.expect
            await page.goto(url + path)
            # The page of figures holds a stream open, so that its network never idles.
            await page.wait_for_load_state("networkidle" if path == PLAYGROUND else "load")
            yield page
            assert [] == complaints
            assert [] == [address for address in asked if not address.startswith((url, "data:"))]
        finally:
            await visit.close()


async def keep(page: Any, name: str) -> None:
    """Write a picture of the page into the folder that ``ION_PICTURES`` names, if any."""
    if folder := os.environ.get("ION_PICTURES"):
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)


async def send(page: Any, message: str = MESSAGE) -> None:
    """Send a message."""
    await page.locator("#message").fill(message)
    await page.keyboard.press("Enter")


async def say(page: Any, message: str = MESSAGE) -> None:
    """Send a message and wait for the receipt of its answer."""
    count = await page.locator("details.receipt").count()
    await send(page, message)
    await page.locator("details.receipt").nth(count).wait_for()


@pytest.fixture
def chat() -> Any:
    """What people do with the page, and the hosts that they meet."""
    return SimpleNamespace(
        EN=EN,
        KO=KO,
        MESSAGE=MESSAGE,
        Speaker=Speaker,
        keep=keep,
        parts=parts,
        say=say,
        send=send,
        visiting=visiting,
    )


@pytest.fixture
async def closed_door(tmp_path: Path) -> AsyncIterator[Any]:
    """A door that lets one key in, and that key."""
    settings = Settings(data_dir=tmp_path)
    key = keys_work.create(settings, KeyTerms(scopes=("chat", "read"))).key
    log = make_logger(io.StringIO(), LogSettings())
    door = await make_authenticator(settings, Secrets({}), log)
    yield door, key
    await door.close()


@attrs.define
class Relay:
    """Connections to a host that can break.

    Attributes:
        port: where it listens.
        is_down: whether new connections are broken at once.
        callers: the near ends of what is open.
        hosts: the far ends.
    """

    port: int = 0
    is_down: bool = False
    callers: list[asyncio.StreamWriter] = attrs.field(factory=list)
    hosts: list[asyncio.StreamWriter] = attrs.field(factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def lose_callers(self) -> None:
        """Break every connection in a way that the host does not notice."""
        while self.callers:
            self.callers.pop().transport.abort()

    def lose_all(self) -> None:
        """Break every connection on both sides."""
        self.lose_callers()
        while self.hosts:
            self.hosts.pop().transport.abort()

    async def carry(
        self, near: asyncio.StreamReader, writer: asyncio.StreamWriter, host_port: int
    ) -> None:
        """One connection."""
        if self.is_down:
            writer.transport.abort()
            return
        far, host = await asyncio.open_connection("127.0.0.1", host_port)
        self.callers.append(writer)
        self.hosts.append(host)
        await asyncio.gather(self._pass(near, host), self._pass(far, writer))

    @staticmethod
    async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while piece := await source.read(65536):
                if not target.is_closing():
                    target.write(piece)


@pytest.fixture
def relaying() -> Any:
    """A function that puts a relay before a host."""

    @asynccontextmanager
    async def opened(host: Any) -> AsyncIterator[Relay]:
        relay = Relay()
        server = await asyncio.start_server(
            lambda reader, writer: relay.carry(reader, writer, host.port), "127.0.0.1"
        )
        relay.port = server.sockets[0].getsockname()[1]
        try:
            yield relay
        finally:
            relay.lose_all()
            server.close()
            await server.wait_closed()

    return opened
