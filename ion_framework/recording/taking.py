"""The record of a turn that has just ended."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import attrs

from ion_framework.domain.conversation import Message
from ion_framework.domain.prompt import Prompt
from ion_framework.domain.routing import RoutingDecision
from ion_framework.errors import TurnError
from ion_framework.jsonable import JsonValue, jsonable, to_json
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.taps import TurnTold
from ion_framework.pipeline.turn import Turn, TurnContext, TurnRequest
from ion_framework.recording.model import (
    Problem,
    RecordedPrompt,
    RecordedReply,
    RecordedTurn,
)
from ion_framework.recording.redaction import redact

BuildPrompt = Callable[[Turn], Awaitable[Prompt]]
"""What a generator is told of a turn (`ion_framework.pipeline.engine.Engine.prompt_of`)."""


@attrs.frozen(kw_only=True)
class Manner:
    """What is kept of a turn.

    Attributes:
        full: everything as it was; else texts hold marks and names are pseudonyms.
        prompts: prompts in full, not only their digests.
    """

    full: bool = False
    prompts: bool = True


class Pseudonyms:
    """Names for users and sessions that tell them apart within one recording, and nowhere else.

    They are keyed digests, and nobody keeps the key.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, kind: str, name: str) -> str:
        """The pseudonym of a name.

        Args:
            kind: what it is the name of; the pseudonym begins with it.
            name: the name.
        """
        digest = hmac.digest(self._key, f"{kind}\0{name}".encode(errors="surrogatepass"), "sha256")
        return f"{kind}-{digest.hex()[:_LENGTH]}"


_LENGTH = 16


class Taker:
    """Makes records of turns.

    Args:
        manner: what is kept.
        build_prompt: what a generator would be told of a turn.
    """

    def __init__(self, manner: Manner, build_prompt: BuildPrompt) -> None:
        self._manner = manner
        self._build_prompt = build_prompt
        self._pseudonyms = Pseudonyms()

    async def taken(self, told: TurnTold, number: int) -> RecordedTurn:
        """The record of a turn.

        Args:
            told: the turn.
            number: its number in the recording.
        """
        kept = attrs.evolve(told.turn, request=self._request(told.turn.request))
        if not self._manner.full:
            kept = attrs.evolve(kept, context=_context(kept.context))
        altered = _texts(kept) != _texts(told.turn)
        decision = told.turn.decision
        return RecordedTurn(
            number=number,
            at=told.at,
            request=kept.request,
            marks=() if self._manner.full else redact(told.turn.text).marks,
            altered=altered,
            resonance=told.turn.resonance and attrs.evolve(told.turn.resonance, evidence=()),
            decision=self._decision(decision) if decision else None,
            prompt=await self._prompt(told, kept, altered=altered),
            reply=self._reply(told.reply) if told.reply else None,
            problem=Problem(told.code, self._shown(told.message)) if told.code else None,
            stages=told.stages,
            spent_ms=told.spent_ms,
        )

    def _shown(self, text: str) -> str:
        return text if self._manner.full else redact(text).text

    def _request(self, request: TurnRequest) -> TurnRequest:
        return request if self._manner.full else redacted_request(request, self._pseudonyms)

    def _decision(self, decision: RoutingDecision) -> RoutingDecision:
        return attrs.evolve(decision, reasons=tuple(map(self._shown, decision.reasons)))

    async def _prompt(self, told: TurnTold, kept: Turn, *, altered: bool) -> RecordedPrompt | None:
        prompt = told.prompt
        if prompt is not None and altered:
            # What a prompt cuts short no pattern finds any more: it is built of what is kept.
            try:
                prompt = await self._build_prompt(kept)
            except TurnError:
                return None
        if prompt is None:
            return None
        return recorded_prompt(prompt, self._manner)

    def _reply(self, reply: Reply) -> RecordedReply:
        cache = reply.receipt.cache
        return RecordedReply(
            text=self._shown(reply.content),
            persona=reply.persona,
            language=reply.language,
            finish=reply.finish_reason,
            usage=reply.usage,
            generator=reply.generator,
            model=reply.model,
            degraded=self._shown(reply.degraded),
            cache=cache.status,
            cache_reason=self._shown(cache.reason),
        )


def recorded_prompt(prompt: Prompt, manner: Manner) -> RecordedPrompt:
    """A prompt as it is kept; its digest is that of what is kept, so that it gives nothing away."""
    document = jsonable(prompt) if manner.full else _redacted(jsonable(prompt))
    assert isinstance(document, dict)  # noqa: S101  a class becomes an object
    text: dict[str, object] = {**document}
    return RecordedPrompt(
        name=prompt.name,
        version=prompt.version,
        digest=hashlib.sha256(to_json(document).encode()).hexdigest(),
        text=text if manner.prompts else None,
    )


def redacted_request(request: TurnRequest, pseudonyms: Pseudonyms) -> TurnRequest:
    """A request with marks in its texts, and pseudonyms for whom it names."""
    user, session = request.user_id, request.session_id
    return attrs.evolve(
        request,
        text=redact(request.text).text,
        persona=redact(request.persona).text if request.persona else request.persona,
        history=_history(request.history),
        summary=redact(request.summary).text,
        notes=_all(request.notes),
        user_id=pseudonyms.of("user", user) if user else user,
        session_id=pseudonyms.of("session", session) if session else session,
        request_id=pseudonyms.of("request", request.request_id),
    )


def _context(context: TurnContext) -> TurnContext:
    return attrs.evolve(
        context,
        history=_history(context.history),
        summary=redact(context.summary).text,
        passages=_all(context.passages),
        notes=_all(context.notes),
    )


def _history(history: tuple[Message, ...]) -> tuple[Message, ...]:
    return tuple(attrs.evolve(item, content=redact(item.content).text) for item in history)


def _all(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(redact(text).text for text in texts)


def _texts(turn: Turn) -> tuple[Any, ...]:
    """What of a turn can reach its prompt or its reading."""
    request = turn.request
    return (request.text, request.history, request.summary, request.notes, turn.context)


def _redacted(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return redact(value).text
    if isinstance(value, list):
        return [_redacted(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _redacted(item) for name, item in value.items()}
    return value
