"""Saying why a turn has no answer, and what to do about it."""

from __future__ import annotations

import attrs

from ion_framework.errors import NoAnswerError
from ion_framework.pipeline.generation import RETRY_AFTER_S
from ion_framework.pipeline.hooks import Hooks
from ion_framework.pipeline.trace import Trace

NO_PERSONA = "no persona is active: install one, for example ion-persona-lua"


@attrs.frozen
class Deciders:
    """The words for the implementations of one decide hook.

    Attributes:
        hook: the hook.
        stage: the stage of the turn.
        missing: what to say where there is none.
        unable: what to say where there are some, and none of them could.
    """

    hook: str
    stage: str
    missing: str
    unable: str


ANALYZERS = Deciders(
    "ion_analyze",
    "analyze",
    "no analyser is active: install ion-resonance, or give the resonance key yourself",
    "no analyser could read the message",
)
ROUTERS = Deciders(
    "ion_route",
    "route",
    "no router is active: install ion-resonance, or name the persona yourself",
    "no router could decide for a persona",
)
PROMPTS = Deciders(
    "ion_build_prompt",
    "prompt",
    "nothing builds a prompt for this persona",
    "no prompt could be built",
)


def unanswered(deciders: Deciders, hooks: Hooks, persona: str, trace: Trace) -> NoAnswerError:
    """The error of a turn that ends at a decide hook.

    Args:
        deciders: the hook.
        hooks: all hooks.
        persona: the persona whose turn it is, empty before it is known.
        trace: the turn's notes.
    """
    if not hooks.of(deciders.hook, persona):
        return NoAnswerError(deciders.stage, deciders.missing)
    failure = trace.last_failure(deciders.hook)
    if failure is None:
        return NoAnswerError(deciders.stage, f"{deciders.unable}: every one passed")
    return NoAnswerError(
        deciders.stage,
        f"{deciders.unable}: {failure.plugin} failed",
        RETRY_AFTER_S,
        detail=f"{failure.plugin}: {failure.detail}",
    )
