"""``POST /chat``: a message in, the answer of the persona that fits out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from operator import attrgetter
from typing import Annotated, Any, Literal

import attrs
import msgspec

from ion_framework.domain.key import Pace
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import TurnRequest
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.by_identity import ByIdentity
from ion_host_aiohttp.api.encoding import encode, encode_sure
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.api.templates import GAPS, Template
from ion_host_aiohttp.api.words import MessageText
from ion_host_aiohttp.errors.failure import check_message, unfit
from ion_host_aiohttp.metadata import metadata_document, metadata_json
from ion_host_aiohttp.names import shown_names
from ion_host_aiohttp.receipts import (
    REMEMBERED,
    receipt_document,
    receipt_json_strictly,
    usage_document,
)
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.turns import reply_answer, run_turn, second_best


@attrs.frozen(kw_only=True)
class ChatRequest:
    """The body of ``POST /chat``.

    Attributes:
        message: what the user writes.
        user_id: a name for the user, chosen by the caller.
    """

    message: MessageText
    user_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None


@attrs.frozen(kw_only=True, slots=False)
class RhythmView:
    """How the message is paced.

    Attributes:
        pace: ``fast``, ``medium`` or ``slow``, as the original has it.
        resonance_pace: the same as the resonance key has it.
        avg_length: words of a sentence, on average.
        punctuation_density: share of punctuation marks among all characters.
    """

    pace: Literal["fast", "medium", "slow"]
    resonance_pace: Pace
    avg_length: float
    punctuation_density: float


@attrs.frozen(kw_only=True, slots=False)
class ToneView:
    """How the message feels."""

    primary: str
    confidence: float
    secondary: str | None


@attrs.frozen(kw_only=True, slots=False)
class RoutingView:
    """Why this persona answers."""

    secondary_persona: str | None
    scores: dict[str, Decimal]
    reasoning: str


@attrs.frozen(kw_only=True, slots=False)
class ChatMetadata:
    """What stands behind the answer; ``receipt`` is the full reason why.

    What plugins add stands under ``plugins``, and once more beside these members by its own name.
    """

    rhythm: RhythmView
    tone: ToneView
    routing: RoutingView
    language: str
    cache: str
    degraded: bool
    degraded_reason: str | None
    generator: str
    model: str
    finish_reason: str
    usage: dict[str, float | None]
    plugins: dict[str, Any]
    receipt: dict[str, Any]


_OWN_NAMES = tuple(field.name for field in attrs.fields(ChatMetadata))


@attrs.frozen(kw_only=True, slots=False)
class ChatResponse:
    """The answer."""

    content: str
    persona_used: str
    resonance_key: str
    confidence: Decimal
    metadata: ChatMetadata


async def chat(call: Call[ChatRequest], service: Service) -> Answer:
    """Answer one message."""
    text = call.body.message.strip()
    issues = check_message(text, "message", service.limits.message_chars)
    if issues:
        raise unfit(*issues)
    request = TurnRequest(
        text=text,
        principal=call.caller.principal_for(call.body.user_id),
        tenant=call.caller.tenant,
        user_id=call.body.user_id,
        deadline_s=call.deadline_s,
        request_id=call.request_id,
        trace=call.trace,
    )
    reply = await run_turn(service, call.caller, request, "message")
    return reply_answer(reply, chat_json(reply, service))


def chat_json(reply: Reply, service: Service) -> bytes:
    """`chat_document` as JSON. Of a message that came before only what is new is written anew."""
    if len(reply.metadata) <= _MOST_ADDED:
        # A text without a form in UTF-8: the whole is written by the encoder, which has a way.
        with suppress(UnicodeEncodeError):
            added = metadata_json(reply, service)
            return _template(reply, service, dict.fromkeys(added)).filled(
                encode_sure(reply.content),
                encode_sure(reply.receipt.cache.status),
                receipt_json_strictly(reply.receipt),
                *added.values(),
            )
    return encode(chat_document(reply, service))


def _template(reply: Reply, service: Service, added: Mapping[str, object]) -> Template:
    names = shown_names(service.ion.personas)
    return _templates.of(
        (*_lasting(reply), names),
        lambda: Template(_with_gaps(chat_document(reply, service, added), added)),
        tuple(added),
    )


_NEW = ("content", "receipt", "metadata")
"""What may be another object in the next reply to the same message."""

_lasting = attrgetter(*(field.name for field in attrs.fields(Reply) if field.name not in _NEW))
_templates = ByIdentity[Template](REMEMBERED)
_CONTENT, _CACHE, _RECEIPT, *_ADDED = GAPS
_MOST_ADDED = len(_ADDED)


def _with_gaps(document: dict[str, Any], added: Iterable[str]) -> dict[str, Any]:
    plugins = dict(zip(added, _ADDED, strict=False))
    own = {name: document["metadata"][name] for name in _OWN_NAMES}
    own |= {"cache": _CACHE, "receipt": _RECEIPT, "plugins": plugins}
    return {**document, "content": _CONTENT, "metadata": {**plugins, **own}}


def chat_document(
    reply: Reply, service: Service, added: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """The body of the answer.

    Args:
        reply: what came of the turn.
        service: the running host.
        added: what plugins add to it, None where that is not known yet.
    """
    if added is None:
        added = metadata_document(reply, service)
    response = _response(reply, service, dict(added))
    body = attrs.asdict(response, recurse=False)
    return {**body, "metadata": _lifted(response.metadata)}


def _lifted(metadata: ChatMetadata) -> dict[str, Any]:
    """The metadata with what plugins add beside it, too, where no name of its own is in the way.

    The original's ``phase`` and ``rune`` stand there, and clients look for them there.
    """
    return {**metadata.plugins, **attrs.asdict(metadata, recurse=False)}


def _response(reply: Reply, service: Service, added: dict[str, Any]) -> ChatResponse:
    names = shown_names(service.ion.personas)
    return ChatResponse(
        content=reply.content,
        persona_used=names[reply.persona],
        resonance_key=str(reply.resonance.key),
        confidence=reply.decision.confidence,
        metadata=ChatMetadata(
            rhythm=_rhythm(reply),
            tone=_tone(reply),
            routing=RoutingView(
                secondary_persona=names.get(reply.decision.secondary or ""),
                scores=dict(reply.decision.scores),
                reasoning="; ".join(reply.decision.reasons),
            ),
            language=reply.language.value,
            cache=reply.receipt.cache.status.value,
            degraded=bool(second_best(reply)),
            degraded_reason=second_best(reply) or None,
            generator=reply.generator,
            model=reply.model,
            finish_reason=reply.finish_reason.value,
            usage=usage_document(reply.usage),
            plugins=added,
            receipt=receipt_document(reply.receipt),
        ),
    )


def _rhythm(reply: Reply) -> RhythmView:
    rhythm = reply.resonance.rhythm
    return RhythmView(
        pace=_PACES[rhythm.pace],
        resonance_pace=rhythm.pace,
        avg_length=rhythm.words_per_sentence,
        punctuation_density=rhythm.punctuation_density,
    )


_PACES: Mapping[Pace, Literal["fast", "medium", "slow"]] = {
    Pace.BURST: "fast",
    Pace.FLOWING: "medium",
    Pace.MEDIUM: "medium",
    Pace.CONTEMPLATIVE: "slow",
}
"""The original knew three, which it mapped to ``burst``, ``flowing`` and ``contemplative``."""


def _tone(reply: Reply) -> ToneView:
    tone = reply.resonance.tone
    return ToneView(
        primary=tone.primary.value,
        confidence=tone.confidence,
        secondary=tone.secondary.value if tone.secondary else None,
    )


CHAT = Endpoint(
    method="POST",
    path="/chat",
    handler=chat,
    style=ErrorStyle.V1,
    summary="Answer a message as the persona that fits it.",
    request=ChatRequest,
    response=ChatResponse,
    scope=Scope.CHAT,
    runs_turns=True,
)
