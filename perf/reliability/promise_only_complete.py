"""Nothing but a complete answer is ever stored, whatever the model service does."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from ion_framework import Ion
from ion_framework.errors import TurnError
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.testing.model_servers.fake_gemini import FakeGemini
from ion_framework.testing.model_servers.faults import (
    ENDINGS,
    FAULTS,
    Answer,
    Behaviour,
    Failure,
    Oversized,
    PromptBlocked,
)
from perf.reliability.in_process import gemini_ion
from perf.reliability.promise import Finding, Promise, Setting

COMPLETE = "STOP"
PATIENT_S = 1.2


async def check(setting: Setting) -> Sequence[Finding]:
    """Every ending and every fault, streamed and whole: ask, then ask the same again in health."""
    wrong: list[str] = []
    cases = 0
    for stream in (True, False):
        # Slow answers are to arrive: whole ones come after the sum of their delays.
        patient: dict[str, object] = {"stream": stream, "first_token_s": PATIENT_S}
        async with FakeGemini() as gemini, gemini_ion(gemini, patient) as ion:
            for behaviour in (*ENDINGS, *FAULTS):
                cases += 1
                text = f"What about case {cases} of seed {setting.seed}?"
                wrong += await _wrong_of(ion, gemini, behaviour, text)
    return (
        Finding(
            "stored answers that were not complete, and complete ones that were not stored",
            "0",
            f"{len(wrong)} of {cases} cases {wrong or ''}",
            not wrong,
        ),
    )


async def _wrong_of(ion: Ion, gemini: FakeGemini, behaviour: Behaviour, text: str) -> Sequence[str]:
    gemini.behave(behaviour)
    try:
        reply = await ion.respond(text)
    except TurnError:
        stored = False
    else:
        stored = reply.receipt.cache.stored
    gemini.behave(Answer())
    complete = _is_complete(behaviour)
    if stored != complete:
        return [f"{behaviour.name}: {'stored' if stored else 'not stored'}"]
    try:
        again = await ion.respond(text)
    except TurnError as error:
        return [] if _is_remembered(behaviour) else [f"{behaviour.name}: {error}"]
    hit = again.receipt.cache.status is CacheStatus.HIT
    return [] if hit == complete else [f"{behaviour.name}: then a {again.receipt.cache.status}"]


def _is_remembered(behaviour: Behaviour) -> bool:
    """Whether the service refuses the request itself, which is remembered as refused."""
    refused = isinstance(behaviour, Failure) and behaviour.status == HTTPStatus.BAD_REQUEST
    return refused or isinstance(behaviour, PromptBlocked)


def _is_complete(behaviour: Behaviour) -> bool:
    """Whether what the service does is a complete answer, if a slow or a long one."""
    if isinstance(behaviour, Oversized):
        return True
    return isinstance(behaviour, Answer) and behaviour.finish == COMPLETE and bool(behaviour.chunks)


PROMISE = Promise(
    number=10,
    title="only complete answers are stored: all finish reasons and faults, streamed and whole",
    check=check,
    seconds=40,
    fast=True,
)
