"""The chat page of a host that keeps no conversations."""

from __future__ import annotations

import asyncio
import json


async def test_it_says_that_nothing_is_kept(hosting, make, chat):
    """In either language the page says what is lost, also beside the input."""
    async with (
        hosting(*chat.parts(make, store=False)) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        assert "keeps nothing" in await page.locator("#unkept").inner_text()
        assert "Nothing is kept." == await page.locator("#persona-hint").inner_text()
        await page.get_by_role("button", name="한국어").click()
        assert "저장하지 않습니다" in await page.locator("#unkept").inner_text()
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        assert await page.locator("#unkept").is_hidden()


async def test_the_messages_before_go_along(hosting, make, chat):
    """What was said on the page before is sent along with the next message, oldest first."""
    async with (
        hosting(*chat.parts(make, store=False)) as host,
        chat.visiting(host.url, **chat.EN) as page,
        page.expect_request(lambda request: "second" in (request.post_data or "")) as found,
    ):
        await chat.say(page, "first")
        await chat.say(page, "second")
        sent = json.loads((await found.value).post_data)
    history = sent["context"]["message_history"]
    assert ["user", "assistant"] == [message["role"] for message in history]
    assert "first" == history[0]["content"]


async def test_a_persona_can_be_chosen_for_every_message(hosting, make, chat):
    """The picker names who answers the next message, streamed, with the messages before it."""
    speaker = chat.Speaker()
    async with (
        hosting(*chat.parts(make, speaker, store=False)) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        frames = []

        def note(frame):
            frames.append(frame)

        page.on("websocket", lambda socket: socket.on("framesent", note))
        await chat.say(page)
        await page.get_by_label("Persona").select_option("Elro")
        speaker.go_on.clear()
        await chat.send(page)
        await page.locator(".answer .text", has_text="천천히").nth(1).wait_for()
        assert ["Lua", "Elro"] == await page.locator(".answer .who").all_inner_texts()
        speaker.go_on.set()
        await page.locator("details.receipt").nth(1).wait_for()
        assert "Chosen by you" in await page.locator(".receipt").nth(1).inner_text()
        await page.get_by_label("Persona").select_option("")
        await chat.say(page)
        assert "Lua" == await page.locator(".answer .who").nth(2).inner_text()
    (sent,) = map(json.loads, frames)
    assert "Elro" == sent["persona"]
    assert chat.MESSAGE == sent["context"]["message_history"][0]["content"]


async def test_an_answer_of_a_chosen_persona_can_be_stopped(hosting, make, chat):
    """Escape ends the answer of a chosen persona, and the message stands in the input again."""
    speaker = chat.Speaker()
    speaker.go_on.clear()
    async with (
        hosting(*chat.parts(make, speaker, store=False)) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        await page.get_by_label("Persona").select_option("Elro")
        await chat.send(page, "hello")
        await page.locator(".answer .text", has_text="천천히").wait_for()
        await page.keyboard.press("Escape")
        await page.expect(page.locator("#message")).to_have_value("hello")
        assert 0 == await page.locator(".answer").count()


async def test_a_key_goes_along_to_a_chosen_persona(hosting, make, chat, closed_door):
    """A chosen persona answers who has a key, and a wrong key is told as such."""
    door, key = closed_door
    async with (
        hosting(*chat.parts(make, store=False), door=door) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        await page.keyboard.type(key)
        await page.keyboard.press("Enter")
        await page.expect(page.locator("#persona option")).to_have_count(3)
        await page.get_by_label("Persona").select_option("Elro")
        await chat.say(page)
        for wrong in ("ion_wrong", "no key, that"):
            await page.evaluate("key => sessionStorage.setItem('ion.key', key)", wrong)
            await chat.send(page)
            await page.expect(page.locator("#notice")).to_contain_text(
                "does not accept this API key"
            )
            await page.locator("#key").press("Escape")
        page.complaints.clear()


async def test_conversations_last_as_long_as_the_page(hosting, make, chat):
    """Conversations of the page can be gone back to and deleted; after a reload there are none."""
    async with (
        hosting(*chat.parts(make, store=False)) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        await chat.say(page, "first")
        await chat.say(page, "second")
        await page.get_by_role("button", name="New conversation").click()
        await chat.say(page, "third")
        await page.expect(page.locator("#sessions li")).to_have_count(2)
        await page.locator("#sessions li", has_text="2 turns").get_by_role("button").first.click()
        await page.expect(page.locator(".said")).to_have_count(2)
        await chat.say(page, "fourth")
        await page.expect(page.locator("#sessions")).to_contain_text("3 turns")
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        await page.locator("#sessions li", has_text="3 turns").get_by_role("button").nth(1).click()
        await page.expect(page.locator("#sessions li")).to_have_count(1)
        await page.reload()
        await page.expect(page.locator("#list-hint")).to_have_text("No conversations yet.")
        assert 0 == await page.locator(".said").count()


async def test_a_long_history_fits_into_one_message(hosting, make, chat):
    """Of very long answers only the latest go along, so that a chosen persona still answers."""
    lua, elro, reader, router, cache, _ = make.standard()

    async def talk(_):
        return "가나다라 " * 2_000

    talker = make.plugin("talker", "generator", make.generator(talk), fallback=True)
    async with (
        hosting(lua, elro, reader, router, cache, talker) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        await page.get_by_label("Persona").select_option("Elro")
        for number in range(4):
            await chat.say(page, f"message {number}")
