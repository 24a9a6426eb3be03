"""``POST /api/v2/process``: what its options do."""

from __future__ import annotations

import pytest

PROCESS = "/api/v2/process"
HISTORY = [
    {"role": "user", "content": "My pond   is green."},
    {"role": "assistant", "content": "Is there shade?"},
    {"role": "user", "content": "my POND is green."},
]


async def answer(host, **body):
    """The answer to a message."""
    response = await host.session.post(PROCESS, json={"user_input": "hi", **body})
    assert response.status == 200, await response.text()
    return await response.json()


async def test_summary_light_tells_its_running_summary(hosting):
    """In summary_light the metadata tell the size of the running summary, repeats counted once."""
    context = {"message_history": HISTORY}
    async with hosting() as host:
        light = await answer(host, prompt_mode="summary_light", context=context)
        bare = await answer(host, prompt_mode="summary_light")
        standard = await answer(host, prompt_mode="standard", context=context)

    summary = "- A: Is there shade?\n- U: my POND is green."
    assert light["metadata"]["running_summary"] == {
        "running_summary_len": len(summary),
        "running_summary_bullets": 2,
    }
    assert bare["metadata"]["running_summary"] == {
        "running_summary_len": 0,
        "running_summary_bullets": 0,
    }
    assert "running_summary" not in standard["metadata"]


async def test_the_running_summary_reaches_the_prompt(hosting, make):
    """What the metadata tell of is what the model is told, on the user's side."""
    from ion_framework import Finish, TextChunk, hookimpl

    class Reader:
        @hookimpl
        async def ion_generate(self, prompt):
            yield TextChunk(f"{prompt.context}|{prompt.system}")
            yield Finish()

    reader = make.plugin("reading", "generator", Reader())
    async with hosting(make.lua, make.analyzer, make.router, reader) as host:
        body = await answer(host, prompt_mode="summary_light", context={"message_history": HISTORY})

    context, _, system = body["content"].partition("|")
    assert "- U: my POND is green." in context
    assert "POND" not in system


async def test_other_histories_have_other_entries(hosting):
    """Two histories never share a stored answer, in either prompt mode."""
    async with hosting() as host:
        for mode in ("standard", "summary_light"):
            found = [
                await answer(host, prompt_mode=mode, context={"message_history": HISTORY[:count]})
                for count in (1, 2, 2)
            ]
            assert [body["_cache_status"] for body in found] == ["MISS", "MISS", "HIT"]


async def test_request_id_of_the_query_names_the_turn(hosting):
    """The query's request_id stands in body, header and receipt; a strange one is ignored."""
    async with hosting() as host:
        named = await host.session.post(
            PROCESS, json={"user_input": "hi"}, params={"request_id": "abc.1"}
        )
        strange = await host.session.post(
            PROCESS, json={"user_input": "hi"}, params={"request_id": "a b"}
        )
        body, other = await named.json(), await strange.json()

    assert body["request_id"] == named.headers["X-Request-ID"] == "abc.1"
    assert body["metadata"]["receipt"]["request_id"] == "abc.1"
    assert len(other["request_id"]) == 32


@pytest.mark.parametrize("mode", ["", "SUMMARY_LIGHT"])
async def test_other_prompt_modes_are_refused(hosting, mode):
    """A prompt mode is one of the two, written as they are."""
    async with hosting() as host:
        response = await host.session.post(PROCESS, json={"user_input": "hi", "prompt_mode": mode})

        assert response.status == 422
        assert (await response.json())["errors"][0]["valid"] == ["standard", "summary_light"]
