"""Answers of every make are read, and what is no answer has a cause."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ion_framework import FinishReason
from ion_framework.errors import FailureCause
from ion_framework.pipeline.chunks import Usage
from ion_framework.testing.model_servers.faults import (
    ENDINGS,
    Answer,
    Behaviour,
    RawAnswer,
    WireUsage,
    fault,
)

pytestmark = pytest.mark.outage

STREAM = "text/event-stream"


def piece(content: object, finish: str | None = None, **more: Any) -> bytes:
    """A document of a stream."""
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return json.dumps({"model": "m-7b", "choices": [choice], **more}).encode()


def stream_of(body: bytes) -> RawAnswer:
    """A server that sends these bytes as a stream."""
    return RawAnswer(body, content_type=STREAM)


HI, STOP = piece("Hi"), piece(None, "stop")
ODD_STREAMS = {
    "without a space": b"data:" + HI + b"\n\ndata:" + STOP + b"\n\ndata:[DONE]\n\n",
    "with CRLF": b"data: " + HI + b"\r\n\r\ndata: " + STOP + b"\r\n\r\ndata: [DONE]\r\n\r\n",
    "with comments": b": ping\n\n: ping\n\ndata: " + HI + b"\n\n: ping\n\ndata: " + STOP + b"\n\n",
    "without the mark of the end": b"data: " + HI + b"\n\ndata: " + STOP + b"\n\n",
    "without the last blank line": b"data: " + HI + b"\n\ndata: " + STOP + b"\n",
    "in two lines": b"data: "
    + HI.replace(b'"choices"', b'\ndata: "choices"')
    + b"\n\ndata: "
    + STOP
    + b"\n\n",
    "with everything in one": b"data: " + piece("Hi", "stop") + b"\n\n",
    "with more after the mark": b"data: "
    + piece("Hi", "stop")
    + b"\n\ndata: [DONE]\n\ndata: x\n\n",
    "with other fields": b"event: message\nid: 1\ndata: " + piece("Hi", "stop") + b"\n\n",
    "with parts": b"data: "
    + piece([{"type": "text", "text": "H"}, {"type": "thinking"}, {"type": "text", "text": "i"}])
    + b"\n\ndata: "
    + STOP
    + b"\n\n",
}


@pytest.mark.parametrize("body", ODD_STREAMS.values(), ids=ODD_STREAMS)
async def test_streams_of_many_makes_are_read(service, body: bytes) -> None:
    """However a server writes its stream, text, end and model are the same."""
    async with service(stream_of(body)) as running:
        text, finish = await running.ask()

    assert ("Hi", FinishReason.STOP, "m-7b") == (text, finish.reason, finish.model)


async def test_characters_may_be_split(service) -> None:
    """A character that comes in two documents, as JSON allows, is put together again."""
    halves = piece("\ud83d"), piece("\ude00!"), piece("\ud83d", "stop")
    body = b"".join(b"data: " + half + b"\n\n" for half in halves) + b"data: [DONE]\n\n"
    async with service(stream_of(body)) as running:
        text, _ = await running.ask()

    assert "😀!\ufffd" == text


async def test_whole_documents_are_read_too(service) -> None:
    """A server that does not stream answers all the same."""
    message = {"role": "assistant", "content": "Hi", "refusal": None}
    whole = {
        "model": "m-7b",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 3},
    }
    raw = RawAnswer(json.dumps(whole).encode(), content_type="application/json")
    async with service(raw) as running:
        text, finish = await running.ask()

    assert ("Hi", FinishReason.STOP, "m-7b") == (text, finish.reason, finish.model)
    assert Usage(10, 3, None, (10 * 1 + 3 * 2) / 1e6) == finish.usage


async def test_usage_is_counted_and_priced(service) -> None:
    """Tokens are those that the server counts, thoughts and cached ones included."""
    answer = Answer(("Hi",), usage=WireUsage(100, 20, 60, 5), thoughts=("hm",))
    async with service(answer, Answer(("Hi",), usage=None)) as running:
        text, finish = await running.ask()
        _, uncounted = await running.ask()

    assert "Hi" == text
    assert Usage(100, 25, 60, (40 * 1 + 60 * 0.5 + 25 * 2) / 1e6) == finish.usage
    assert Usage() == uncounted.usage


@pytest.mark.parametrize(
    ("counted", "usage"),
    [
        ({"prompt_tokens": 100}, Usage(100, 0, None, 100e-6)),
        ({"completion_tokens": 10}, Usage(0, 10, None, 20e-6)),
    ],
)
async def test_a_count_that_is_left_out_is_zero(
    service, counted: dict[str, int], usage: Usage
) -> None:
    """Where a server counts at all, the cost is known."""
    body = b"data: " + piece("Hi", "stop", usage=counted) + b"\n\n"
    async with service(stream_of(body)) as running:
        _, finish = await running.ask()

    assert pytest.approx(usage.cost_usd) == finish.usage.cost_usd
    assert (usage.input_tokens, usage.output_tokens) == (
        finish.usage.input_tokens,
        finish.usage.output_tokens,
    )


@pytest.mark.parametrize("usage", [{"prompt_tokens": -1}, {"prompt_tokens": True}, [], "x", 7])
async def test_usage_that_is_none_is_passed_over(service, usage: object) -> None:
    """Numbers that cannot be are left out, and the answer is not lost."""
    body = b"data: " + piece("Hi", "stop", usage=usage) + b"\n\n"
    async with service(stream_of(body)) as running:
        _, finish = await running.ask()

    assert Usage() == finish.usage


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
async def test_only_stop_is_a_complete_answer(service, ending: Answer) -> None:
    """Every other finish reason, and one that nobody knows, is told as what it is."""
    known = {"STOP": FinishReason.STOP, "MAX_TOKENS": FinishReason.LENGTH}
    filtered = ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII")
    known |= dict.fromkeys(filtered, FinishReason.SAFETY)
    async with service(ending) as running:
        text, finish = await running.ask()

    assert "Hello from the fake." == text
    assert known.get(ending.finish, FinishReason.OTHER) is finish.reason


async def test_a_mark_of_the_end_without_a_reason_is_unclear(service) -> None:
    """Where the server says that it is over, but not why, the answer is not taken for whole."""
    body = b"data: " + HI + b"\n\ndata: [DONE]\n\n"
    async with service(stream_of(body)) as running:
        _, finish = await running.ask()

    assert FinishReason.OTHER is finish.reason


REFUSAL = json.dumps(
    {"choices": [{"delta": {"refusal": "S3CRET"}, "finish_reason": "stop"}]}
).encode()


@pytest.mark.parametrize(
    ("behaviour", "repeatable"),
    [
        (fault("prompt-blocked"), True),
        (fault("safety-without-content"), False),
        (stream_of(b"data: " + REFUSAL + b"\n\n"), False),
    ],
)
async def test_refusals_are_no_errors(service, behaviour: Behaviour, repeatable: bool) -> None:
    """What the server's filter or model declines ends as safety, without text."""
    async with service(behaviour) as running:
        text, finish = await running.ask()

    assert ("", FinishReason.SAFETY, repeatable) == (text, finish.reason, finish.repeatable)


