"""Answering a message with several personas."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

import attrs

from ion_framework.ensemble.broken_off import whole
from ion_framework.ensemble.course import Course, Respond, late
from ion_framework.ensemble.joining import join
from ion_framework.ensemble.joint_reply import JointReply
from ion_framework.ensemble.performing import perform
from ion_framework.ensemble.plan import ExecutionMode, MergeStrategy, Plan, make_plan, without_model
from ion_framework.ensemble.reading import MessageReading, read_message
from ion_framework.errors import NoAnswerError, TurnError
from ion_framework.pipeline.events import TurnFailed
from ion_framework.pipeline.request_check import check_request
from ion_framework.pipeline.trace import Trace
from ion_framework.pipeline.turn import Turn, TurnContext, TurnRequest
from ion_framework.pipeline.unanswered import NO_PERSONA

if TYPE_CHECKING:
    from ion_framework.ion import Ion

Admit: TypeAlias = Callable[[Plan], Awaitable[None]]
"""Hears of the plan before anything is generated; what it raises ends the request."""


@attrs.frozen
class EnsembleRequest:
    """What a caller asks of several personas.

    Attributes:
        turn: the message and what belongs to it; its persona is not looked at.
        force: at least two personas answer, as far as there are two.
        strategy: how the answers become one, None leaves it to the plan.
    """

    turn: TurnRequest
    force: bool = False
    strategy: MergeStrategy | None = None


class Ensemble:
    """Answers messages with as many personas as they speak to.

    ::

        reply = await Ensemble(ion).respond("The numbers look wrong, and the team is anxious.")
        print(reply.personas, reply.content)

    Every part is a turn of the normal pipeline: the persona's own hooks, cache and receipt. One
    deadline, the shorter of the request's and the settings', is over all of it.

    Args:
        ion: the installation; active.
        respond: answers one turn; by default ``ion.respond``. A host may count what it costs here.
    """

    def __init__(self, ion: Ion, respond: Respond | None = None) -> None:
        self._ion = ion
        self._respond: Respond = respond or ion.respond

    async def respond(
        self, request: EnsembleRequest | str, admit: Admit | None = None
    ) -> JointReply:
        """Answer a message.

        Args:
            request: the request, or just its text.
            admit: hears of the plan first.

        Raises:
            InvalidRequestError: the request cannot be answered as it is.
            TurnRefusedError: a guard refused the message as a whole.
            NoAnswerError: nobody could answer.
            BrokenOffError: nobody could answer to the end.
            PluginOrderError: personas build on each other in a circle.
        """
        if isinstance(request, str):
            request = EnsembleRequest(TurnRequest(text=request))
        course = self._course(request.turn)
        reading, plan = await self._planned(course, request)
        if admit is not None:
            await admit(plan)
        if plan.mode is ExecutionMode.SINGLE:
            return await _alone(course, plan)
        contributions = await perform(course, plan, reading.whole.language)
        return await join(course, plan, contributions, reading)

    async def plan(self, request: EnsembleRequest | str) -> Plan:
        """What `respond` would do, without anything being generated.

        Raises:
            TurnError: as `respond`.
            PluginOrderError: as `respond`.
        """
        if isinstance(request, str):
            request = EnsembleRequest(TurnRequest(text=request))
        return (await self._planned(self._course(request.turn), request))[1]

    def _course(self, request: TurnRequest) -> Course:
        own_s = self._ion.settings.turn.deadline_s
        limit_s = min(own_s, request.deadline_s or own_s)
        trace = Trace(self._ion.clock, limit_s)
        return Course(self._ion, self._respond, attrs.evolve(request, persona=None), trace)

    async def _planned(
        self, course: Course, request: EnsembleRequest
    ) -> tuple[MessageReading, Plan]:
        try:
            reading = await self._read(course)
        except TurnError as error:
            self._tell(course, error)
            raise
        plan = make_plan(
            reading.parts,
            self._ion.personas,
            course.settings,
            force=request.force,
            strategy=request.strategy,
        )
        return reading, plan if course.model.available else without_model(plan)

    async def _read(self, course: Course) -> MessageReading:
        turn = course.request
        check_request(turn)
        if not self._ion.personas:
            raise NoAnswerError("route", NO_PERSONA)
        # Guards see the message whole: what is harmless piece by piece need not be so together.
        context = TurnContext(history=turn.history, summary=turn.summary, notes=turn.notes)
        message = Turn(turn, context, deadline=course.trace.deadline)
        await self._ion.hooks.guard(message, course.trace)
        try:
            async with asyncio.timeout(course.trace.remaining_s()):
                return await read_message(course)
        except TimeoutError:
            raise late() from None

    def _tell(self, course: Course, error: TurnError) -> None:
        """Tell observers of a message that ended before any turn of it began."""
        detail = error.detail if isinstance(error, NoAnswerError) else ""
        clock = self._ion.clock
        spent_s = course.trace.now_ms() / 1000
        self._ion.emit(
            TurnFailed(course.request, error.code, str(error), clock.time(), spent_s, detail)
        )


async def _alone(course: Course, plan: Plan) -> JointReply:
    """The answer of the one persona that the router decides for, in a turn like every other."""
    reply = whole(await course.respond(attrs.evolve(course.request, deadline_s=course.share_s(1))))
    return JointReply(
        content=reply.content,
        plan=attrs.evolve(plan, steps=((reply.persona,),)),
        alone=reply,
        language=reply.language,
        confidence=reply.decision.confidence,
        degraded=reply.degraded,
    )
