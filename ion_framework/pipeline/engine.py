"""The engine: runs a turn through the hooks, stage by stage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

import attrs

from ion_framework.clock import Clock
from ion_framework.domain.language import detect_language
from ion_framework.domain.persona import Persona
from ion_framework.domain.prompt import Prompt
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingDecision
from ion_framework.errors import (
    HookError,
    NoAnswerError,
    TurnError,
    TurnRefusedError,
)
from ion_framework.pipeline.asked_persona import asked_persona, check_persona, forced_decision
from ion_framework.pipeline.cache import CachedReply, Hit, Lookup, Miss, Stale
from ion_framework.pipeline.cache_calls import CacheCalls
from ion_framework.pipeline.cache_key import make_key
from ion_framework.pipeline.chunks import FinishReason, TextChunk
from ion_framework.pipeline.context_bounds import bounded
from ion_framework.pipeline.events import Event, TurnCompleted, TurnFailed
from ion_framework.pipeline.generation import Generation
from ion_framework.pipeline.hooks import Hooks
from ion_framework.pipeline.memo import AnalysisMemo
from ion_framework.pipeline.receipt import CacheOutcome, CacheStatus
from ion_framework.pipeline.reply import Reply, ReplyDelta, ReplyDone, ReplyEvent, ReplyStarted
from ion_framework.pipeline.reply_writing import Answer, write_reply
from ion_framework.pipeline.request_check import check_request
from ion_framework.pipeline.storing import why_not_stored
from ion_framework.pipeline.trace import Trace
from ion_framework.pipeline.turn import Turn, TurnContext, TurnRequest
from ion_framework.pipeline.unanswered import (
    ANALYZERS,
    NO_PERSONA,
    PROMPTS,
    ROUTERS,
    unanswered,
)
from ion_framework.settings.model import Settings

CANCELLED = "cancelled"
"""Code of a turn whose caller left before the end."""


@attrs.frozen
class Parts:
    """What the engine works with; replaced as a whole when plugins come and go.

    Attributes:
        hooks: the hooks with their implementations.
        personas: the active personas by name.
        cache: the cache of replies, None without one.
        degraded: why every answer is second best just now, empty where it is not.
    """

    hooks: Hooks
    personas: Mapping[str, Persona]
    cache: CacheCalls | None
    degraded: str = ""


class Engine:
    """Runs turns.

    Args:
        parts: what to work with, asked at the start of every turn.
        settings: limits.
        clock: the clock.
        emit: where events go.
    """

    def __init__(
        self,
        parts: Callable[[], Parts],
        settings: Settings,
        clock: Clock,
        emit: Callable[[Event], None],
    ) -> None:
        self._parts = parts
        self._settings = settings
        self._clock = clock
        self._emit = emit
        self._memo = AnalysisMemo()

    async def stream(self, request: TurnRequest) -> AsyncGenerator[ReplyEvent, None]:
        """Answer a request as a stream: `ReplyStarted`, `ReplyDelta` …, `ReplyDone`.

        Raises:
            TurnError: there is no answer; says at which stage and why.
        """
        trace = Trace(self._clock, self._settings.turn.deadline_s)
        run = _Run(self, self._parts(), request, trace)
        completed = False
        try:
            async with aclosing(run.events()) as events:
                async for event in events:
                    if isinstance(event, ReplyDone):
                        completed = True
                        self._completed(request, event.reply, trace)
                    yield event
        except (GeneratorExit, asyncio.CancelledError):
            if not completed:
                self._failed(request, CANCELLED, "the caller left before the end", trace)
            raise
        except TurnError as error:
            detail = error.detail if isinstance(error, NoAnswerError) else ""
            self._failed(request, error.code, str(error), trace, detail)
            raise
        except Exception as error:
            self._failed(request, "internal_error", type(error).__name__, trace)
            raise

    async def analyze(self, turn: Turn, trace: Trace) -> Resonance:
        """The reading of a message; remembered by its text.

        Raises:
            NoAnswerError: no analyser is active, or none could read it.
        """
        request = turn.request
        if request.key is not None:
            language = request.language or detect_language(request.text)
            return Resonance.given(request.key, language)
        resonance = self._memo.get(request.text)
        if resonance is None:
            hooks = self._parts().hooks
            resonance = await hooks.analyze(turn, trace)
            if resonance is None:
                raise unanswered(ANALYZERS, hooks, "", trace)
            # A stand-in's reading is not for keeps: who passed or failed may say more next time.
            if trace.all_answered("ion_analyze"):
                self._memo.put(request.text, resonance)
        if request.language and request.language is not resonance.language:
            resonance = attrs.evolve(resonance, language=request.language)
        return resonance

    def forget(self) -> None:
        """Forget the remembered analyses."""
        self._memo.clear()

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self._settings

    @property
    def clock(self) -> Clock:
        """The clock."""
        return self._clock

    def _completed(self, request: TurnRequest, reply: Reply, trace: Trace) -> None:
        duration_s = trace.now_ms() / 1000
        self._emit(TurnCompleted(request, reply, self._clock.time(), duration_s))

    def _failed(
        self, request: TurnRequest, code: str, message: str, trace: Trace, detail: str = ""
    ) -> None:
        duration_s = trace.now_ms() / 1000
        self._emit(TurnFailed(request, code, message, self._clock.time(), duration_s, detail))


@attrs.frozen
class _Slot:
    """What the cache has for a turn: an answer, the lease to make one, or nothing to do with it."""

    digest: str = ""
    found: Lookup | None = None
    bypass: str = ""


class _Run:
    """One turn on its way."""

    def __init__(self, engine: Engine, parts: Parts, request: TurnRequest, trace: Trace) -> None:
        self._engine = engine
        self._parts = parts
        self._hooks = parts.hooks
        self._request = request
        self._trace = trace

    async def events(self) -> AsyncGenerator[ReplyEvent, None]:
        """The turn from guard to reply."""
        turn = await self._understand()
        persona, decision, resonance = _known(turn)
        with self._trace.stage("prompt"):
            prompt = await self._prompt(turn, persona)
        yield ReplyStarted(self._request.request_id, persona.name, resonance, decision)
        with self._trace.stage("cache"):
            slot = await self._lookup(turn, persona, prompt)
        if isinstance(slot.found, Hit | Stale):
            status = CacheStatus.HIT if isinstance(slot.found, Hit) else CacheStatus.STALE
            yield ReplyDelta(slot.found.reply.content)
            outcome = CacheOutcome(status, slot.digest, slot.found.age_s)
            answer = Answer.cached(slot.found.reply)
            yield ReplyDone(await self._finish(turn, prompt, answer, outcome))
            return
        async with aclosing(self._answer(turn, prompt, slot)) as events:
            async for event in events:
                yield event

    async def _understand(self) -> Turn:
        turn = Turn(self._request, _context_of(self._request))
        check_request(self._request)
        check_persona(self._request, self._parts.personas)
        with self._trace.stage("guard"):
            await self._hooks.guard(turn, self._trace)
        with self._trace.stage("context"):
            turn = await self._hooks.gather_context(turn, self._trace)
            bounds = self._engine.settings.context
            turn = attrs.evolve(turn, context=bounded(turn.context, bounds))
        with self._trace.stage("analyze"):
            resonance = await self._engine.analyze(turn, self._trace)
        turn = attrs.evolve(turn, resonance=resonance)
        with self._trace.stage("route"):
            decision = await self._route(turn)
        persona = self._parts.personas[decision.primary]
        return attrs.evolve(turn, decision=decision, persona=persona)

    async def _route(self, turn: Turn) -> RoutingDecision:
        personas = tuple(self._parts.personas.values())
        if not personas:
            raise NoAnswerError("route", NO_PERSONA)
        wanted = self._request.persona
        forced = asked_persona(wanted, self._parts.personas) if wanted else None
        found = await self._hooks.route(turn, personas, self._trace)
        if found is None and forced is None:
            raise unanswered(ROUTERS, self._hooks, "", self._trace)
        decision = None
        if found is not None:
            decision = attrs.evolve(found[0], router=found[0].router or found[1].plugin)
        if forced is None and decision is not None:
            return decision
        assert forced is not None  # noqa: S101  the two branches above leave nothing else
        return forced_decision(forced, decision)

    async def _prompt(self, turn: Turn, persona: Persona) -> Prompt:
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

    async def _lookup(self, turn: Turn, persona: Persona, prompt: Prompt) -> _Slot:
        if self._parts.cache is None:
            return _Slot(bypass="no cache is active")
        if not self._request.use_cache:
            return _Slot(bypass="the caller asked for a fresh answer")
        key = make_key(turn, persona, prompt, self._hooks.generator)
        try:
            return _Slot(key.digest, await self._parts.cache.lookup(key, self._trace))
        except HookError as error:
            return _Slot(key.digest, bypass=f"the cache failed: {error.reason}")

    async def _answer(
        self, turn: Turn, prompt: Prompt, slot: _Slot
    ) -> AsyncGenerator[ReplyEvent, None]:
        """Generate, pass on, and store what was sent."""
        generation = self._hooks.generation(self._trace)
        pieces: list[str] = []
        lease = slot.found.lease if isinstance(slot.found, Miss) else None
        try:
            with self._trace.stage("generate"):
                source = generation.chunks({"turn": turn, "prompt": prompt})
                chunks = self._hooks.transform_stream(turn, source, self._trace)
                async with aclosing(chunks):
                    async for chunk in chunks:
                        if isinstance(chunk, TextChunk):
                            pieces.append(chunk.text)
                            began_ms = self._trace.now_ms()
                            try:
                                yield ReplyDelta(chunk.text)
                            finally:
                                self._trace.held_since(began_ms)
            answer = self._completed_answer(generation, "".join(pieces))
            refused = why_not_stored(answer, generation, self._trace)
            outcome = await self._store(answer, refused, _known(turn)[0], slot)
        finally:
            # A lease that was used ignores this; one that was not must not keep others waiting.
            if lease is not None and self._parts.cache is not None:
                await self._parts.cache.release(lease, self._trace)
        yield ReplyDone(await self._finish(turn, prompt, answer, outcome))

    def _completed_answer(self, generation: Generation, content: str) -> Answer:
        finish = generation.finish
        if not content.strip():
            if finish is not None and finish.reason is FinishReason.SAFETY:
                raise TurnRefusedError(
                    generation.plugin, "safety", "the model declined to answer this message"
                )
            raise NoAnswerError(
                "generate", "nothing was left of the answer after its transformation"
            )
        degraded = "; ".join(filter(None, (*generation.failures, self._parts.degraded)))
        return Answer.generated(generation, content, degraded)

    async def _store(
        self, answer: Answer, refused: str, persona: Persona, slot: _Slot
    ) -> CacheOutcome:
        cache = self._parts.cache
        if cache is None or not isinstance(slot.found, Miss):
            return CacheOutcome(CacheStatus.BYPASS, slot.digest, reason=slot.bypass)
        if refused:
            return CacheOutcome(CacheStatus.MISS, slot.digest, reason=refused)
        reply = CachedReply(
            content=answer.content,
            usage=answer.usage,
            model=answer.model,
            generator=answer.generator,
            created_at=self._engine.clock.time(),
        )
        try:
            await cache.store(slot.found.lease, reply, persona.cache.ttl_s, self._trace)
        except HookError as error:
            reason = f"the cache failed: {error.reason}"
            return CacheOutcome(CacheStatus.MISS, slot.digest, reason=reason)
        return CacheOutcome(CacheStatus.MISS, slot.digest, stored=True)

    async def _finish(
        self, turn: Turn, prompt: Prompt, answer: Answer, cache: CacheOutcome
    ) -> Reply:
        reply = write_reply(turn, prompt, answer, cache, self._trace)
        with self._trace.stage("finish"):
            finished = await self._hooks.finish(reply, self._trace)
        receipt = attrs.evolve(
            finished.receipt,
            plugins=tuple(self._trace.participations),
            stages=tuple(self._trace.stages),
        )
        return attrs.evolve(finished, receipt=receipt)


def _context_of(request: TurnRequest) -> TurnContext:
    return TurnContext(history=request.history, summary=request.summary, notes=request.notes)


def _known(turn: Turn) -> tuple[Persona, RoutingDecision, Resonance]:
    assert turn.persona and turn.decision and turn.resonance  # noqa: S101, PT018  _understand() has filled them
    return turn.persona, turn.decision, turn.resonance
