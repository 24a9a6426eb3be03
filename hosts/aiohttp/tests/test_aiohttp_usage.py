"""What an answer took and how it ended, as callers read it."""

from __future__ import annotations

import math

import pytest

from ion_framework import Finish, FinishReason, TextChunk, Usage, hookimpl

ASK = [("/chat", {"message": "hm"}), ("/api/v2/process", {"user_input": "hm"})]
UNKNOWN = {
    "input_tokens": None,
    "output_tokens": None,
    "cached_tokens": None,
    "cost_usd": None,
}


class Counting:
    """Ends as it is told to.

    Args:
        finish: the end.
    """

    def __init__(self, finish: Finish) -> None:
        self._finish = finish

    @hookimpl
    async def ion_generate(self):
        """Some words, then the end."""
        yield TextChunk("so far")
        yield self._finish


async def metadata_of(hosting, make, ask, finish, times=1):
    """The metadata of the last of so many answers that end like this."""
    path, body = ask
    plugins = [item for item in make.standard() if item.name != "parrot"]
    counting = make.plugin("counting", "generator", Counting(finish))
    async with hosting(*plugins, counting) as host:
        for _ in range(times):
            async with host.session.post(path, json=body) as response:
                assert response.status == 200
                metadata = (await response.json())["metadata"]
    return metadata


def told(document):
    """What a document says of the end and of what was spent."""
    return document["finish_reason"], document["usage"]


@pytest.mark.parametrize("ask", ASK, ids=["v1", "v2"])
@pytest.mark.parametrize("times", [1, 2], ids=["generated", "from the cache"])
async def test_tokens_and_price_are_told(hosting, make, ask, times):
    """Metadata and receipt hold the finish reason, the tokens and the price of the answer."""
    finish = Finish(usage=Usage(12, 34, 5, 0.00042))

    metadata = await metadata_of(hosting, make, ask, finish, times)

    used = {"input_tokens": 12, "output_tokens": 34, "cached_tokens": 5, "cost_usd": 0.00042}
    assert ("stop", used) == told(metadata) == told(metadata["receipt"])


async def test_a_truncated_answer_keeps_what_is_known(hosting, make):
    """An answer that breaks off is told by v1 as such, with what it took so far."""
    finish = Finish(FinishReason.TRUNCATED, Usage(12, 3))

    metadata = await metadata_of(hosting, make, ASK[0], finish)

    used = {**UNKNOWN, "input_tokens": 12, "output_tokens": 3}
    assert ("truncated", used) == told(metadata) == told(metadata["receipt"])


@pytest.mark.parametrize("amount", [-1, math.inf, math.nan, 10**400, "12", ()], ids=repr)
async def test_an_amount_that_is_none_is_unknown(hosting, make, amount):
    """What no client could read as a number does not cost the answer."""
    finish = Finish(usage=Usage(amount, cost_usd=amount))

    metadata = await metadata_of(hosting, make, ASK[0], finish)

    assert ("stop", UNKNOWN) == told(metadata) == told(metadata["receipt"])