BAD_STREAMS = {
    "no json": (b"data: S3CRET\n\n", FailureCause.BAD_ANSWER),
    "no object": (b"data: [1, 2]\n\n", FailureCause.BAD_ANSWER),
    "nested": (b"data: " + b"[" * 100_000 + b"\n\n", FailureCause.BAD_ANSWER),
    "a long number": (b"data: " + b"1" * 10_000 + b"\n\n", FailureCause.BAD_ANSWER),
    "endless line": (b"data: " + b"x" * 2_000_000, FailureCause.BAD_ANSWER),
    "endless event": (b"data: x\n" * 500_000, FailureCause.BAD_ANSWER),
    "named error": (b'event: error\ndata: {"message": "S3CRET"}\n\n', FailureCause.UNAVAILABLE),
    "old error": (b'data: {"object": "error", "code": 400}\n\n', FailureCause.REJECTED),
    "odd types": (b'data: {"choices": {"0": 1}, "model": 5, "usage": 1}\n\n', FailureCause.EMPTY),
    "odd choices": (b'data: {"choices": [1, {"index": 3}, {"delta": 1}]}\n\n', FailureCause.EMPTY),
    "only the mark": (b"data: [DONE]\n\n", FailureCause.EMPTY),
    "no text": (b"data: " + STOP + b"\n\n", FailureCause.EMPTY),
    "nothing": (b"", FailureCause.EMPTY),
    "cut": (b"data: " + HI + b"\n\n", FailureCause.CUT_OFF),
    "cut in a line": (b"data: " + HI + b"\n\ndata: " + HI[:20], FailureCause.CUT_OFF),
}


@pytest.mark.parametrize(("body", "cause"), BAD_STREAMS.values(), ids=BAD_STREAMS)
async def test_bad_streams_have_a_cause(service, body: bytes, cause: FailureCause) -> None:
    """Whatever a server sends instead of an answer ends as a typed error in our own words."""
    async with service(stream_of(body)) as running:
        failure = await running.failure()

    assert cause is failure.cause
    assert "S3CRET" not in str(failure)


BAD_WHOLES = {
    "html": (b"<html>S3CRET</html>", "text/html", FailureCause.BAD_ANSWER),
    "blank": (b" \n", "application/json", FailureCause.EMPTY),
    "huge": (b'{"a": "' + b"x" * 9_000_000, "application/json", FailureCause.BAD_ANSWER),
    "error": (b'{"error": {"code": 429}}', "application/json", FailureCause.RATE_LIMITED),
    "no choices": (b'{"choices": []}', "application/json", FailureCause.EMPTY),
}


@pytest.mark.parametrize(("body", "kind", "cause"), BAD_WHOLES.values(), ids=BAD_WHOLES)
async def test_bad_documents_have_a_cause(
    service, body: bytes, kind: str, cause: FailureCause
) -> None:
    """The same holds for what comes in one piece."""
    async with service(RawAnswer(body, content_type=kind)) as running:
        failure = await running.failure()

    assert cause is failure.cause
    assert "S3CRET" not in str(failure)
