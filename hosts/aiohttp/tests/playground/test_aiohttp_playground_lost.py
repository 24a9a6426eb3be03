"""Answers whose connection breaks on the way to the chat page."""

from __future__ import annotations

FIRST = "<b>천천히</b> "
WHOLE = "<b>천천히</b> 같이 봐요."


async def begun(chat, page):
    """Send a message and wait for the first piece of its answer."""
    await chat.send(page, "hello")
    await page.expect(page.locator(".answer .text")).to_have_text(FIRST)


async def test_a_broken_stream_goes_on_after_its_last_event(hosting, make, chat, relaying):
    """The page says that the connection is lost, and goes on after the last event that it has."""
    speaker, asked = chat.Speaker(), []
    speaker.go_on.clear()

    def note(request):
        asked.append(request)

    async with (
        hosting(*chat.parts(make, speaker)) as host,
        relaying(host) as relay,
        chat.visiting(relay.url, **chat.EN) as page,
    ):
        page.on("request", note)
        await begun(chat, page)
        relay.lose_callers()
        await page.expect(page.locator(".answer")).to_contain_text("Trying to go on")
        speaker.go_on.set()
        await page.locator("details.receipt").wait_for()
        assert WHOLE == await page.locator(".answer .text").inner_text()
        assert "Trying to go on" not in await page.locator(".answer").inner_text()
        (again,) = [request for request in asked if "/streams/" in request.url]
        assert (await again.all_headers())["last-event-id"].endswith(":2")
        page.complaints.clear()

    assert 1 == speaker.asked


async def test_an_answer_that_was_given_up_is_asked_for_again(hosting, make, chat, relaying):
    """Where the host noticed the loss and stopped, the message goes out again under its name."""
    speaker, names = chat.Speaker(), []
    speaker.go_on.clear()

    async def note(request):
        if request.url.endswith("/turn"):
            names.append((await request.all_headers())["idempotency-key"])

    async with (
        hosting(*chat.parts(make, speaker)) as host,
        relaying(host) as relay,
        chat.visiting(relay.url, **chat.EN) as page,
    ):
        page.on("request", note)
        await begun(chat, page)
        relay.lose_all()
        speaker.go_on.set()
        await page.locator("details.receipt").wait_for()
        assert WHOLE == await page.locator(".answer .text").inner_text()
        assert 1 == await page.locator(".answer").count()
        page.complaints.clear()

    assert 2 == speaker.asked
    assert 2 == len(names)
    assert 1 == len(set(names))


async def test_without_a_store_it_goes_on_as_well(hosting, make, chat, relaying):
    """A host without a store continues a broken stream in the same way."""
    speaker = chat.Speaker()
    speaker.go_on.clear()
    async with (
        hosting(*chat.parts(make, speaker, store=False)) as host,
        relaying(host) as relay,
        chat.visiting(relay.url, **chat.EN) as page,
    ):
        await begun(chat, page)
        relay.lose_callers()
        speaker.go_on.set()
        await page.locator("details.receipt").wait_for()
        assert WHOLE == await page.locator(".answer .text").inner_text()
        page.complaints.clear()


async def test_waiting_for_the_network_can_be_stopped(hosting, make, chat, relaying):
    """Escape ends the attempts to go on, too."""
    speaker = chat.Speaker()
    speaker.go_on.clear()
    async with (
        hosting(*chat.parts(make, speaker)) as host,
        relaying(host) as relay,
        chat.visiting(relay.url, **chat.EN) as page,
    ):
        await begun(chat, page)
        relay.is_down = True
        relay.lose_all()
        await page.expect(page.locator(".answer")).to_contain_text("Trying to go on")
        await page.keyboard.press("Escape")
        await page.expect(page.locator("#notice")).to_contain_text("Stopped")
        assert "hello" == await page.locator("#message").input_value()
        relay.is_down = False
        page.complaints.clear()


async def test_a_host_that_stays_away_is_told(hosting, make, chat, relaying):
    """After a few attempts the page says what to do, and the message can be sent again."""
    speaker = chat.Speaker()
    speaker.go_on.clear()
    async with (
        hosting(*chat.parts(make, speaker)) as host,
        relaying(host) as relay,
        chat.visiting(relay.url, **chat.EN) as page,
    ):
        await page.clock.install()
        await begun(chat, page)
        relay.is_down = True
        relay.lose_all()
        await page.expect(page.locator(".answer")).to_contain_text("Trying to go on")
        while await page.locator("#notice-box").is_hidden():
            await page.clock.run_for(1000)
        assert "cannot be reached" in await page.locator("#notice").inner_text()
        relay.is_down = False
        speaker.go_on.set()
        await page.locator("#notice-action").click()
        await page.locator("details.receipt").wait_for()
        page.complaints.clear()


async def test_a_connection_that_is_silent_is_given_up(hosting, make, chat):
    """A connection without a sign of life for 40 seconds counts as lost, and the answer goes on."""
    speaker = chat.Speaker()
    speaker.go_on.clear()
    async with (
        hosting(*chat.parts(make, speaker)) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        await page.clock.install()
        await begun(chat, page)
        await page.clock.run_for(39_000)
        assert "Trying to go on" not in await page.locator(".answer").inner_text()
        await page.clock.run_for(2_000)
        await page.expect(page.locator(".answer")).to_contain_text("Trying to go on")
        speaker.go_on.set()
        await page.clock.run_for(1_000)
        await page.locator("details.receipt").wait_for()
        assert WHOLE == await page.locator(".answer .text").inner_text()
