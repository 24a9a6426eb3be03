"""``/playground`` in a real browser: answers, conversations, and what lasts."""

from __future__ import annotations

import asyncio


async def test_an_answer_arrives_in_pieces_with_its_receipt(hosting, make, chat):
    """A Korean message is answered piece by piece as text, and the receipt is drawn under it."""
    speaker = chat.Speaker()
    speaker.go_on.clear()
    async with (
        hosting(*chat.parts(make, speaker)) as host,
        chat.visiting(host.url, **chat.KO) as page,
    ):
        await chat.send(page)
        body = page.locator(".answer .text")
        await page.expect(body).to_have_text("<b>천천히</b> ")
        assert 0 == await page.locator(".receipt").count()
        speaker.go_on.set()
        await page.locator("details.receipt").wait_for()
        assert "<b>천천히</b> 같이 봐요." == await body.inner_text()
        assert ["답답"] == await page.locator(".said mark").all_inner_texts()
        receipt = await page.locator(".receipt").inner_text()
        assert "ION 플레이그라운드" == await page.title()
        for word in ("Lua", "Elro", "답답", "reader", "speaker", "감정: 답답함", "ms"):
            assert word in receipt
        assert 3 == await page.locator(".receipt meter").count()


async def test_a_conversation_goes_on_after_a_reload(hosting, make, chat):
    """What was said is there again when the page is loaded anew, and the next turn continues it."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await chat.say(page, "first")
        await page.reload()
        await page.expect(page.locator(".said")).to_have_count(1)
        await chat.say(page, "second")
        await page.expect(page.locator("#sessions")).to_contain_text("2 turns")
        assert 1 == await page.locator("#sessions li").count()
        await page.get_by_role("button", name="New conversation").click()
        await page.expect(page.locator(".said")).to_have_count(0)
        await chat.say(page, "third")
        await page.expect(page.locator("#sessions li")).to_have_count(2)
        await page.locator("#sessions li").nth(1).get_by_role("button").first.click()
        await page.expect(page.locator(".said")).to_have_count(2)
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        await page.locator("#sessions li").nth(1).get_by_role("button").nth(1).click()
        await page.expect(page.locator("#sessions li")).to_have_count(1)
        await page.expect(page.locator(".said")).to_have_count(0)


async def test_a_persona_can_be_chosen(hosting, make, chat):
    """The persona of the picker holds a new conversation to its end, and the receipt says so."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await page.get_by_label("Persona").select_option("Elro")
        await chat.say(page)
        assert "Elro" == await page.locator(".answer .who").inner_text()
        assert await page.get_by_label("Persona").is_disabled()
        assert "Chosen by you" in await page.locator(".receipt").inner_text()


async def test_leaving_while_a_conversation_begins_leaves_it(hosting, make, chat):
    """Whoever begins anew before the host has answered finds nothing of the old message."""
    going = asyncio.Event()

    async def hold(route):
        await going.wait()
        await route.continue_()

    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await page.route("**/start", hold)
        await chat.send(page, "hello")
        await page.get_by_role("button", name="New conversation").click()
        going.set()
        await page.expect(page.locator("#sessions")).to_contain_text("0 turns")
        assert 0 == await page.locator(".said").count()
        await page.expect(page.get_by_label("Persona")).to_be_enabled()


async def test_a_message_that_is_sent_again_has_the_same_name(hosting, make, chat):
    """After a lost connection the same message goes out under the same idempotency key."""
    names = []

    async def lose(route):
        names.append(route.request.headers["idempotency-key"])
        if len(names) == 1:
            await route.abort()
        else:
            await route.continue_()

    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await page.route("**/turn", lose)
        await chat.send(page, "hello")
        await page.expect(page.locator("#message")).to_have_value("hello")
        await page.keyboard.press("Enter")
        await page.locator("details.receipt").wait_for()
        await chat.say(page, "hello")
        page.complaints.clear()

    assert names[0] == names[1] != names[2]


async def test_scheme_and_language_are_kept(hosting, make, chat):
    """The chosen scheme and language last through a reload, whatever the system prefers."""
    dark = "getComputedStyle(document.documentElement).colorScheme"
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await chat.say(page)
        await page.get_by_role("button", name="Dark").click()
        await page.get_by_role("button", name="한국어").click()
        assert "이 답변이 나온 이유" == await page.locator(".receipt summary").inner_text()
        await page.reload()
        await page.get_by_role("button", name="밝게").wait_for()
        assert "dark" == await page.evaluate(dark)
        assert "ko" == await page.evaluate("document.documentElement.lang")


async def test_an_event_source_reads_a_stream_again(hosting, make, chat):
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
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url) as page:
        heard = await page.evaluate(script)

    assert ["receipt", "delta", "delta", "done"] == heard
