"""``/playground`` in a real browser: what people see, do by keyboard and hear."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

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

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
PATIENCE_MS = 60_000
MESSAGE = "이거 진짜 답답해요!"
KO, EN = {"locale": "ko-KR"}, {"locale": "en-GB"}
AXE = find_spec("axe_playwright_python")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (apt: chromium)")


class Reader:
    """Reads every message as frustrated because of one word, or of none."""

    @hookimpl
    def ion_analyze(self, turn):
        """The reading."""
        key = ResonanceKey(Tone.FRUSTRATED, Pace.FLOWING, Intent.SEEK_ADVICE)
        found = Resonance.given(key, detect_language(turn.text))
        at = turn.text.find("답답")
        said = Evidence("tone", "frustrated", "답답", 3.0, at, at + 2)
        return attrs.evolve(found, evidence=(said,) if at >= 0 else ())


class Speaker:
    """Answers in two pieces, the second when it is let."""

    model = "speaker-1"

    def __init__(self):
        self.go_on = asyncio.Event()
        self.go_on.set()

    @hookimpl
    async def ion_generate(self, prompt):
        """The answer."""
        yield TextChunk("<b>천천히</b> ")
        await self.go_on.wait()
        yield TextChunk("같이 봐요.")
        yield Finish(model=self.model)


def parts(make, speaker=None, *, store=True):
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


@asynccontextmanager
async def visiting(url, **options):
    """The page in a browser; in the end it must have complained of nothing, and stayed at home."""
    async with playwright.async_playwright() as engine:
        browser = await engine.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            page = await browser.new_page(**{"viewport": {"width": 1280, "height": 900}, **options})
            page.set_default_timeout(PATIENCE_MS)
            complaints, asked = [], []
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            page.complaints = complaints
            await page.goto(url + "/playground")
            await page.wait_for_load_state("networkidle")
            yield page
            assert [] == complaints
            assert [] == [address for address in asked if not address.startswith((url, "data:"))]
        finally:
            await browser.close()


@pytest.fixture
async def closed_door(tmp_path):
    """A door that lets one key in, and that key."""
    settings = Settings(data_dir=tmp_path)
    key = keys_work.create(settings, KeyTerms(scopes=("chat", "read"))).key
    log = make_logger(io.StringIO(), LogSettings())
    door = await make_authenticator(settings, Secrets({}), log)
    yield door, key
    await door.close()


async def keep(page, name):
    """Write a picture of the page into the folder that ``ION_PICTURES`` names, if any."""
    if folder := os.environ.get("ION_PICTURES"):
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)


async def say(page, message=MESSAGE):
    """Send a message and wait for the receipt of its answer."""
    count = await page.locator("details.receipt").count()
    await page.locator("#message").fill(message)
    await page.keyboard.press("Enter")
    await page.locator("details.receipt").nth(count).wait_for()


async def test_an_answer_arrives_in_pieces_with_its_receipt(hosting, make):
    """A Korean message is answered piece by piece as text, and the receipt is drawn under it."""
    speaker = Speaker()
    speaker.go_on.clear()
    async with hosting(*parts(make, speaker)) as host, visiting(host.url, **KO) as page:
        await page.locator("#message").fill(MESSAGE)
        await page.keyboard.press("Enter")
        body = page.locator(".answer .text")
        await playwright.expect(body).to_have_text("<b>천천히</b> ")
        await playwright.expect(page.locator("#spoken")).to_have_text("")
        assert 0 == await page.locator(".receipt").count()
        speaker.go_on.set()
        await page.locator("details.receipt").wait_for()
        assert "<b>천천히</b> 같이 봐요." == await body.inner_text()
        assert "Lua: <b>천천히</b> 같이 봐요." == await page.locator("#spoken").text_content()
        assert ["답답"] == await page.locator(".said mark").all_inner_texts()
        receipt = await page.locator(".receipt").inner_text()
        assert "ION 플레이그라운드" == await page.title()
        for word in ("Lua", "Elro", "답답", "reader", "speaker", "감정: 답답함", "ms"):
            assert word in receipt
        assert 3 == await page.locator(".receipt meter").count()


async def test_a_conversation_goes_on_after_a_reload(hosting, make):
    """What was said is there again when the page is loaded anew, and the next turn continues it."""
    async with hosting(*parts(make)) as host, visiting(host.url, **EN) as page:
        await say(page, "first")
        await page.reload()
        await playwright.expect(page.locator(".said")).to_have_count(1)
        await say(page, "second")
        await playwright.expect(page.locator("#sessions")).to_contain_text("2 turns")
        assert 1 == await page.locator("#sessions li").count()
        await page.get_by_role("button", name="New conversation").click()
        await playwright.expect(page.locator(".said")).to_have_count(0)
        await say(page, "third")
        await playwright.expect(page.locator("#sessions li")).to_have_count(2)
        await page.locator("#sessions li").nth(1).get_by_role("button").first.click()
        await playwright.expect(page.locator(".said")).to_have_count(2)
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        await page.locator("#sessions li").nth(1).get_by_role("button").nth(1).click()
        await playwright.expect(page.locator("#sessions li")).to_have_count(1)
        await playwright.expect(page.locator(".said")).to_have_count(0)


async def test_a_persona_can_be_chosen(hosting, make):
    """The persona of the picker holds a new conversation, and is fixed in it."""
    async with hosting(*parts(make)) as host, visiting(host.url, **EN) as page:
        await page.get_by_label("Persona").select_option("Elro")
        await say(page)
        assert "Elro" == await page.locator(".answer .who").inner_text()
        assert await page.get_by_label("Persona").is_disabled()


async def test_without_a_store_it_is_a_plain_chat(hosting, make):
    """A host without a store answers with the messages before, and the page says what is lost."""
    async with (
        hosting(*parts(make, store=False)) as host,
        visiting(host.url, **EN) as page,
        page.expect_request(lambda request: "second" in (request.post_data or "")) as found,
    ):
        assert "keeps no conversations" in await page.locator("#list-hint").inner_text()
        await say(page, "first")
        await say(page, "second")
        sent = json.loads((await found.value).post_data)
        history = sent["context"]["message_history"]
        assert ["user", "assistant"] == [message["role"] for message in history]
        assert await page.get_by_label("Persona").is_disabled()
        assert 0 == await page.locator(".feedback").count()


async def test_feedback_is_given(hosting, make):
    """A rating and a correction from the page are kept as one feedback of the turn."""
    async with hosting(*parts(make)) as host, visiting(host.url, **EN) as page:
        await say(page)
        await page.get_by_role("button", name="Not good").click()
        await playwright.expect(page.locator(".feedback [role=status]")).to_contain_text("Kept")
        await page.get_by_role("button", name="Correct").click()
        await page.get_by_label("Tone of the message").select_option("calm")
        await page.get_by_label("Who should have answered").select_option("Elro")
        async with page.expect_response("**/api/v2/feedback") as answered:
            await page.get_by_role("button", name="Send correction").click()
        assert (await answered.value).ok
        store = host.service.conversations.store
        (kept,) = [item async for item in store.feedback()]
    assert (1, "calm", "elro", MESSAGE) == (kept.rating, kept.tone, kept.persona, kept.message)


async def test_the_keyboard_is_enough(hosting, make):
    """By Tab, Enter and Space alone one skips to the message, sends it and opens the receipt."""
    async with hosting(*parts(make)) as host, visiting(host.url, **EN) as page:
        await page.keyboard.press("Tab")
        assert "Skip to the message" == await page.evaluate("document.activeElement.textContent")
        await page.keyboard.press("Enter")
        await page.keyboard.type("hello")
        await page.keyboard.press("Enter")
        await page.locator("details.receipt").wait_for()
        assert "message" == await page.evaluate("document.activeElement.id")
        for _ in range(10):
            await page.keyboard.press("Shift+Tab")
            if "SUMMARY" == await page.evaluate("document.activeElement.tagName"):
                break
        await page.keyboard.press("Enter")
        assert await page.locator("details.receipt").get_attribute("open") is None


async def test_leaving_while_a_conversation_begins_leaves_it(hosting, make):
    """Whoever begins anew before the host has answered finds nothing of the old message."""
    going = asyncio.Event()

    async def hold(route):
        await going.wait()
        await route.continue_()

    async with hosting(*parts(make)) as host, visiting(host.url, **EN) as page:
        await page.route("**/start", hold)
        await page.locator("#message").fill("hello")
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="New conversation").click()
        going.set()
        await playwright.expect(page.locator("#sessions")).to_contain_text("0 turns")
        assert 0 == await page.locator(".said").count()
        await playwright.expect(page.get_by_label("Persona")).to_be_enabled()


async def test_stopping_takes_the_message_back(hosting, make):
    """Stop ends the generation, and the message stands in its field again."""
    speaker = Speaker()
    speaker.go_on.clear()
    async with hosting(*parts(make, speaker)) as host, visiting(host.url, **EN) as page:
        await page.locator("#message").fill("hello")
        await page.keyboard.press("Enter")
        await page.locator(".answer .text", has_text="천천히").wait_for()
        await page.get_by_role("button", name="Stop").click()
        await playwright.expect(page.locator("#notice")).to_have_text("Stopped.")
        await playwright.expect(page.locator("#message")).to_have_value("hello")
        assert 0 == await page.locator(".answer").count()


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (429, {"Retry-After": "7"}, "Try again in 7 s"),
        (503, {"Retry-After": "3"}, "cannot answer right now: full Try again in 3 s"),
        (None, {}, "cannot be reached"),
    ],
)
async def test_errors_are_told(hosting, make, status, headers, words):
    """Limits, an overloaded host and a lost connection are told with what to do."""

    async def refuse(route):
        if status is None:
            await route.abort()
            return
        body = json.dumps({"error": {"code": "X", "message": "full"}})
        await route.fulfill(status=status, headers=headers, body=body)

    async with hosting(*parts(make)) as host, visiting(host.url, **EN) as page:
        await page.route("**/turn", refuse)
        await page.locator("#message").fill("hello")
        await page.keyboard.press("Enter")
        await playwright.expect(page.locator("#notice")).to_contain_text(words)
        await playwright.expect(page.locator("#message")).to_have_value("hello")
        # The browser itself reports every failed request.
        assert 1 == len(page.complaints)
        page.complaints.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_nobody_is_shut_out(hosting, make, scheme, width):
    """In either scheme axe finds nothing, and nothing is wider than the screen."""
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}, **KO}
    async with hosting(*parts(make)) as host, visiting(host.url, **options) as page:
        await say(page)
        await page.get_by_role("button", name="바로잡기").click()
        await keep(page, f"playground-{scheme}-{width}")
        assert width >= await page.evaluate("document.documentElement.scrollWidth")
        if AXE is None:
            pytest.skip("axe-playwright-python is not installed")
        await page.evaluate(Path(AXE.origin).with_name("axe.min.js").read_text("utf-8"))
        report = await page.evaluate("axe.run()")
        found = [item["id"] for item in report["violations"]]
        assert [] == found


async def test_a_message_that_is_sent_again_has_the_same_name(hosting, make):
    """After a lost connection the same message goes out under the same idempotency key."""
    names = []

    async def lose(route):
        names.append(route.request.headers["idempotency-key"])
        if len(names) == 1:
            await route.abort()
        else:
            await route.continue_()

    async with hosting(*parts(make)) as host, visiting(host.url, **EN) as page:
        await page.route("**/turn", lose)
        await page.locator("#message").fill("hello")
        await page.keyboard.press("Enter")
        await playwright.expect(page.locator("#message")).to_have_value("hello")
        await page.keyboard.press("Enter")
        await page.locator("details.receipt").wait_for()
        await say(page, "hello")
        page.complaints.clear()

    assert names[0] == names[1] != names[2]


async def test_a_key_is_asked_for_and_kept_in_the_tab_alone(hosting, make, closed_door):
    """Where keys are required the page asks for one, sends it, and keeps it for this tab only."""
    door, key = closed_door
    async with (
        hosting(*parts(make), door=door) as host,
        visiting(host.url, **EN) as page,
    ):
        assert "key" == await page.evaluate("document.activeElement.id")
        await page.keyboard.type(key)
        await page.keyboard.press("Enter")
        await playwright.expect(page.locator("#persona option")).to_have_count(3)
        await say(page)
        assert key == await page.evaluate("sessionStorage.getItem('ion.key')")
        assert key not in await page.evaluate("JSON.stringify(localStorage)")
        await page.reload()
        await playwright.expect(page.locator(".said")).to_have_count(1)


async def test_scheme_and_language_are_kept(hosting, make):
    """The chosen scheme and language last through a reload, whatever the system prefers."""
    dark = "getComputedStyle(document.documentElement).colorScheme"
    async with hosting(*parts(make)) as host, visiting(host.url, **EN) as page:
        await say(page)
        await page.get_by_role("button", name="Dark").click()
        await page.get_by_role("button", name="한국어").click()
        assert "이 답변이 나온 이유" == await page.locator(".receipt summary").inner_text()
        await page.reload()
        await page.get_by_role("button", name="밝게").wait_for()
        assert "dark" == await page.evaluate(dark)
        assert "ko" == await page.evaluate("document.documentElement.lang")


async def test_an_event_source_reads_a_stream_again(hosting, make):
    """A page's EventSource gets every event of a stream by its id, `done` included."""
    script = """async () => {
        const answer = await fetch("/api/v2/process", {
            method: "POST",
            headers: {"Content-Type": "application/json", Accept: "text/event-stream"},
            body: JSON.stringify({user_input: "hello"}),
        });
        const receipt = JSON.parse((await answer.text()).match(/^data: (.*)$/m)[1]);
        const source = new EventSource(`/api/v2/streams/${receipt.stream_id}`);
        const heard = [];
        return await new Promise((resolve) => {
            for (const name of ["receipt", "delta", "done"]) {
                source.addEventListener(name, () => {
                    heard.push(name);
                    if (name === "done") { source.close(); resolve(heard); }
                });
            }
        });
    }"""
    async with hosting(*parts(make)) as host, visiting(host.url) as page:
        heard = await page.evaluate(script)

    assert ["receipt", "delta", "delta", "done"] == heard
