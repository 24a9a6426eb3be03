"""That nobody is shut out from the chat page: keyboards, screen readers, colours, small screens."""

from __future__ import annotations

from base64 import b64encode
from importlib.util import find_spec
from pathlib import Path

import pytest

AXE = find_spec("axe_playwright_python")
LISTEN = """() => {
    window.heard = [];
    const region = document.getElementById("spoken");
    const listener = new MutationObserver(() => window.heard.push(region.textContent));
    listener.observe(region, {childList: true});
}"""
FOCUS = """() => {
    const found = document.activeElement;
    const style = getComputedStyle(found);
    const box = found.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return {
        place: Array.from(document.querySelectorAll("body *")).indexOf(found),
        name: found.id || found.name || found.textContent.trim(),
        outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
        isSeen: found === top || found.contains(top),
    };
}"""

COLOURS = """async ([picture, places]) => {
    const image = new Image();
    image.src = "data:image/png;base64," + picture;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d", {
        willReadFrequently: true,
    });
    canvas.drawImage(image, 0, 0);
    return places.map((place) => Array.from(
        canvas.getImageData(image.width * place, image.height / 2, 1, 1).data).join());
}"""
MARK = 2
"""Pixels by which a focus is seen at least."""


async def all_is_well(page):
    """That axe finds nothing, and nothing is wider than the screen."""
    width = page.viewport_size["width"]
    assert width >= await page.evaluate("document.documentElement.scrollWidth")
    if AXE is None:
        pytest.skip("axe-playwright-python is not installed")
    await page.evaluate(Path(AXE.origin).with_name("axe.min.js").read_text("utf-8"))
    report = await page.evaluate("axe.run()")
    assert [] == [(item["id"], item["nodes"][0]["html"]) for item in report["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_nobody_is_shut_out(hosting, make, chat, scheme, width):
    """In either scheme and language axe finds nothing, the forms and an error included."""

    async def refuse(route):
        await route.fulfill(status=429, headers={"Retry-After": "7"}, body="{}")

    language = chat.KO if scheme == "light" else chat.EN
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}, **language}
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **options) as page:
        await chat.say(page)
        await page.locator(".feedback button").nth(0).click()
        await page.locator(".feedback button").nth(2).click()
        await page.locator("#key-open").click()
        await chat.keep(page, f"playground-{scheme}-{width}")
        await all_is_well(page)
        await page.route("**/turn", refuse)
        await chat.send(page, "안녕 " * 300)
        await page.expect(page.locator("#notice-action")).to_be_visible()
        await chat.keep(page, f"playground-{scheme}-{width}-error")
        await all_is_well(page)
        page.complaints.clear()


@pytest.mark.parametrize("width", [1280, 360])
async def test_nobody_is_shut_out_where_nothing_is_kept(hosting, make, chat, width):
    """Without a store axe finds nothing either, before and after an answer."""
    options = {"viewport": {"width": width, "height": 800}, **chat.KO}
    async with (
        hosting(*chat.parts(make, store=False)) as host,
        chat.visiting(host.url, **options) as page,
    ):
        await all_is_well(page)
        await chat.say(page)
        await chat.keep(page, f"playground-unkept-{width}")
        await all_is_well(page)


async def test_forced_colours_leave_everything_to_be_seen(hosting, make, chat):
    """Where the system chooses colours, bars are filled and what is pressed has a border."""
    options = {"forced_colors": "active", **chat.EN}
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **options) as page:
        await chat.say(page)
        await page.get_by_role("button", name="Good", exact=True).click()
        pressed = page.locator("[aria-pressed=true]")
        border = await pressed.evaluate("(found) => getComputedStyle(found).borderTopWidth")
        assert "3px" == border
        bar = page.locator("meter").nth(1)
        assert 0.2 < await bar.evaluate("(meter) => meter.value / meter.max") < 0.8
        picture = b64encode(await bar.screenshot()).decode()
        fill, ground = await page.evaluate(COLOURS, [picture, [0.1, 0.9]])
        assert fill != ground
        await chat.keep(page, "playground-forced")


@pytest.mark.parametrize(("motion", "name"), [("reduce", "none"), ("no-preference", "beat")])
async def test_nothing_moves_for_who_wants_it_still(hosting, make, chat, motion, name):
    """The sign of an answer in the making moves unless the user asked for less motion."""
    speaker = chat.Speaker()
    speaker.go_on.clear()
    async with (
        hosting(*chat.parts(make, speaker)) as host,
        chat.visiting(host.url, reduced_motion=motion, **chat.EN) as page,
    ):
        await chat.send(page)
        await page.locator(".answer .text", has_text="천천히").wait_for()
        found = await page.locator(".who").evaluate(
            "(who) => getComputedStyle(who, '::after').animationName"
        )
        assert name == found
        speaker.go_on.set()
        await page.locator("details.receipt").wait_for()


