"""What ``POST /api/v2/chat/multi-persona`` answers with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import attrs
import msgspec

from ion_framework.ensemble.contribution import Contribution
from ion_framework.ensemble.joint_reply import JointReply
from ion_framework.ensemble.plan import Complexity, ExecutionMode, MergeStrategy, Plan
from ion_framework.ensemble.voting import Voters
from ion_framework.pipeline.reply import Reply
from ion_host_aiohttp.receipts import usage_document, written_receipt
from ion_host_aiohttp.v2.envelope import PerformanceView, RoutingView


@attrs.frozen(kw_only=True, slots=False)
class AspectView:
    """What one persona is to answer.

    Attributes:
        persona: the persona.
        weight: its share of the message, 0 to 1; all together are 1.
        parts: sentences and clauses of the message that are its own.
        whole: whether it answers the whole message.
        reason: why.
        taken_over: of the parts those that fit a persona best that does not answer; they do not
            raise the weight.
    """

    persona: str
    weight: Decimal
    parts: tuple[str, ...]
    taken_over: tuple[str, ...]
    whole: bool
    reason: str


@attrs.frozen(kw_only=True, slots=False)
class PlanView:
    """Who answers, in what order.

    Attributes:
        steps: personas, step by step: those of a step answer at the same time, and see the
            answers of earlier steps.
        aspects: who answers what, the heaviest first.
        merge_strategy: how the answers were to become one; null where one persona answers.
    """

    steps: tuple[tuple[str, ...], ...]
    aspects: tuple[AspectView, ...]
    merge_strategy: MergeStrategy | None


@attrs.frozen(kw_only=True, slots=False)
class PartError:
    """Why a persona has no answer."""

    code: str
    message: str


@attrs.frozen(kw_only=True, slots=False)
class PartView:
    """What one persona gave; its turn is named by ``request_id``.

    Attributes:
        persona: the persona.
        request_id: its own turn, as logs and receipts name it.
        step: the step of the plan that it belonged to, from 0.
        weight: its share of the message.
        content: its whole answer, null where it has none.
        receipt: the full reason why, null where its turn came to nothing; that of an answer that
            broke off is there, as far as it came.
        error: why it has none, null where it has one.
    """

    persona: str
    request_id: str
    step: int
    weight: Decimal
    content: str | None
    confidence: Decimal | None
    resonance_key: str | None
    cache: str | None
    degraded_reason: str | None
    generator: str | None
    model: str | None
    finish_reason: str | None
    usage: dict[str, float | None] | None
    receipt: dict[str, Any] | None
    error: PartError | None


@attrs.frozen(kw_only=True, slots=False)
class VoteView:
    """How the vote went: one persona, one ballot.

    Attributes:
        voters: ``model``: each judges through the language model; ``coverage``: there is no model,
            and each votes for the answer that takes up most of the words of those parts of the
            message that it fits best, which tells what an answer is about, not whether it is right.
        ballots: for each persona whose answer it voted for; one that is missing abstained.
        totals: ballots of each answer.
        winner: the persona whose answer is given.
        judgements: with ``coverage`` what each persona finds of each answer, 0 to 1.
        tied: whether several had most ballots, so that the larger weight decided.
    """

    voters: Voters
    ballots: dict[str, str]
    totals: dict[str, int]
    winner: str
    judgements: dict[str, dict[str, Decimal]]
    tied: bool


@attrs.frozen(kw_only=True, slots=False)
class MultiPersonaMetadata:
    """How the answer came about.

    Attributes:
        complexity: to how many personas the message speaks: none or one, two, more.
        execution_mode: how the parts were answered.
        merge_strategy: how the answers became one in fact; null where there was only one.
        individual_personas: those who answered, in the order of the steps.
        reasoning: why these, in this order.
        plan: who was to answer what.
        parts: what each gave, with its receipt.
        vote: how the vote went, null without one.
        synthesis: the receipt of the turn that made one answer of all, null without one.
        usage: tokens and price of everything that was made for this request, as far as known; what
            the cache served is not in it.
    """

    complexity: Complexity
    execution_mode: ExecutionMode
    merge_strategy: MergeStrategy | None
    individual_personas: tuple[str, ...]
    reasoning: str
    plan: PlanView
    parts: tuple[PartView, ...]
    vote: VoteView | None
    synthesis: dict[str, Any] | None
    language: str
    degraded: bool
    degraded_reason: str | None
    usage: dict[str, float | None]


class MultiPersonaResponse(
    msgspec.Struct, frozen=True, kw_only=True, rename={"cache_status": "_cache_status"}
):
    """The answer of several personas, or of one where the message speaks to no more.

    ``routing`` and ``performance`` are null where several answered: each part has its own.
    """

    success: bool
    content: str
    persona_used: str
    resonance_key: str
    routing: RoutingView | None
    confidence: Decimal
    performance: PerformanceView | None
    metadata: MultiPersonaMetadata
    timestamp: str
    request_id: str
    cache_status: str


Tell: TypeAlias = Callable[[Contribution], PartError]
"""Puts into words why a persona has no answer."""


def metadata_view(
    joint: JointReply, names: Mapping[str, str], usage: dict[str, float | None], tell: Tell
) -> MultiPersonaMetadata:
    """How a joint answer came about.

    Args:
        joint: the answer.
        names: the names that the API shows for personas.
        usage: what all of it cost.
        tell: puts into words why a persona has no answer.
    """
    return MultiPersonaMetadata(
        complexity=joint.plan.complexity,
        execution_mode=joint.plan.mode,
        merge_strategy=joint.merged_by,
        individual_personas=tuple(names.get(name, name) for name in joint.personas),
        reasoning="; ".join(joint.plan.reasons),
        plan=_plan(joint.plan, names),
        parts=_parts(joint, names, tell),
        vote=_vote(joint, names),
        synthesis=written_receipt(joint.synthesis.receipt) if joint.synthesis else None,
        language=joint.language.value,
        degraded=bool(joint.degraded),
        degraded_reason=joint.degraded or None,
        usage=usage,
    )


def _plan(plan: Plan, names: Mapping[str, str]) -> PlanView:
    return PlanView(
        steps=tuple(tuple(names.get(name, name) for name in step) for step in plan.steps),
        aspects=tuple(
            AspectView(
                persona=names.get(aspect.persona, aspect.persona),
                weight=aspect.weight,
                parts=tuple(part.text for part in aspect.parts),
                taken_over=tuple(part.text for part in aspect.taken_over),
                whole=aspect.whole,
                reason=aspect.reason,
            )
            for aspect in plan.aspects
        ),
        merge_strategy=plan.strategy,
    )


def _parts(joint: JointReply, names: Mapping[str, str], tell: Tell) -> tuple[PartView, ...]:
    if joint.alone is not None:
        reply = joint.alone
        return (_part(reply, names.get(reply.persona, reply.persona), 0, Decimal(1)),)
    return tuple(_contributed(item, names, tell) for item in joint.contributions)


def _contributed(item: Contribution, names: Mapping[str, str], tell: Tell) -> PartView:
    shown = names.get(item.persona, item.persona)
    if item.reply is not None:
        return _part(item.reply, shown, item.step, item.aspect.weight)
    if item.broken is not None:
        begun = _part(item.broken, shown, item.step, item.aspect.weight)
        return attrs.evolve(begun, content=None, error=tell(item))
    return PartView(
        persona=shown,
        request_id=item.request_id,
        step=item.step,
        weight=item.aspect.weight,
        content=None,
        confidence=None,
        resonance_key=None,
        cache=None,
        degraded_reason=None,
        generator=None,
        model=None,
        finish_reason=None,
        usage=None,
        receipt=None,
        error=tell(item),
    )


def _part(reply: Reply, shown: str, step: int, weight: Decimal) -> PartView:
    return PartView(
        persona=shown,
        request_id=reply.receipt.request_id,
        step=step,
        weight=weight,
        content=reply.content,
        confidence=reply.decision.confidence,
        resonance_key=str(reply.resonance.key),
        cache=reply.receipt.cache.status.value,
        degraded_reason=reply.degraded or None,
        generator=reply.generator,
        model=reply.model,
        finish_reason=reply.finish_reason.value,
        usage=usage_document(reply.usage),
        receipt=written_receipt(reply.receipt),
        error=None,
    )


def _vote(joint: JointReply, names: Mapping[str, str]) -> VoteView | None:
    vote = joint.vote
    if vote is None:
        return None
    shown = {name: names.get(name, name) for name in vote.totals}
    return VoteView(
        voters=vote.voters,
        ballots={shown[voter]: shown[name] for voter, name in vote.ballots.items()},
        totals={shown[name]: total for name, total in vote.totals.items()},
        winner=shown[vote.winner],
        judgements={
            shown[voter]: {shown[name]: value for name, value in found.items()}
            for voter, found in vote.judgements.items()
        },
        tied=vote.tied,
    )
