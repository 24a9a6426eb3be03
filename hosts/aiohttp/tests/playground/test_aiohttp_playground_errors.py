"""What the chat page says when something goes wrong, and what can be done then."""

from __future__ import annotations

import json

import pytest

TOLD = [
    (429, {"Retry-After": "7"}, "X", "Try again in 7 seconds", "Send again"),
    (429, {"Retry-After": "7200"}, "X", "Try again in 2 hours", "Send again"),
    (
        503,
        {"Retry-After": "3"},
        "X",
        "cannot answer right now: full Try again in 3 s",
        "Send again",
    ),
    (409, {"Retry-After": "5"}, "CONVERSATION_BUSY", "full Try again in 5 seconds", "Send again"),
    (409, {}, "CONVERSATION_FULL", "full Begin a new conversation", "New conversation"),
    (410, {}, "CONVERSATION_EXPIRED", "full Begin a new conversation", "New conversation"),
    (404, {}, "CONVERSATION_NOT_FOUND", "full Begin a new conversation", "New conversation"),
    (403, {}, "FORBIDDEN", "This API key may not do that: full", "Enter a key"),
    (500, {}, "INTERNAL", "That did not work (500): full", "Send again"),
    (None, {}, "", "cannot be reached", "Send again"),
]


def answering(status, headers=None, code="X"):
    """A route that answers with an error, or with none at all."""

    async def refuse(route):
        if status is None:
            await route.abort()
            return
        body = json.dumps({"error": {"code": code, "message": "full"}})
        await route.fulfill(status=status, headers=headers or {}, body=body)

    return refuse


@pytest.mark.parametrize(("status", "headers", "code", "words", "action"), TOLD)
async def test_errors_are_told(hosting, make, chat, status, headers, code, words, action):  # noqa: PLR0913, PLR0917  the columns of the table
    """Every kind of error is told with what to do, and the message stands in the input again."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await page.route("**/turn", answering(status, headers, code))
        await chat.send(page, "hello")
        await page.expect(page.locator("#notice")).to_contain_text(words)
        await page.expect(page.locator("#message")).to_have_value("hello")
        await page.expect(page.locator("#notice-action")).to_have_text(action)
        assert "alert" == await page.locator("#notice").get_attribute("role")
        # The browser itself reports every failed request.
        assert 1 == len(page.complaints)
        page.complaints.clear()


async def test_an_error_changes_its_language_with_the_page(hosting, make, chat):
    """An error that is shown is told in the language that is chosen afterwards."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await page.route("**/turn", answering(429, {"Retry-After": "7"}))
        await chat.send(page, "hello")
        await page.expect(page.locator("#notice")).to_contain_text("7 seconds")
        await page.get_by_role("button", name="한국어").click()
        told = "요청이 너무 많습니다. 7초 후에 다시 시도해 주세요."
        assert told == await page.locator("#notice").inner_text()
        assert "다시 보내기" == await page.locator("#notice-action").inner_text()
        page.complaints.clear()


async def test_what_was_not_answered_is_sent_again_by_a_button(hosting, make, chat):
    """The button beside the error sends the message again, and the error goes away."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await page.route("**/turn", answering(503, {"Retry-After": "1"}))
        await chat.send(page, "hello")
        await page.expect(page.locator("#notice-action")).to_be_visible()
        await page.unroute("**/turn")
        await page.locator("#notice-action").click()
        await page.locator("details.receipt").wait_for()
        assert await page.locator("#notice-box").is_hidden()
        assert "" == await page.locator("#message").input_value()
        page.complaints.clear()


async def test_a_closed_conversation_leads_to_a_new_one(hosting, make, chat):
    """A closed conversation is shown as such, and a button takes the message to a new one."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await chat.say(page, "first")
        name = await page.evaluate("localStorage.getItem('ion.session')")
        async with host.session.post(f"/api/v2/conversations/{name}/close", json={}) as response:
            assert 200 == response.status
        await page.reload()
        await page.expect(page.locator("#notice")).to_contain_text("can only be read")
        await chat.send(page, "second")
        await page.expect(page.locator("#notice")).to_contain_text("Begin a new conversation")
        await page.locator("#notice-action").click()
        await page.expect(page.locator(".said")).to_have_count(0)
        assert "second" == await page.locator("#message").input_value()
        await page.keyboard.press("Enter")
        await page.locator("details.receipt").wait_for()
        await page.expect(page.locator("#sessions li")).to_have_count(2)
        page.complaints.clear()


async def test_a_key_is_asked_for_and_kept_in_the_tab_alone(hosting, make, chat, closed_door):
    """Where keys are required the page asks for one, sends it, and keeps it for this tab only."""
    door, key = closed_door
    async with (
        hosting(*chat.parts(make), door=door) as host,
        chat.visiting(host.url, **chat.EN) as page,
    ):
        assert "key" == await page.evaluate("document.activeElement.id")
        assert "asks for an API key" in await page.locator("#notice").inner_text()
        await page.keyboard.type(key)
        await page.keyboard.press("Enter")
        await page.expect(page.locator("#persona option")).to_have_count(3)
        await chat.say(page)
        assert key == await page.evaluate("sessionStorage.getItem('ion.key')")
        assert key not in await page.evaluate("JSON.stringify(localStorage)")
        await page.reload()
        await page.expect(page.locator(".said")).to_have_count(1)


async def test_a_key_that_is_not_accepted_is_asked_for_again(hosting, make, chat, closed_door):
    """A wrong key is told with the field for another one, at the beginning and in a turn."""
    door, key = closed_door
    told = "올바르지 않거나 만료되었습니다"
    async with (
        hosting(*chat.parts(make), door=door) as host,
        chat.visiting(host.url, **chat.KO) as page,
    ):
        await page.keyboard.type("ion_wrong")
        await page.keyboard.press("Enter")
        await page.expect(page.locator("#notice")).to_contain_text(told)
        await page.expect(page.locator("#key")).to_be_focused()
        await page.keyboard.type(key)
        await page.keyboard.press("Enter")
        await page.expect(page.locator("#persona option")).to_have_count(3)
        await page.evaluate("sessionStorage.setItem('ion.key', 'ion_wrong')")
        await chat.send(page, "hello")
        await page.expect(page.locator("#notice")).to_contain_text(told)
        await page.expect(page.locator("#key")).to_be_focused()
        await page.expect(page.locator("#message")).to_have_value("hello")
        page.complaints.clear()


async def test_a_device_without_a_network_is_told(hosting, make, chat):
    """Being offline is told at once, and no more when the network is back."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await page.context.set_offline(True)
        await page.expect(page.locator("#notice")).to_contain_text("This device is offline")
        await page.context.set_offline(False)
        await page.expect(page.locator("#notice-box")).to_be_hidden()


async def test_what_cannot_be_loaded_can_be_tried_again(hosting, make, chat):
    """Where the page finds no host behind it, a button tries once more."""
    async with hosting(*chat.parts(make)) as host, chat.visiting(host.url, **chat.EN) as page:
        await page.route("**/personas", answering(None))
        await page.reload()
        await page.expect(page.locator("#notice-action")).to_have_text("Try again")
        await page.unroute("**/personas")
        await page.locator("#notice-action").click()
        await page.expect(page.locator("#persona option")).to_have_count(3)
        assert await page.locator("#notice-box").is_hidden()
        page.complaints.clear()