async def test_an_answer_is_announced_once_and_whole(hosting, make, chat):
    """The live region says that an answer is being made, and then the whole of it, once."""
    speaker = chat.Speaker()
    speaker.go_on.clear()
    async with (
        hosting(*chat.parts(make, speaker)) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        await page.evaluate(LISTEN)
        await chat.send(page, "hello")
        await page.locator(".answer .text", has_text="천천히").wait_for()
        speaker.go_on.set()
        await page.locator("details.receipt").wait_for()
        await page.expect(page.locator("#sessions")).to_contain_text("1 turn")
        heard = await page.evaluate("window.heard")
        assert ["Answering …", "Lua: <b>천천히</b> 같이 봐요."] == heard
        assert 0 == await page.locator("#turns [aria-live], #turns [role=log]").count()


async def test_every_control_is_reached_by_keyboard_and_seen(hosting, make, chat):
    """Tab reaches every control of the page, and each shows its focus where nothing covers it."""
    options = {"viewport": {"width": 900, "height": 600}, **chat.EN}
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **options) as page:
        await chat.say(page)
        await page.get_by_role("button", name="Correct").click()
        await page.locator("#key-open").click()
        controls = await page.locator(
            ":is(a, button, input, select, textarea, summary):visible:enabled"
        ).count()
        reached = {}
        # Once around; between the last control and the first is the browser itself.
        for _ in range(controls + 1):
            await page.keyboard.press("Tab")
            found = await page.evaluate(FOCUS)
            if found["place"] >= 0:
                reached[found["place"]] = found
        assert controls == len(reached)
        hidden = [one for one in reached.values() if one["outline"] < MARK or not one["isSeen"]]
        assert [] == hidden


async def test_the_keyboard_is_enough(hosting, make, chat):
    """By Tab, Enter and Space alone one skips to the message, sends it and opens the receipt."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
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


async def test_shift_and_enter_begin_a_new_line(hosting, make, chat):
    """Shift+Enter writes a line break and sends nothing."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await page.locator("#message").press_sequentially("one")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("two")
        assert "one\ntwo" == await page.locator("#message").input_value()
        assert 0 == await page.locator(".said").count()


async def test_enter_that_ends_a_composition_sends_nothing(hosting, make, chat):
    """While a Korean syllable is being composed, Enter does not send; afterwards it does."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.KO) as page:
        keyboard = await page.context.new_cdp_session(page)
        await page.locator("#message").focus()
        composing = {"text": "안녕", "selectionStart": 2, "selectionEnd": 2}
        await page.evaluate(
            "addEventListener('keydown', (event) => { window.composed = event.isComposing; }, true)"
        )
        await keyboard.send("Input.imeSetComposition", composing)
        await page.keyboard.press("Enter")
        assert await page.evaluate("window.composed")
        assert 0 == await page.locator(".said").count()
        await keyboard.send("Input.insertText", {"text": "안녕"})
        # Safari tells of the key that ended a composition after it, by this code alone.
        await page.evaluate(
            """document.getElementById("message").dispatchEvent(
                new KeyboardEvent("keydown", {key: "Enter", keyCode: 229, bubbles: true}))"""
        )
        assert 0 == await page.locator(".said").count()
        assert "안녕" == (await page.locator("#message").input_value()).strip()
        await page.keyboard.press("Enter")
        await page.locator("details.receipt").wait_for()
        assert 1 == await page.locator(".said").count()


@pytest.mark.parametrize("way", ["button", "Escape"])
async def test_stopping_takes_the_message_back(hosting, make, chat, way):
    """Stop and Escape end the generation, and the message stands in its field again, focused."""
    speaker = chat.Speaker()
    speaker.go_on.clear()
    async with (
        hosting(*chat.parts(make, speaker)) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        await chat.send(page, "hello")
        await page.locator(".answer .text", has_text="천천히").wait_for()
        if way == "button":
            await page.get_by_role("button", name="Stop").click()
        else:
            await page.locator("#new").focus()
            await page.keyboard.press("Escape")
        await page.expect(page.locator("#notice")).to_contain_text("Stopped.")
        await page.expect(page.locator("#message")).to_have_value("hello")
        await page.expect(page.locator("#message")).to_be_focused()
        assert 0 == await page.locator(".answer").count()


async def test_a_message_says_when_it_gets_too_long(hosting, make, chat):
    """Near the longest message its length is shown, and no more is taken."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await page.locator("#message").press_sequentially("a")
        assert "" == await page.locator("#count").inner_text()
        await page.locator("#message").fill("a" * 900)
        assert "900 of 1000 characters" == await page.locator("#count").inner_text()
