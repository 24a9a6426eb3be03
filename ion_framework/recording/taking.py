"""The record of a turn that has just ended."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
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
from ion_framework.recording.redaction import Hide, Redacted, TurnRedaction, redact

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
        full, hide = self._manner.full, hiding(self._manner, _said(told))
        kept = told.turn
        if not full:
            request = redacted_request(kept.request, self._pseudonyms, hide)
            kept = attrs.evolve(kept, request=request, context=_context(kept.context, hide))
        altered = _texts(kept) != _texts(told.turn)
        decision = told.turn.decision
        return RecordedTurn(
            number=number,
            at=told.at,
            request=kept.request,
            marks=hide(told.turn.text).marks,
            altered=altered,
            resonance=told.turn.resonance and attrs.evolve(told.turn.resonance, evidence=()),
            decision=_decision(decision, hide) if decision else None,
            prompt=await self._prompt(told, kept, hide, altered=altered),
            reply=_reply(told.reply, hide) if told.reply else None,
            problem=Problem(told.code, hide(told.message).text) if told.code else None,
            stages=told.stages,
            spent_ms=told.spent_ms,
        )

    async def _prompt(
        self, told: TurnTold, kept: Turn, hide: Hide, *, altered: bool
    ) -> RecordedPrompt | None:
        prompt = told.prompt
        if prompt is not None and altered:
            # What a prompt cuts short no pattern finds any more: it is built of what is kept.
            try:
                prompt = await self._build_prompt(kept)
            except TurnError:
                return None
        if prompt is None:
            return None
        return recorded_prompt(prompt, self._manner, hide)


def hiding(manner: Manner, texts: Iterable[str]) -> Hide:
    """What makes of a turn's texts those that are kept.

    Args:
        manner: what is kept.
        texts: all the texts of the turn.
    """
    return Redacted if manner.full else TurnRedaction(texts)


def _said(told: TurnTold) -> Iterator[str]:
    """All the texts of a turn that are kept."""
    turn, reply = told.turn, told.reply
    yield from request_texts(turn.request)
    context = turn.context
    yield from (item.content for item in context.history)
    yield from (context.summary, *context.passages, *context.notes)
    yield from turn.decision.reasons if turn.decision else ()
    if reply is not None:
        yield from (reply.content, reply.degraded, reply.receipt.cache.reason)
    yield told.message
    if told.prompt is not None:
        yield from _strings(jsonable(told.prompt))


def request_texts(request: TurnRequest) -> Iterator[str]:
    """The texts of a request that are kept."""
    yield from (request.text, request.persona or "", request.summary, *request.notes)
    yield from (item.content for item in request.history)


def _strings(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | Mapping):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(item)


def _decision(decision: RoutingDecision, hide: Hide) -> RoutingDecision:
    return attrs.evolve(decision, reasons=_all(decision.reasons, hide))


def _reply(reply: Reply, hide: Hide) -> RecordedReply:
    cache = reply.receipt.cache
    return RecordedReply(
        text=hide(reply.content).text,
        persona=reply.persona,
        language=reply.language,
        finish=reply.finish_reason,
        usage=reply.usage,
        generator=reply.generator,
        model=reply.model,
        degraded=hide(reply.degraded).text,
        cache=cache.status,
        cache_reason=hide(cache.reason).text,
    )


def recorded_prompt(prompt: Prompt, manner: Manner, hide: Hide = redact) -> RecordedPrompt:
    """A prompt as it is kept; its digest is that of what is kept, so that it gives nothing away.

    Args:
        prompt: the prompt.
        manner: what is kept.
        hide: makes the texts that are kept, where not everything is.
    """
    document = jsonable(prompt) if manner.full else _redacted(jsonable(prompt), hide)
    assert isinstance(document, dict)  # noqa: S101  a class becomes an object
    text: dict[str, object] = {**document}
    return RecordedPrompt(
        name=prompt.name,
        version=prompt.version,
        digest=hashlib.sha256(to_json(document).encode()).hexdigest(),
        text=text if manner.prompts else None,
    )


def redacted_request(request: TurnRequest, pseudonyms: Pseudonyms, hide: Hide) -> TurnRequest:
    """A request with marks in its texts, and pseudonyms for whom it names."""
    user, session = request.user_id, request.session_id
    return attrs.evolve(
        request,
        text=hide(request.text).text,
        persona=hide(request.persona).text if request.persona else request.persona,
        history=_history(request.history, hide),
        summary=hide(request.summary).text,
        notes=_all(request.notes, hide),
        user_id=pseudonyms.of("user", user) if user else user,
        session_id=pseudonyms.of("session", session) if session else session,
        request_id=pseudonyms.of("request", request.request_id),
    )


def _context(context: TurnContext, hide: Hide) -> TurnContext:
    return attrs.evolve(
        context,
        history=_history(context.history, hide),
        summary=hide(context.summary).text,
        passages=_all(context.passages, hide),
        notes=_all(context.notes, hide),
    )


def _history(history: tuple[Message, ...], hide: Hide) -> tuple[Message, ...]:
    return tuple(attrs.evolve(item, content=hide(item.content).text) for item in history)


def _all(texts: tuple[str, ...], hide: Hide) -> tuple[str, ...]:
    return tuple(hide(text).text for text in texts)


def _texts(turn: Turn) -> tuple[Any, ...]:
    """What of a turn can reach its prompt or its reading."""
    request = turn.request
    return (request.text, request.history, request.summary, request.notes, turn.context)


def _redacted(value: JsonValue, hide: Hide) -> JsonValue:
    if isinstance(value, str):
        return hide(value).text
    if isinstance(value, list):
        return [_redacted(item, hide) for item in value]
    if isinstance(value, Mapping):
        return {name: _redacted(item, hide) for name, item in value.items()}
    return value
