"""Making one answer of several, as the plan says or as far as that can be."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ion_framework.domain.language import Language
from ion_framework.ensemble.broken_off import BROKE_OFF, BrokenOffError, whole
from ion_framework.ensemble.contribution import Contribution
from ion_framework.ensemble.course import Course
from ion_framework.ensemble.joint_reply import JointReply, joint_confidence
from ion_framework.ensemble.judging import judge
from ion_framework.ensemble.merging import concatenate, heaviest, hierarchical, weighted
from ion_framework.ensemble.performing import told
from ion_framework.ensemble.plan import MergeStrategy, Plan
from ion_framework.ensemble.reading import MessageReading
from ion_framework.ensemble.voting import Vote, Voters, ballots_of, count, coverage
from ion_framework.errors import TurnError
from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import Turn

_SIMPLE_MERGES = {
    MergeStrategy.CONCATENATE: concatenate,
    MergeStrategy.HIERARCHICAL: hierarchical,
    MergeStrategy.WEIGHTED: weighted,
}

NOT_SYNTHESISED = "the answers could not be written into one"


async def join(
    course: Course, plan: Plan, contributions: tuple[Contribution, ...], reading: MessageReading
) -> JointReply:
    """The joint answer.

    Args:
        course: what the message is worked on with.
        plan: what was planned.
        contributions: what came of it.
        reading: the reading of the message.

    Raises:
        TurnError: nobody answered; the error of the heaviest aspect.
    """
    answers = tuple(item for item in contributions if item.reply is not None)
    if not answers:
        error = heaviest(contributions).error
        assert error is not None  # noqa: S101  who has no reply has an error
        raise error
    reply = JointReply(
        content=answers[0].text,
        plan=plan,
        contributions=contributions,
        language=reading.whole.language,
        confidence=joint_confidence(contributions),
        degraded=_degraded(contributions),
        broken=tuple(item.broken for item in contributions if item.broken is not None),
    )
    if len(answers) == 1:
        return reply
    if plan.strategy is MergeStrategy.VOTING:
        return await _vote(course, reply, answers, reading)
    if plan.strategy is MergeStrategy.SYNTHESIS:
        return await _synthesise(course, reply, answers)
    assert plan.strategy is not None  # noqa: S101  several personas answer by a strategy
    content = _SIMPLE_MERGES[plan.strategy](answers)
    return attrs.evolve(reply, content=content, merged_by=plan.strategy)


def _degraded(contributions: Sequence[Contribution]) -> str:
    reasons = {item.persona: _reason(item) for item in contributions}
    return "; ".join(f"{name}: {reason}" for name, reason in reasons.items() if reason)


def _reason(item: Contribution) -> str:
    if item.reply is not None:
        return item.reply.degraded
    return BROKE_OFF if item.broken is not None else "has no answer"


async def _vote(
    course: Course, reply: JointReply, answers: Sequence[Contribution], reading: MessageReading
) -> JointReply:
    vote, usage = await _count(course, answers, reading)
    winner = next(item for item in answers if item.persona == vote.winner)
    return attrs.evolve(
        reply,
        content=winner.text,
        merged_by=MergeStrategy.VOTING,
        vote=vote,
        beside=usage,
    )


async def _count(
    course: Course, answers: Sequence[Contribution], reading: MessageReading
) -> tuple[Vote, tuple[Usage, ...]]:
    left_s = course.trace.remaining_s()
    usage: tuple[Usage, ...] = ()
    if course.model.available and left_s > 0:
        turn = Turn(course.request, resonance=reading.whole, deadline=course.trace.deadline)
        known = course.personas()
        voters = [known[item.persona] for item in answers if item.persona in known]
        judgement = await judge(course.model, turn, voters, answers, left_s * _JUDGING_SHARE)
        usage = judgement.usage
        if judgement.ballots:
            return count(Voters.MODEL, judgement.ballots, answers), usage
    found = coverage(reading.parts, answers)
    return count(Voters.COVERAGE, ballots_of(found), answers, found), usage


_JUDGING_SHARE = 0.9
"""Share of the time that is left in which the votes have to be in."""


async def _synthesise(
    course: Course, reply: JointReply, answers: Sequence[Contribution]
) -> JointReply:
    try:
        written = await _written(course, reply.language, answers)
    except TurnError as error:
        reasons = filter(None, (reply.degraded, NOT_SYNTHESISED))
        lost = (error.reply,) if isinstance(error, BrokenOffError) else ()
        return attrs.evolve(
            reply,
            content=hierarchical(answers),
            merged_by=MergeStrategy.HIERARCHICAL,
            degraded="; ".join(reasons),
            broken=(*reply.broken, *lost),
        )
    return attrs.evolve(
        reply, content=written.content, merged_by=MergeStrategy.SYNTHESIS, synthesis=written
    )


async def _written(course: Course, language: Language, answers: Sequence[Contribution]) -> Reply:
    """The answer of the heaviest aspect's persona to the whole, who sees all answers."""
    request, most = course.request, course.settings.handed_on_chars
    material = (told(item, language, most) for item in answers)
    return whole(
        await course.respond(
            attrs.evolve(
                request,
                persona=heaviest(answers).persona,
                summary="\n\n".join(filter(None, (request.summary, *material))),
                language=language,
                deadline_s=course.share_s(1),
                request_id=f"{request.request_id}-synthesis",
            )
        )
    )
