"""Parts of a joint answer that break off: they are told as failed, and none of them is given."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import pytest

from ion_framework import Finish, Resonance, TextChunk, Usage, detect_language, hookimpl
from ion_framework.domain.key import Intent, Pace, ResonanceKey, Tone
from ion_framework.pipeline.chunks import FinishReason
from ion_framework.plugin_host.discovery import inline
from ion_framework.testing import make_manifest, make_persona, make_plugin

MULTI = "/api/v2/chat/multi-persona"
TWO = "I am very anxious about it. I am rather curious about why."
HALF = "half of what"
CODE = "ANSWER_BROKEN_OFF"


class ToneNames:
    """An analyser that reads the tone that a text names, and calm where it names none."""

    @hookimpl
    def ion_analyze(self, turn):
        """The reading."""
        named = (tone for tone in Tone if tone.value in turn.text)
        key = ResonanceKey(next(named, Tone.CALM), Pace.MEDIUM, Intent.LEARNING)
        return Resonance.given(key, detect_language(turn.text))


class Breaking:
    """A generator whose answers break off for some.

    Args:
        names: for whom.
        halts: whether it says nothing more rather than that it has ended.
    """

    def __init__(self, *names, halts=False):
        self._names = names
        self._halts = halts

    @hookimpl
    async def ion_generate(self, turn):
        """Half of an answer, or a whole one."""
        if turn.persona.name not in self._names:
            yield TextChunk(f"{turn.persona.name} helps")
            yield Finish(usage=Usage(10, 5))
            return
        yield TextChunk(HALF)
        if self._halts:
            await asyncio.sleep(30)
        yield Finish(FinishReason.TRUNCATED, Usage(10, 2))


@pytest.fixture
def multi(hosting, make):
    """Asks two personas, with a generator; gives status, body and the host."""

    async def ask(generator, text=TWO, **headers):
        tones = {"ann": Tone.ANXIOUS, "bob": Tone.CURIOUS}
        personas = (
            make_persona(name, tone={each: Decimal("0.1") for each in Tone} | {tone: Decimal(1)})
            for name, tone in tones.items()
        )
        parts = (
            make_plugin("tone-names", ToneNames(), "analyzer"),
            make.router,
            make_plugin("breaking", generator, "generator"),
            *(inline(make_manifest(each.name, "persona", persona=each)) for each in personas),
        )
        async with (
            hosting(*parts) as host,
            host.session.post(MULTI, json={"user_input": text}, headers=headers) as response,
        ):
            return response, await response.json(), host

    return ask


async def test_a_part_that_breaks_off_has_failed(multi):
    """The others are given; the part has its receipt, its cost and the cause, and no text."""
    response, body, host = await multi(Breaking("bob"))

    assert (response.status, body["persona_used"]) == (200, "Multi: Ann")
    assert response.headers["ION-Degraded"] == "bob: the answer broke off before its end"
    assert body["metadata"]["degraded"] is True
    (failed,) = (part for part in body["metadata"]["parts"] if part["persona"] == "Bob")
    assert (failed["content"], failed["error"]["code"]) == (None, CODE)
    assert (failed["finish_reason"], failed["receipt"]["finish_reason"]) == ("truncated",) * 2
    assert failed["receipt"]["request_id"] == failed["request_id"]
    assert body["metadata"]["usage"]["output_tokens"] == 5 + 2
    assert HALF not in json.dumps(body)
    (line,) = host.lines("answer broken off")
    assert line["request_id"] == failed["request_id"]


@pytest.mark.parametrize("text", [TWO, "I am very anxious about it."], ids=["several", "one"])
async def test_where_none_is_left_it_is_a_502(multi, text):
    """Whether several were asked or one: nothing but halves is told as process tells it."""
    response, problem, _ = await multi(Breaking("ann", "bob"), text)

    assert (response.status, problem["error"]["code"]) == (502, CODE)
    assert response.headers["Retry-After"] == "1"
    assert HALF not in json.dumps(problem)


async def test_where_time_cut_them_all_it_is_a_504(multi):
    """Halves that the caller's own deadline left are told as out of time."""
    limit = {"ION-Deadline-Ms": "300", "Accept-Language": "en"}
    response, problem, _ = await multi(Breaking("ann", "bob", halts=True), **limit)

    assert (response.status, problem["error"]["code"]) == (504, "DEADLINE_EXCEEDED")
    assert "0.3" in problem["detail"]
