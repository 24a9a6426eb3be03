"""One turn on its way from the guards to the reply."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import attrs

from ion_framework.clock import Clock
from ion_framework.domain.handover import Thresholds, held
from ion_framework.domain.persona import Persona
from ion_framework.domain.prompt import Prompt
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingDecision
from ion_framework.errors import HookError, NoAnswerError
from ion_framework.pipeline.answering import Answering, Order, Slot, error_of
from ion_framework.pipeline.asked_persona import asked_persona, check_persona, forced_decision
from ion_framework.pipeline.cache import CacheKey, Hit, Lease, Miss, Pending, Refused, Stale
from ion_framework.pipeline.cache_calls import CacheCalls
from ion_framework.pipeline.cache_key import make_key
from ion_framework.pipeline.context_bounds import bounded
from ion_framework.pipeline.generation import RETRY_AFTER_S
from ion_framework.pipeline.parts import Parts
from ion_framework.pipeline.receipt import CacheOutcome, CacheStatus, StageTiming
from ion_framework.pipeline.remembered import Prepared, TurnMemo
from ion_framework.pipeline.replay import pieces
from ion_framework.pipeline.reply import Reply, ReplyDelta, ReplyDone, ReplyEvent, ReplyStarted
from ion_framework.pipeline.reply_writing import Answer, complete, write_reply
from ion_framework.pipeline.request_check import check_request
from ion_framework.pipeline.trace import Trace
from ion_framework.pipeline.turn import Turn, TurnContext, TurnRequest
from ion_framework.pipeline.unanswered import NO_PERSONA, PROMPTS, ROUTERS, unanswered
from ion_framework.settings.model import Settings

FINISH_SHARE = 0.05
"""Share of its remaining time in which a turn that has an old answer no longer waits for a new one:
to serve the old one, and to finish the reply."""

ROUNDING_S = 0.01
"""Seconds by which a timer may seem to fire early."""

RECALL = "recall"
"""The stage that stands for all before the cache where an earlier turn is remembered."""

LATE = "the time of the turn was up before another turn had made the same answer"


@attrs.frozen
class Means:
    """What a turn is run with.

    Attributes:
        settings: limits.
        clock: the clock.
        analyze: reads a message, or remembers how it read.
        refresh: takes an answer to be made anew; gives its lease back where it cannot.
        turns: the turns that are remembered, None where none is wanted.
    """

    settings: Settings
    clock: Clock
    analyze: Callable[[Turn, Trace, Parts], Awaitable[Resonance]]
    refresh: Callable[[Order], Awaitable[None]]
    turns: Callable[[], TurnMemo | None]


class Run:
    """One turn.

    Attributes:
        turn: the turn as far as it has come.
        prompt: its prompt, None before it is built.

    Args:
        means: what it is run with.
        parts: the installation as it was when the turn began.
        request: what was asked.
        trace: its notes.
    """

    def __init__(self, means: Means, parts: Parts, request: TurnRequest, trace: Trace) -> None:
        self._means = means
        self._parts = parts
        self._hooks = parts.hooks
        self._request = request
        self._trace = trace
        self.turn = Turn(request, _context_of(request), deadline=trace.deadline)
        self.prompt: Prompt | None = None

    async def rehearse(self) -> Prompt:
        """The turn up to its prompt, which no generator gets to see.

        Raises:
            TurnError: it does not come that far.
        """
        turn = await self._understand()
        persona, _, _ = _known(turn)
        with self._trace.stage("prompt"):
            return await self.prompt_of(turn, persona)

    async def events(self) -> AsyncGenerator[ReplyEvent, None]:
        """The turn from guard to reply.

        Raises:
            TurnError: there is no answer.
        """
        prepared = await self._prepare()
        turn, prompt = prepared.turn, prepared.prompt
        persona, decision, resonance = _known(turn)
        yield ReplyStarted(self._request.request_id, persona.name, resonance, decision)
        slot = await self._look_up(prepared)
        if isinstance(slot.found, Hit | Stale):
            await self._renew(turn, prompt, slot)
            for piece in pieces(slot.found.reply.content):
                yield ReplyDelta(piece)
            yield ReplyDone(await self._serve(turn, prompt, slot))
            return
        async with aclosing(self._answer(turn, prompt, slot)) as events:
            async for event in events:
                yield event

    async def reply(self) -> Reply:
        """The turn from guard to reply, without what comes between.

        Raises:
            TurnError: there is no answer.
        """
        prepared = await self._prepare()
        turn, prompt = prepared.turn, prepared.prompt
        slot = await self._look_up(prepared)
        if isinstance(slot.found, Hit | Stale):
            await self._renew(turn, prompt, slot)
            return await self._serve(turn, prompt, slot)
        async with aclosing(self._answer(turn, prompt, slot)) as events:
            async for event in events:
                if isinstance(event, ReplyDone):
                    return event.reply
        raise NoAnswerError("generate", "the turn ended without a reply")

    async def _prepare(self) -> Prepared:
        """The turn up to where its answer is looked up, remembered where it came before."""
        turns, request, parts, trace = self._means.turns(), self._request, self._parts, self._trace
        if turns is not None and request.use_cache:
            start_ms = trace.spent_ms()
            known = turns.recall(request, parts, trace)
            if known is not None:
                trace.stages.append(StageTiming(RECALL, start_ms, trace.spent_ms() - start_ms))
                self.turn, self.prompt = known.turn, known.prompt
                return known
        turn = await self._understand()
        persona, _, _ = _known(turn)
        with trace.stage("prompt"):
            prompt = self.prompt = await self.prompt_of(turn, persona)
        key = None
        if parts.cache is not None and request.use_cache:
            key = make_key(turn, persona, prompt, self._hooks.generator)
        prepared = Prepared(turn, prompt, key)
        if turns is not None:
            turns.note(prepared, parts, trace)
        return prepared

    async def _look_up(self, prepared: Prepared) -> Slot:
        """What the cache has for the turn.

        Raises:
            TurnError: that there is no answer.
        """
        with self._trace.stage("cache"):
            slot = await self._lookup(prepared.key)
        if isinstance(slot.found, Refused):
            raise error_of(slot.found.refusal)
        return slot

    async def _understand(self) -> Turn:
        turn = self.turn
        check_request(self._request)
        check_persona(self._request, self._parts.personas)
        with self._trace.stage("guard"):
            await self._hooks.guard(turn, self._trace)
        with self._trace.stage("context"):
            turn = await self._hooks.gather_context(turn, self._trace)
            kept = bounded(turn.context, self._means.settings.context)
            if kept is not turn.context:
                turn = attrs.evolve(turn, context=kept)
            self.turn = turn
        with self._trace.stage("analyze"):
            resonance = await self._means.analyze(turn, self._trace, self._parts)
        turn = self.turn = attrs.evolve(turn, resonance=resonance)
        with self._trace.stage("route"):
            decision = await self._route(turn)
        persona = self._parts.personas[decision.primary]
        self.turn = attrs.evolve(turn, decision=decision, persona=persona)
        return self.turn

    async def _route(self, turn: Turn) -> RoutingDecision:
        personas = self._parts.in_order
        if not personas:
            raise NoAnswerError("route", NO_PERSONA)
        wanted = self._request.persona
        forced = asked_persona(wanted, self._parts.personas) if wanted else None
        found = await self._hooks.route(turn, personas, self._trace)
        if found is None and forced is None:
            raise unanswered(ROUTERS, self._hooks, "", self._trace)
        decision = None
        if found is not None:
            decision, router = found[0], found[1].plugin
            if not decision.router:
                decision = attrs.evolve(decision, router=router)
        if forced is None and decision is not None:
            return held(decision, self._request.holding, self._thresholds())
        assert forced is not None  # noqa: S101  the two branches above leave nothing else
        return forced_decision(forced, decision)

    def _thresholds(self) -> Thresholds:
        chosen = self._means.settings.conversations.handover
        return Thresholds(chosen.clear_lead, chosen.mean_lead, chosen.weight)

    async def prompt_of(self, turn: Turn, persona: Persona) -> Prompt:
        """What a generator is told of a turn.

        Args:
            turn: the turn, with its reading and decision.
            persona: the persona that answers.

        Raises:
            NoAnswerError: nobody could build it.
        """
        prompt = await self._hooks.build_prompt(turn, persona, self._trace)
        if prompt is None:
            raise unanswered(PROMPTS, self._hooks, persona.name, self._trace)
        if self._request.parameters is not None:
            changed = attrs.asdict(
                self._request.parameters, filter=lambda _, value: value is not None
            )
            parameters = attrs.evolve(prompt.parameters, **changed)
            prompt = attrs.evolve(prompt, parameters=parameters)
        return await self._hooks.render_prompt(turn, prompt, self._trace)

    async def _lookup(self, key: CacheKey | None) -> Slot:
        if self._parts.cache is None:
            return Slot(bypass="no cache is active")
        if key is None:
            return Slot(bypass="the caller asked for a fresh answer")
        try:
            found = await self._parts.cache.lookup(key, self._trace)
            if isinstance(found, Pending):
                return await self._wait(self._parts.cache, key.digest, found)
            return Slot(key.digest, found)
        except HookError as error:
            if self._trace.remaining_s() <= 0:
                raise NoAnswerError(
                    "cache", LATE, RETRY_AFTER_S, detail=error.reason, late=True
                ) from error
            return Slot(key.digest, bypass=f"the cache failed: {error.reason}")

    async def _wait(self, cache: CacheCalls, digest: str, pending: Pending) -> Slot:
        """What comes of another turn's work, or the old answer where that takes too long.

        Raises:
            HookError: the cache failed, or the time was up and there is no old answer.
        """
        spare, begun_s = pending.spare, self._trace.remaining_s()
        reserve_s = begun_s * FINISH_SHARE if spare is not None else 0.0
        try:
            return Slot(digest, await cache.wait(pending.flight, self._trace, begun_s - reserve_s))
        except HookError:
            left_s = self._trace.remaining_s()
            if spare is None or left_s > reserve_s + ROUNDING_S:
                raise
            old = Stale(spare.reply, spare.age_s + begun_s - left_s)
            return Slot(digest, old, degraded=LATE)

    async def _renew(self, turn: Turn, prompt: Prompt, slot: Slot) -> None:
        """Have what the cache had made anew, where that is due."""
        if isinstance(slot.found, Hit | Stale) and slot.found.refresh is not None:
            due = Slot(slot.digest, Miss(slot.found.refresh))
            await self._means.refresh(Order(turn, prompt, due))

    async def _serve(self, turn: Turn, prompt: Prompt, slot: Slot) -> Reply:
        """The reply with what the cache had."""
        found = slot.found
        assert isinstance(found, Hit | Stale)  # noqa: S101  the caller has looked
        status = CacheStatus.HIT if isinstance(found, Hit) else CacheStatus.STALE
        outcome = CacheOutcome(status, slot.digest, found.age_s, reason=slot.degraded)
        answer = Answer.cached(found.reply)
        if slot.degraded:
            answer = attrs.evolve(answer, degraded=slot.degraded)
        return await self._finish(turn, prompt, answer, outcome)

    async def _answer(
        self, turn: Turn, prompt: Prompt, slot: Slot
    ) -> AsyncGenerator[ReplyEvent, None]:
        """Make the answer, and pass it on while it is made."""
        order = Order(turn, prompt, slot)
        answering = Answering(self._parts, self._means.clock, self._trace, order)
        async with aclosing(answering.deltas()) as deltas:
            async for delta in deltas:
                yield delta
        assert answering.answer and answering.outcome  # noqa: S101, PT018  without, deltas() raised
        yield ReplyDone(await self._finish(turn, prompt, answering.answer, answering.outcome))

    async def _finish(
        self, turn: Turn, prompt: Prompt, answer: Answer, cache: CacheOutcome
    ) -> Reply:
        reply = write_reply(turn, prompt, answer, cache, self._trace)
        with self._trace.stage("finish"):
            finished = await self._hooks.finish(reply, turn, self._trace)
        return complete(finished, self._trace)


async def give_back(lease: Lease, parts: Parts, trace: Trace) -> None:
    """Give a lease back that nobody will use."""
    if parts.cache is not None:
        await parts.cache.release(lease, trace)


def _context_of(request: TurnRequest) -> TurnContext:
    return TurnContext(history=request.history, summary=request.summary, notes=request.notes)


def _known(turn: Turn) -> tuple[Persona, RoutingDecision, Resonance]:
    assert turn.persona and turn.decision and turn.resonance  # noqa: S101, PT018  _understand() has filled them
    return turn.persona, turn.decision, turn.resonance
