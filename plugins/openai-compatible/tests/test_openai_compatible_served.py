"""Without a name the plugin asks which model the server has."""

from __future__ import annotations

import asyncio

import pytest
from ion_openai_compatible.served import SERVED
from structlog.testing import capture_logs

from ion_framework.errors import FailureCause, GenerationError
from ion_framework.testing.model_servers.faults import (
    Answer,
    Behaviour,
    Break,
    Cut,
    Failure,
    RawAnswer,
)


async def test_the_served_model_is_found_once(service) -> None:
    """Without a name the server is asked for its list once, and the log says what it has."""
    with capture_logs() as logs:
        async with service() as running:
            answers = await asyncio.gather(*(running.ask(SERVED) for _ in range(20)))
            _, finish = await running.ask(SERVED)
            asked = [(item.method, item.path) for item in running.fake.requests]

    assert {"fake-model"} == {end.model for _, end in answers} | {finish.model}
    assert [("GET", "/v1/models"), *[("POST", "/v1/chat/completions")] * 21] == asked
    assert ["fake-model"] == [line["model"] for line in logs]


async def test_another_model_is_found_where_the_first_was_replaced(service) -> None:
    """Once the server does not know the name any more it is asked anew, within the same try."""
    models = ["a-7b"]
    async with service(models=models) as running:
        await running.ask(SERVED)
        models[:] = ["b-7b"]
        ends = [await running.ask(SERVED) for _ in range(2)]
        paths = [item.path for item in running.fake.requests]

    assert ["b-7b", "b-7b"] == [finish.model for _, finish in ends]
    assert 2 == paths.count("/v1/models")
    assert 4 == paths.count("/v1/chat/completions")


async def test_a_listed_model_that_is_unknown_is_told_at_once(service) -> None:
    """Where the server lists the very model that it does not know, the error is passed on."""
    async with service(Failure(404)) as running:
        failure = await running.failure(SERVED)
        paths = [item.path for item in running.fake.requests]

    assert FailureCause.UNKNOWN_MODEL is failure.cause
    assert (None, None) == (failure.__context__, failure.__cause__)
    assert ["/v1/models", "/v1/chat/completions", "/v1/models"] == paths


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (("b-7b", "a-7b"), "lists 2 models: b-7b, a-7b; set ION_OPENAI_MODEL"),
        (tuple(f"m{n:02}" for n in range(30)), "lists 30 models: m00, m01, .*m19, …; set ION_"),
    ],
)
async def test_several_models_have_to_be_chosen_from(
    service, models: tuple[str, ...], words: str
) -> None:
    """With several models the error lists them and says what to set."""
    async with service(models=models) as running:
        failure = await running.failure(SERVED)

    assert FailureCause.UNKNOWN_MODEL is failure.cause
    with pytest.raises(GenerationError, match=words):
        raise failure


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        (Failure(503), FailureCause.UNAVAILABLE),
        (Failure(404), FailureCause.UNKNOWN_MODEL),
        (RawAnswer(b"<html>"), FailureCause.BAD_ANSWER),
        (RawAnswer(b'{"data": {"id": 1}}'), FailureCause.BAD_ANSWER),
        (RawAnswer(b'{"data": [1, {"id": "a b"}]}'), FailureCause.UNKNOWN_MODEL),
        (RawAnswer(b'{"data": "' + b"x" * 2_000_000), FailureCause.BAD_ANSWER),
        (RawAnswer(b'{"data": []}'), FailureCause.UNKNOWN_MODEL),
        (Cut(Break.RESET, None), FailureCause.CUT_OFF),
    ],
)
async def test_a_list_that_cannot_be_had_is_told(
    service, behaviour: Behaviour, cause: FailureCause
) -> None:
    """What fails in finding the model is typed too, and is tried again with the next answer."""
    async with service() as running:
        running.fake.listing.behave(behaviour)
        failure = await running.failure(SERVED)
        running.fake.listing.behave(Answer())
        _, finish = await running.ask(SERVED)

    assert (cause, "fake-model") == (failure.cause, finish.model)
