"""The engine: runs turns, remembers readings, and makes stored answers anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self

import attrs

from ion_framework.clock import Clock
from ion_framework.domain.language import detect_language
from ion_framework.domain.prompt import Prompt
from ion_framework.domain.resonance import Resonance
from ion_framework.errors import NoAnswerError, TurnError
from ion_framework.pipeline.answering import Answering, Order
from ion_framework.pipeline.cache import Miss
from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.events import AnswerRefreshed, Event, TurnCompleted, TurnFailed
from ion_framework.pipeline.memo import AnalysisMemo
from ion_framework.pipeline.parts import Parts
from ion_framework.pipeline.parts_in_use import PartsInUse
from ion_framework.pipeline.refreshing import Refreshes
from ion_framework.pipeline.rehearsal import Rehearsal
from ion_framework.pipeline.remembered import TurnMemo
from ion_framework.pipeline.reply import Reply, ReplyDone, ReplyEvent
from ion_framework.pipeline.run import Means, Run, give_back
from ion_framework.pipeline.taps import Taps, TurnTold
from ion_framework.pipeline.trace import Trace
from ion_framework.pipeline.turn import Turn, TurnRequest
from ion_framework.pipeline.unanswered import ANALYZERS, unanswered
from ion_framework.settings.model import Settings

CANCELLED = "cancelled"
"""Code of a turn whose caller left before the end."""


class Engine:
    """Runs turns.

    Attributes:
        taps: who listens to whole turns.
        in_use: which parts turns still work with.

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
        self.taps = Taps()
        self.in_use = PartsInUse()
        self._memo = AnalysisMemo()
        self._refreshes = Refreshes()
        self._turns = TurnMemo(parts)
        self._means = Means(settings, clock, self.analyze, self._refresh, self._known_turns)

    async def respond(self, request: TurnRequest) -> Reply:
        """Answer a request at once.

        Args:
            request: the request.

        Raises:
            TurnError: there is no answer; says at which stage and why.
        """
        trace = self._new_trace(request)
        parts = self._parts()
        run = Run(self._means, parts, request, trace)
        with self.in_use.using(parts), _Watch(self, run, trace) as watch:
            reply = await run.reply()
            watch.completed(reply)
        return reply

    async def stream(
        self, request: TurnRequest, resonance: Resonance | None = None
    ) -> AsyncGenerator[ReplyEvent, None]:
        """Answer a request as a stream: `ReplyStarted`, `ReplyDelta` …, `ReplyDone`.

        Args:
            request: the request.
            resonance: the reading of its message, where it is known already.

        Raises:
            TurnError: there is no answer; says at which stage and why.
        """
        trace = self._new_trace(request)
        parts = self._parts()
        run = Run(self._means_with(resonance), parts, request, trace)
        with self.in_use.using(parts), _Watch(self, run, trace) as watch:
            async with aclosing(run.events()) as events:
                async for event in events:
                    if isinstance(event, ReplyDone):
                        watch.completed(event.reply)
                    yield event

    async def rehearse(self, request: TurnRequest, resonance: Resonance | None = None) -> Rehearsal:
        """Take a turn as far as its prompt: guards, context, reading, routing.

        Args:
            request: the request.
            resonance: the reading of its message, where it is known already.

        Raises:
            TurnError: it does not come that far.
        """
        trace = self._new_trace(request)
        with self.in_use.using(self._parts()) as parts:
            run = Run(self._means_with(resonance), parts, request, trace)
            prompt = await run.rehearse()
        return Rehearsal(turn=run.turn, prompt=prompt, stages=tuple(trace.stages))

    async def prompt_of(self, turn: Turn) -> Prompt:
        """What a generator is told of a turn.

        Args:
            turn: a turn with its reading, its decision and its persona.

        Raises:
            NoAnswerError: nobody could build it.
        """
        assert turn.persona  # noqa: S101  the caller has it
        trace = self._new_trace(turn.request)
        with self.in_use.using(self._parts()) as parts:
            run = Run(self._means, parts, turn.request, trace)
            return await run.prompt_of(turn, turn.persona)

    async def analyze(self, turn: Turn, trace: Trace, parts: Parts | None = None) -> Resonance:
        """The reading of a message; remembered by its text.

        Args:
            turn: the turn.
            trace: its notes.
            parts: what it works with; by default what turns begin with now.

        Raises:
            NoAnswerError: no analyser is active, or none could read it.
        """
        request = turn.request
        if request.key is not None:
            language = request.language or detect_language(request.text)
            return Resonance.given(request.key, language)
        resonance = self._memo.get(request.text)
        if resonance is None:
            parts = parts or self._parts()
            hooks = parts.hooks
            resonance = await hooks.analyze(turn, trace)
            if resonance is None:
                raise unanswered(ANALYZERS, hooks, "", trace)
            # A stand-in's reading is not for keeps: who passed or failed may say more next time.
            # Nor is that of an analyser that was taken out meanwhile.
            if trace.all_answered("ion_analyze") and parts is self._parts():
                self._memo.put(request.text, resonance)
        if request.language and request.language is not resonance.language:
            resonance = attrs.evolve(resonance, language=request.language)
        return resonance

    def open(self) -> None:
        """Let stored answers be made anew."""
        self._refreshes.open()

    async def close(self) -> None:
        """Cut off the answers that are being made anew."""
        await self._refreshes.close()

    def forget(self) -> None:
        """Forget the remembered analyses and turns."""
        self._memo.clear()
        self._turns.clear()

    def _known_turns(self) -> TurnMemo | None:
        """The remembered turns; none where somebody listens, who is told of every stage."""
        return None if self.taps else self._turns

    def _means_with(self, resonance: Resonance | None) -> Means:
        if resonance is None:
            return self._means

        async def known(_turn: Turn, _trace: Trace, _parts: Parts) -> Resonance:
            return resonance

        return attrs.evolve(self._means, analyze=known, turns=_none)

    def _new_trace(self, request: TurnRequest) -> Trace:
        own_s, asked_s = self._settings.turn.deadline_s, request.deadline_s
        if asked_s is None or asked_s >= own_s:
            return Trace(self._clock, own_s)
        return Trace(self._clock, asked_s, shortened=True)

    async def _refresh(self, due: Order) -> None:
        # Nobody waits for it, so the time that the caller gave does not bind it.
        trace = Trace(self._clock, self._settings.turn.deadline_s)
        if not self._refreshes.begin(lambda: self._make_anew(due, trace)):
            assert isinstance(due.slot.found, Miss)  # noqa: S101  made of a lease
            await give_back(due.slot.found.lease, self._parts(), trace)

    async def _make_anew(self, due: Order, trace: Trace) -> None:
        parts = self._parts()
        answering = Answering(parts, self._clock, trace, due)
        message = ""
        try:
            with self.in_use.using(parts):
                async with aclosing(answering.deltas()) as deltas:
                    async for _ in deltas:
                        pass
        except TurnError as error:
            message = str(error)
        outcome, answer = answering.outcome, answering.answer
        self._emit(
            AnswerRefreshed(
                due.turn.request,
                succeeded=outcome is not None and outcome.stored,
                message=message or (outcome.reason if outcome else ""),
                usage=answer.usage if answer else Usage(),
                at=self._clock.time(),
                duration_s=trace.now_ms() / 1000,
            )
        )

    def completed(self, run: Run, reply: Reply, trace: Trace) -> None:
        """Tell that a turn was answered."""
        at, request = self._clock.time(), run.turn.request
        self._emit(TurnCompleted(request, reply, at, trace.now_ms() / 1000))
        if self.taps:
            self._tell(run, trace, at, reply=reply)

    def failed(self, run: Run, code: str, message: str, trace: Trace, detail: str = "") -> None:
        """Tell that a turn ended without an answer."""
        at, request = self._clock.time(), run.turn.request
        chosen = run.turn.persona.name if run.turn.persona else ""
        self._emit(TurnFailed(request, code, message, at, trace.now_ms() / 1000, detail, chosen))
        if self.taps:
            self._tell(run, trace, at, code=code, message=message)

    def _tell(
        self,
        run: Run,
        trace: Trace,
        at: float,
        **ending: Any,
    ) -> None:
        spent_ms, stages = trace.spent_ms(), tuple(trace.stages)
        ending = {"reply": None, **ending}
        self.taps.tell(
            TurnTold(
                turn=run.turn, prompt=run.prompt, stages=stages, at=at, spent_ms=spent_ms, **ending
            )
        )


def _none() -> None:
    """No remembered turns: this one is read by somebody else."""


class _Watch:
    """Tells how a turn ended, whatever ends it.

    Args:
        engine: whose turn it is.
        run: the turn.
        trace: its notes.
    """

    __slots__ = ("_engine", "_is_completed", "_run", "_trace")

    def __init__(self, engine: Engine, run: Run, trace: Trace) -> None:
        self._engine = engine
        self._run = run
        self._trace = trace
        self._is_completed = False

    def completed(self, reply: Reply) -> None:
        """The turn is answered."""
        self._is_completed = True
        self._engine.completed(self._run, reply, self._trace)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            return
        if isinstance(error, GeneratorExit | asyncio.CancelledError):
            if not self._is_completed:
                self._tell(CANCELLED, "the caller left before the end")
        elif isinstance(error, TurnError):
            detail = error.detail if isinstance(error, NoAnswerError) else ""
            self._tell(error.code, str(error), detail)
        elif isinstance(error, Exception):
            self._tell("internal_error", type(error).__name__)

    def _tell(self, code: str, message: str, detail: str = "") -> None:
        self._engine.failed(self._run, code, message, self._trace, detail)
