"""The time that a caller gives a turn, and what becomes of one that runs out of it."""

import asyncio

import pytest

from ion_framework.settings.model import Settings, TurnSettings

ASK = {"message": "How do I read a query plan?"}


def hosting_one_that_takes(seconds, hosting, make, **options):
    """A host whose generator takes its time."""

    async def speak(text):
        await asyncio.sleep(seconds)
        return "at last"

    slow = make.plugin("slow", "generator", make.generator(speak), fallback=True)
    return hosting(make.lua, make.analyzer, make.router, slow, **options)


@pytest.mark.parametrize(
    ("path", "body"), [("/chat", ASK), ("/api/v2/process", {"user_input": ASK["message"]})]
)
async def test_a_turn_ends_when_the_callers_time_is_up(hosting, make, path, body):
    """A turn that takes longer than ION-Deadline-Ms allows is answered 504 with Retry-After."""
    async with (
        hosting_one_that_takes(30, hosting, make) as host,
        host.session.post(
            path, json=body, headers={"ION-Deadline-Ms": "200", "Accept-Language": "en"}
        ) as response,
    ):
        assert response.status == 504
        assert int(response.headers["Retry-After"]) >= 1
        assert "0.2 seconds" in await response.text()


async def test_a_caller_cannot_ask_for_more_than_the_settings_give(hosting, make):
    """The setting turn.deadline_s bounds the header, and the receipt tells what the turn had."""
    settings = Settings(turn=TurnSettings(deadline_s=7.0))
    async with hosting_one_that_takes(0, hosting, make, settings=settings) as host:
        for asked, had in (("60000", 7000.0), ("3000", 3000.0)):
            async with host.session.post(
                "/chat", json=ASK, headers={"ION-Deadline-Ms": asked}
            ) as response:
                receipt = (await response.json())["metadata"]["receipt"]
                assert receipt["deadline_ms"] == had
                assert 0 < receipt["spent_ms"] < had


@pytest.mark.parametrize("value", ["0", "-5", "1.5", "soon", "", "1_000", "٣", "9" * 5000])
async def test_a_header_that_is_no_time_is_refused(hosting, value):
    """What is no whole number of milliseconds from 1 to a day's is answered 400, naming it."""
    async with (
        hosting() as host,
        host.session.post(
            "/chat", json=ASK, headers={"ION-Deadline-Ms": value, "Accept-Language": "en"}
        ) as response,
    ):
        assert response.status == 400
        assert "ION-Deadline-Ms" in await response.text()
