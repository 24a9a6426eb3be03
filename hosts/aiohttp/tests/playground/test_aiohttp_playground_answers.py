"""What the chat page shows of an answer, live and of conversations that are kept."""

from __future__ import annotations

import pytest

from ion_framework import Finish
from ion_framework.pipeline.chunks import FinishReason

SECOND_BEST = Finish(
    model="speaker-1", reason=FinishReason.LENGTH, degraded="the large model is away"
)


async def seen(page):
    """Everything that the page shows of its answers, the controls' states left out."""
    return await page.locator("#turns").evaluate(
        """(list) => Array.from(list.querySelectorAll(
            ".said, .who, .text, .warn, .answer > .quiet, .receipt :is(p, h3, td, th, meter)"
        ), (part) => part.localName === "meter" ? `${part.value}/${part.max}` : part.textContent)"""
    )


async def test_a_kept_answer_is_shown_as_it_was_live(hosting, make, chat):
    """After a reload every answer has its persona, hand-over, receipt, bars and reasons again."""
    speaker = chat.Speaker(SECOND_BEST)
    async with (
        hosting(*chat.parts(make, speaker)) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        await chat.say(page)
        for question in ("how?", "how is that?", "how come?"):
            await chat.say(page, question)
        live = await seen(page)
        assert "Degraded answer: the large model is away" in live
        assert "The answer was cut short: it reached its greatest length." in live
        assert "Elro takes over from Lua." in live
        await page.reload()
        await page.expect(page.locator("details.receipt")).to_have_count(4)
        assert live == await seen(page)
        await page.get_by_role("button", name="New conversation").click()
        await page.locator("#sessions button").first.click()
        await page.expect(page.locator("details.receipt")).to_have_count(4)
        assert live == await seen(page)


async def test_earlier_turns_can_be_fetched(hosting, make, chat):
    """Of a long conversation the latest turns are shown, and those before on demand, in order."""

    async def shorten(route):
        address = route.request.url
        await route.continue_(url=address + ("&" if "?" in address else "?") + "limit=2")

    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        for number in range(3):
            await chat.say(page, f"message {number}")
        await page.route("**/api/v2/conversations/session_*", shorten)
        await page.route("**/api/v2/conversations/session_*?before=*", shorten)
        await page.reload()
        await page.expect(page.locator(".said")).to_have_count(2)
        await page.get_by_role("button", name="Show earlier turns").click()
        await page.expect(page.locator(".said")).to_have_count(3)
        said = [text.rsplit(" ", 1)[1] for text in await page.locator(".said").all_inner_texts()]
        assert ["0", "1", "2"] == said
        await page.expect(page.get_by_role("button", name="Show earlier turns")).to_be_hidden()


async def test_a_suggestion_fills_the_input(hosting, make, chat):
    """The suggestion under the newest answer is a button that writes it into the input."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await chat.say(page, "first")
        button = page.locator(".suggestion button")
        words = await button.inner_text()
        await button.click()
        assert words == await page.locator("#message").input_value()
        assert "message" == await page.evaluate("document.activeElement.id")
        await page.locator("#message").fill("a draft")
        await button.click()
        assert f"a draft\n{words}" == await page.locator("#message").input_value()
        await chat.say(page, "second")
        assert 1 == await page.locator(".suggestion button:visible").count()


async def test_feedback_is_given(hosting, make, chat):
    """A rating and a correction from the page are kept as one feedback of the turn."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await chat.say(page)
        await page.get_by_role("button", name="Not good").click()
        await page.expect(page.locator(".feedback [role=status]")).to_contain_text("Kept")
        await page.get_by_role("button", name="Correct").click()
        await page.get_by_label("Tone of the message").select_option("calm")
        await page.get_by_label("Who should have answered").select_option("Elro")
        async with page.expect_response("**/api/v2/feedback") as answered:
            await page.get_by_role("button", name="Send correction").click()
        assert (await answered.value).ok
        await chat.say(page, "next")
        rated = page.get_by_role("button", name="Not good").first
        assert "true" == await rated.get_attribute("aria-pressed")
        store = host.service.conversations.store
        (kept,) = [item async for item in store.feedback()]
    assert (1, "calm", "elro", chat.MESSAGE) == (kept.rating, kept.tone, kept.persona, kept.message)


async def test_feedback_on_a_kept_answer_is_given(hosting, make, chat):
    """An answer of a former conversation can be rated as well."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await chat.say(page)
        await page.reload()
        await page.get_by_role("button", name="Good", exact=True).click()
        await page.expect(page.locator(".feedback [role=status]")).to_contain_text("Kept")
        store = host.service.conversations.store
        (kept,) = [item async for item in store.feedback()]
    assert 5 == kept.rating
    assert "답답" in kept.receipt


async def test_feedback_that_is_not_kept_says_so(hosting, make, chat):
    """A rating that the host did not take is told, and is not shown as given."""

    async def refuse(route):
        await route.fulfill(status=429, headers={"Retry-After": "7"}, body="{}")

    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.KO) as page:
        await chat.say(page)
        await page.route("**/feedback", refuse)
        button = page.get_by_role("button", name="좋아요")
        await button.click()
        told = page.locator(".feedback [role=status]")
        await page.expect(told).to_have_text("요청이 너무 많습니다. 7초 후에 다시 시도해 주세요.")
        assert "false" == await button.get_attribute("aria-pressed")
        page.complaints.clear()


@pytest.mark.parametrize("is_kept", [True, False])
async def test_an_unfinished_reading_is_no_correction(hosting, make, chat, is_kept):
    """A correction that corrects nothing is not sent, and where nothing is kept there is none."""
    async with (
        hosting(*chat.parts(make, store=is_kept)) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        await chat.say(page)
        assert int(is_kept) == await page.locator(".feedback").count()
        if is_kept:
            await page.get_by_role("button", name="Correct").click()
            await page.get_by_role("button", name="Send correction").click()
            told = page.locator(".feedback [role=status]")
            await page.expect(told).to_have_text("Nothing is corrected yet.")


async def test_a_suggestion_is_offered_again(hosting, make, chat):
    """After a reload the newest answer has its suggestion again, and no other answer has one."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        for message in ("first", "second"):
            await chat.say(page, message)
        words = await page.locator(".suggestion button:visible").inner_text()
        await page.reload()
        await page.expect(page.locator("details.receipt")).to_have_count(2)
        offered = await page.locator(".suggestion button:visible").all_inner_texts()

    assert [words] == offered
