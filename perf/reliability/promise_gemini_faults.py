"""Whatever the Gemini service does, a turn ends in time, with an answer or a typed error."""

from __future__ import annotations

import time
from collections.abc import Sequence
from http import HTTPStatus
from itertools import pairwise

import attrs

from ion_framework import Ion, TurnRequest
from ion_framework.errors import GenerationError, TurnError
from ion_framework.testing.model_servers.fake_gemini import FakeGemini
from ion_framework.testing.model_servers.faults import (
    FAULTS,
    Answer,
    Behaviour,
    Failure,
    Phase,
    fault,
)
from ion_framework.testing.model_servers.records import RecordedRequest
from perf.reliability.in_process import DEADLINE_S, gemini_ion
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.stage import staged

LATE_S = 0.25

WAIT_S = 0.2
"""A wait that the service asks for and a turn has time for."""

SHORT_MS = (200, 400, 800)
"""Deadlines that callers give a service that never answers."""


@attrs.frozen
class Case:
    """One fault, played once.

    Attributes:
        name: the fault, and how the answer was asked for.
        took_s: how long the turn took.
        foreign: the error that is none of ION's, empty where there was none.
        retried_after_text: whether the service was asked again after its text had begun.
        ignored_wait: whether the wait that the service asked for was neither kept nor told.
    """

    name: str
    took_s: float
    foreign: str
    retried_after_text: bool
    ignored_wait: bool


async def check(setting: Setting) -> Sequence[Finding]:
    """Play every fault, streamed and whole, with no other generator to fall back on."""
    cases: list[Case] = []
    for stream in (True, False):
        async with FakeGemini() as gemini, gemini_ion(gemini, {"stream": stream}) as ion:
            # Every fault at least once, at any scale: there is no part of a matrix.
            for _ in range(setting.number(1)):
                cases += [await _play(ion, gemini, fault, stream=stream) for fault in FAULTS]
    return (*_findings(cases), await _wait_that_fits(), await _out_of_time(setting))


async def _wait_that_fits() -> Finding:
    """Ask a service for an answer that wants a short wait first."""

    def plan(number: int, _: RecordedRequest) -> Behaviour:
        return Answer() if number else Failure(429, retry_delay_s=WAIT_S)

    async with FakeGemini() as gemini, gemini_ion(gemini, {}) as ion:
        gemini.plan(plan)
        reply = await ion.respond("Tell me, but not at once")
        times = [request.arrived_at for request in gemini.requests]
    waits = [after - before for before, after in pairwise(times)]
    return Finding(
        f"a wait of {WAIT_S:g} s asked for, which fits",
        "kept once, then answered by the model",
        f"waited {[f'{wait:.2f} s' for wait in waits]}, degraded: {bool(reply.degraded)}",
        len(waits) == 1 and waits[0] >= WAIT_S and not reply.degraded,
        {"waits": waits},
    )


async def _out_of_time(setting: Setting) -> Finding:
    """Ask a host with short deadlines while the service hangs and nobody stands in."""
    statuses, took_s = [], []
    async with staged(setting, environ={"ION_PLUGINS_DISABLE": "offline"}) as stage:
        stage.gemini.behave(fault("hang-before-headers"))
        for short_ms in SHORT_MS:
            began = time.perf_counter()
            async with stage.session.post(
                f"{stage.hosts[0].url}/api/v2/process",
                json={"user_input": f"Within {short_ms} ms, please"},
                headers={"ION-Deadline-Ms": str(short_ms)},
            ) as response:
                statuses.append(response.status)
            took_s.append(time.perf_counter() - began - short_ms / 1000)
    late = max(took_s)
    return Finding(
        f"deadlines of {', '.join(map(str, SHORT_MS))} ms, the service hangs",
        f"504 within the deadline + {LATE_S * 1000:.0f} ms",
        f"{statuses}, the latest {late * 1000:+.0f} ms",
        set(statuses) == {HTTPStatus.GATEWAY_TIMEOUT} and late <= LATE_S,
        {"beyond the deadline": took_s},
    )


async def _play(ion: Ion, gemini: FakeGemini, behaviour: Behaviour, *, stream: bool) -> Case:
    gemini.behave(behaviour)
    before = len(gemini.requests)
    waits_for = None
    foreign = ""
    began = time.perf_counter()
    try:
        reply = await ion.respond(TurnRequest(text=f"Tell me of {behaviour.name}", use_cache=False))
        foreign = _foreign(tuple(item.error for item in reply.receipt.attempts))
    except TurnError as error:
        waits_for = getattr(error, "retry_after_s", None)
    except Exception as error:  # noqa: BLE001  that is what is looked for
        foreign = type(error).__name__
    asked = len(gemini.requests) - before
    told = getattr(behaviour, "retry_delay_s", None)
    return Case(
        f"{behaviour.name} ({'streamed' if stream else 'whole'})",
        time.perf_counter() - began,
        foreign,
        retried_after_text=stream and behaviour.phase is Phase.AFTER and asked > 1,
        ignored_wait=told is not None and (asked > 1 or waits_for is None or waits_for < told),
    )


def _foreign(errors: Sequence[str]) -> str:
    """The name of an exception that a generator let out, where it was none of ION's."""
    raised = [error for error in errors if error.startswith("raised ")]
    return next((error for error in raised if GenerationError.__name__ not in error), "")


def _findings(cases: Sequence[Case]) -> Sequence[Finding]:
    late = [case.name for case in cases if case.took_s > DEADLINE_S + LATE_S]
    foreign = [f"{case.name}: {case.foreign}" for case in cases if case.foreign]
    again = [case.name for case in cases if case.retried_after_text]
    ignored = [case.name for case in cases if case.ignored_wait]
    slowest = max(case.took_s for case in cases)
    return (
        Finding(
            f"turns of {len(cases)} faults that ended late",
            f"0 later than the deadline of {DEADLINE_S:g} s + {LATE_S * 1000:.0f} ms",
            f"{len(late)}, the slowest {slowest:.2f} s {late[:3]}",
            not late,
            {"took": [case.took_s for case in cases]},
        ),
        Finding("foreign exceptions", "0", f"{len(foreign)} {foreign[:3]}", not foreign),
        Finding("asked again after text had come", "0", f"{len(again)} {again[:3]}", not again),
        Finding("waits asked for and ignored", "0", f"{len(ignored)} {ignored[:3]}", not ignored),
    )


PROMISE = Promise(
    number=31,
    title="every fault of the Gemini service ends in time, as an answer or a typed error",
    check=check,
    seconds=70,
)
