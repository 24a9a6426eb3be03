"""From a turn to the key under which its answer is stored."""

from __future__ import annotations

import json
import unicodedata

from ion_framework.domain.persona import CacheScope, GenerationParameters, Persona
from ion_framework.domain.prompt import Prompt
from ion_framework.pipeline.cache import CacheKey
from ion_framework.pipeline.turn import ANONYMOUS, Turn, TurnContext, TurnRequest


def make_key(turn: Turn, persona: Persona, prompt: Prompt, generator: str) -> CacheKey:
    """The key of a turn's answer.

    Args:
        turn: the turn.
        persona: the persona that answers.
        prompt: the prompt as it is sent.
        generator: first active generator, as ``name@model``.
    """
    request = turn.request
    return CacheKey(
        tenant=request.tenant,
        principal="" if _is_shared(persona, turn.context) else principal_of(request),
        persona=persona.name,
        persona_version=persona.version,
        prompt=prompt.name,
        prompt_version=prompt.version,
        generator=generator,
        parameters=_canonical_parameters(prompt.parameters),
        text=_canonical_text(turn, prompt),
        tags=(
            f"persona:{persona.name}",
            f"version:{persona.name}@{persona.version}",
            f"tenant:{request.tenant}",
            f"key:{turn.resonance.key if turn.resonance else ''}",
        ),
    )


def principal_of(request: TurnRequest) -> str:
    """Whose answers may be served: who asks, without authentication with the name they gave.

    The untrusted name only ever narrows who shares an entry; it never lets a caller into the
    entries of an authenticated principal.
    """
    named = request.user_id if request.principal == ANONYMOUS else None
    # As JSON, because a principal may hold any character, a separator too.
    return json.dumps([request.principal, named] if named else [request.principal])


def _is_shared(persona: Persona, context: TurnContext) -> bool:
    return persona.cache.scope is CacheScope.SHARED and context == TurnContext()


def _canonical_parameters(parameters: GenerationParameters) -> str:
    values = (parameters.temperature, parameters.top_p, parameters.max_output_tokens)
    return json.dumps(values)


def _canonical_text(turn: Turn, prompt: Prompt) -> str:
    parts = (
        # Not every prompt tells the key, but a generator sees it in the turn.
        str(turn.resonance.key) if turn.resonance else "",
        prompt.system,
        prompt.context,
        [(message.role.value, message.content) for message in prompt.history],
        prompt.user.strip(),
        prompt.language.value,
        prompt.mode.value,
    )
    return unicodedata.normalize("NFC", json.dumps(parts, ensure_ascii=False))
