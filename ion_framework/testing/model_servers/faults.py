"""Every fault that the fake model servers play, by name, and plans that mix them.

Parametrise a test over `FAULTS`; each says by its `phase` whether text had come before it::

    >>> from ion_framework.testing.model_servers.faults import FAULTS, fault, mixture
    >>> len(FAULTS) >= 22
    True
    >>> fault("quota-429").retry_delay_s
    7.0
    >>> plan = mixture(1, {fault("unavailable-503"): 0.3, fault("hang-before-headers"): 0.05})
    >>> names = [plan(number, None).name for number in range(1000)]
    >>> 250 < names.count("unavailable-503") < 350
    True
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import TypeAlias

from ion_framework.testing.model_servers.behaviours import (
    Answer,
    Behaviour,
    Break,
    Cut,
    Down,
    Failure,
    NoCandidates,
    Oversized,
    Phase,
    PromptBlocked,
    RawAnswer,
    Redirect,
    WireUsage,
)
from ion_framework.testing.model_servers.records import RecordedRequest

__all__ = [
    "ENDINGS",
    "FAULTS",
    "FINISH_REASONS",
    "Answer",
    "Behaviour",
    "Break",
    "Cut",
    "Down",
    "Failure",
    "NoCandidates",
    "Oversized",
    "Phase",
    "Plan",
    "PromptBlocked",
    "RawAnswer",
    "Redirect",
    "WireUsage",
    "by_model",
    "fault",
    "mixture",
]

Plan: TypeAlias = Callable[[int, RecordedRequest], Behaviour]
"""Decides for a request: its number, counted from 0 over the requests that were correct, and it."""

_HTML_502 = (
    b"<html><head><title>502 Bad Gateway</title></head>"
    b"<body><center><h1>502 Bad Gateway</h1></center></body></html>\n"
)
_HTML_200 = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>\n"

FINISH_REASONS: tuple[str, ...] = (
    "FINISH_REASON_UNSPECIFIED",
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "OTHER",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MALFORMED_FUNCTION_CALL",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_OTHER",
    "NO_IMAGE",
    "IMAGE_RECITATION",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MISSING_THOUGHT_SIGNATURE",
    "MALFORMED_RESPONSE",
    "ESCALATION",
    "PUP_LIMITED_DISABLED",
    "CONTINUATION",
    "MODEL_ARMOR",
)
"""Gemini's finish reasons, all that google-genai 3.4 knows; only STOP is a complete answer."""

ENDINGS: tuple[Answer, ...] = tuple(
    Answer(finish=reason, name=f"ends-{reason.lower().replace('_', '-')}")
    for reason in (*FINISH_REASONS, "A_REASON_FROM_THE_FUTURE")
)
"""A whole text with each finish reason, and with one that does not exist."""

FAULTS: tuple[Behaviour, ...] = (
    Answer(first_delay_s=0.2, name="slow-first-token"),
    Cut(Break.HANG, None, name="hang-before-headers"),
    Cut(Break.HANG, 0, name="hang-after-headers"),
    Cut(Break.RESET, None, name="reset-before-headers"),
    Cut(Break.RESET, 0, name="reset-after-headers"),
    Cut(Break.END, None, name="closed-before-headers"),
    Cut(Break.ERROR, 0, name="error-json-first"),
    Failure(400, name="invalid-argument-400"),
    Failure(401, name="unauthenticated-401"),
    Failure(403, name="permission-denied-403"),
    Failure(404, name="model-not-found-404"),
    Failure(429, retry_delay_s=7.0, retry_after="7", name="quota-429"),
    Failure(500, name="internal-500"),
    RawAnswer(_HTML_502, 502, name="bad-gateway-html-502"),
    Failure(503, name="unavailable-503"),
    Failure(504, name="gateway-timeout-504"),
    RawAnswer(_HTML_200, name="html-200"),
    RawAnswer(b"", content_type="application/json; charset=UTF-8", name="empty-200"),
    NoCandidates(name="no-candidates"),
    PromptBlocked(name="prompt-blocked"),
    Answer((), "SAFETY", name="safety-without-content"),
    Answer((), "MAX_TOKENS", usage=WireUsage(4, 0, 0, 64), name="max-tokens-without-text"),
    Redirect(name="redirect"),
    Down(name="down"),
    Answer(chunk_delay_s=0.2, name="slow-inter-token"),
    Cut(Break.HANG, 2, name="hang-mid-stream"),
    Cut(Break.RESET, 2, name="reset-mid-stream"),
    Cut(Break.END, 2, name="end-mid-stream"),
    Cut(Break.ERROR, 2, name="error-json-mid-stream"),
    Cut(Break.GARBAGE, 2, name="broken-json-mid-stream"),
    Answer(finish="MAX_TOKENS", name="max-tokens-with-text"),
    Answer(finish="SAFETY", name="safety-with-text"),
    Answer(finish="A_REASON_FROM_THE_FUTURE", name="unknown-finish-reason"),
    Oversized(name="oversized"),
)
"""The faults, each with small delays; `attrs.evolve` makes one slower."""

_BY_NAME = {behaviour.name: behaviour for behaviour in FAULTS}


def fault(name: str) -> Behaviour:
    """The fault of this name.

    Raises:
        LookupError: there is none.
    """
    if name not in _BY_NAME:
        raise LookupError(f"no fault is named {name!r}: the faults are {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def mixture(
    seed: int, shares: Mapping[Behaviour, float], otherwise: Behaviour | None = None
) -> Plan:
    """A plan that plays each behaviour for its share of the requests, drawn at random.

    What request number n meets depends on `seed` and n alone, whatever order they arrive in.

    Args:
        seed: of the random numbers.
        shares: each behaviour's share, 0 to 1.
        otherwise: what the rest meets; an `Answer` unless given.

    Raises:
        ValueError: a share is negative, or they add up to more than 1.
    """
    if min(shares.values(), default=0) < 0 or sum(shares.values()) > 1 + 1e-9:
        raise ValueError(f"shares are 0 to 1, at most 1 in all: {list(shares.values())}")
    rest = otherwise or Answer()

    def plan(number: int, _: RecordedRequest) -> Behaviour:
        drawn = random.Random(f"{seed}/{number}").random()  # noqa: S311  a repeatable test, no secret
        for behaviour, share in shares.items():
            if drawn < share:
                return behaviour
            drawn -= share
        return rest

    return plan


def by_model(behaviours: Mapping[str, Behaviour], otherwise: Behaviour | None = None) -> Plan:
    """A plan by the model that a request asks for.

    Args:
        behaviours: what the requests for each model meet.
        otherwise: what the others meet; an `Answer` unless given.
    """
    rest = otherwise or Answer()

    def plan(_: int, request: RecordedRequest) -> Behaviour:
        return behaviours.get(request.model, rest)

    return plan
