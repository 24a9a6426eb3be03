"""Generating an answer: one generator after the other, until one speaks."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from typing import Any

import attrs

from ion_framework.errors import (
    FOR_OPERATORS,
    FailureCause,
    GenerationError,
    HookError,
    NoAnswerError,
)
from ion_framework.pipeline.calling import attempt
from ion_framework.pipeline.chunks import Chunk, Finish, FinishReason, Usage
from ion_framework.pipeline.containment import Visit
from ion_framework.pipeline.families import FAIR_SHARE, Budget, outcome_of
from ion_framework.pipeline.implementation import Implementation
from ion_framework.pipeline.reading import check_chunk, noted_place, read_stream
from ion_framework.pipeline.receipt import Attempt, Outcome
from ion_framework.pipeline.supervision import Overrun
from ion_framework.pipeline.trace import Trace
from ion_framework.pipeline.turn import Turn
from ion_framework.settings.model import TurnSettings

RETRY_AFTER_S = 5
"""Seconds after which a caller may try again where plugins failed."""

NO_GENERATOR = (
    "no generator is active: install ion-offline (no key needed) or ion-gemini, "
    "and see `ion plugins` for what is installed"
)

TIME_UP = ", and the time of the turn was up"

STAND_IN_S = 0.5
STAND_IN_SHARE = 0.1
"""Seconds that are kept for generators with ``fallback = true``, and the share of the remaining
time that they are at most: a stand-in begins at once, so that a model need not give half for it."""


class _Progress:
    """How far one attempt has come, and how long its next piece of text may take."""

    def __init__(self, trace: Trace, limits: TurnSettings, share_s: float) -> None:
        self.started_ms = trace.spent_ms()
        self.first_token_ms: float | None = None
        self.finish: Finish | None = None
        self._trace = trace
        self._limits = limits
        first_s = min(limits.first_token_s, share_s)
        self.speak_by = trace.began + trace.now_ms() / 1000 + first_s
        self._until_ms = trace.now_ms() + first_s * 1000

    def renew(self) -> None:
        """Begin to wait for a further piece; the time that the caller took does not count."""
        self._until_ms = self._trace.now_ms() + self._limits.next_token_s * 1000

    def patience_s(self) -> float:
        """Seconds that the next piece may still take, 0 or less when time is up."""
        return min((self._until_ms - self._trace.now_ms()) / 1000, self._trace.remaining_s())


class Generation:
    """One answer in the making.

    Attributes:
        plugin: the generator that speaks, empty before the first piece of text.
        model: its model.
        finish: how it ended, None before the end.
        failures: which generators failed and when, one sentence each, in the core's own words.
        details: what they said of it, for operators.
        causes: the typed error of each, None where it raised another.
    """

    def __init__(
        self,
        implementations: Sequence[Implementation],
        models: Mapping[str, str],
        trace: Trace,
        limits: TurnSettings,
    ) -> None:
        self._implementations = implementations
        self._models = models
        self._trace = trace
        self._limits = limits
        self.plugin = ""
        self.model = ""
        self.finish: Finish | None = None
        self.failures: list[str] = []
        self.details: list[str] = []
        self.causes: list[GenerationError | None] = []

    @property
    def by_first(self) -> bool:
        """Whether the first generator speaks, whose name is in the cache key."""
        return bool(self._implementations) and self.plugin == self._implementations[0].plugin

    @property
    def by_preferred(self) -> bool:
        """Whether the first generator speaks, and none failed: nobody stands in for it."""
        return self.by_first and not self.failures

    async def chunks(self, values: Mapping[str, object]) -> AsyncGenerator[Chunk, None]:
        """The answer: pieces of text, then one `Finish`.

        Args:
            values: the arguments of ``ion_generate`` by name.

        Raises:
            NoAnswerError: there is no generator, or none got as far as a first piece of text.
        """
        if not self._implementations:
            raise NoAnswerError("generate", NO_GENERATOR)
        budget = Budget(self._trace, self._trace.remaining_s())
        for index, item in enumerate(self._implementations):
            share_s = self._share_s(budget, index)
            progress = _Progress(self._trace, self._limits, share_s)
            told = {**values, "turn": self._timed(values["turn"], progress)}
            async with aclosing(self._attempt(item, told, share_s, progress)) as own:
                async for chunk in own:
                    yield chunk
            if self.finish is not None:
                return
        if not self.failures:
            raise NoAnswerError("generate", "no generator could answer: every one passed")
        raise self._nobody()

    def _share_s(self, budget: Budget, index: int) -> float:
        """Seconds for a generator: an equal part, where stand-ins behind a model count little."""
        waiting = self._implementations[index:]
        models = sum(not item.fallback for item in waiting)
        if waiting[0].fallback or models == len(waiting):
            return budget.share(len(waiting))
        left_s = budget.share(1)
        return (left_s - min(STAND_IN_S, left_s * STAND_IN_SHARE)) / models

    def _nobody(self) -> NoAnswerError:
        everybody = len(self.causes) == len(self._implementations)
        rejected = everybody and self._all_failed_by(frozenset({FailureCause.REJECTED}))
        return NoAnswerError(
            "generate",
            f"no generator could answer: {'; '.join(self.failures)}",
            None if rejected or self._all_failed_by(FOR_OPERATORS) else self._retry_after_s(),
            detail="; ".join(self.details),
            repeatable=rejected,
            late=self._trace.remaining_s() <= 0 or any(one.late for one in self.causes if one),
        )

    def _all_failed_by(self, causes: AbstractSet[FailureCause]) -> bool:
        return all(one is not None and one.cause in causes for one in self.causes)

    def _retry_after_s(self) -> int:
        asked = [one.retry_after_s for one in self.causes if one and one.retry_after_s]
        return math.ceil(max(asked, default=RETRY_AFTER_S))

    def _timed(self, turn: object, progress: _Progress) -> object:
        """The turn with the time that this generator has."""
        if not isinstance(turn, Turn):
            return turn
        return attrs.evolve(turn, deadline=self._trace.deadline, speak_by=progress.speak_by)

    async def _attempt(
        self,
        item: Implementation,
        values: Mapping[str, object],
        share_s: float,
        progress: _Progress,
    ) -> AsyncGenerator[Chunk, None]:
        """One generator's chunks; ends without a `Finish` where the next one is to be asked."""
        try:
            visit = Visit(item)
        except HookError as error:
            self._failed(item, progress, error)
            return
        usual_s = min(self._limits.first_token_s, self._trace.limit_s)
        fair = not self._trace.shortened and share_s >= usual_s * FAIR_SHARE
        try:
            stream: Any = await attempt(item, values, share_s)
            if stream is None:
                visit.succeeded()
                self._trace.note(item, Outcome.PASSED, progress.started_ms)
                return
            async with aclosing(self._read(item, stream, progress)) as chunks:
                async for chunk in chunks:
                    yield chunk
            if progress.finish is None:
                raise HookError(item.hook, item.plugin, "its stream was cut off")  # noqa: TRY301  one path for every failure
        except HookError as error:
            visit.failed(error, fair=fair)
            self._failed(item, progress, error)
            if progress.first_token_ms is None:
                return
            usage = _spent(_typed(error))
            progress.finish = Finish(FinishReason.TRUNCATED, usage, self.model)
        except GeneratorExit:
            visit.withdrawn()
            self._record(item, progress, error="not read to its end")
            raise
        except asyncio.CancelledError:
            visit.withdrawn()
            raise
        else:
            visit.succeeded()
            self._succeeded(item, progress)
        self.finish = progress.finish
        yield progress.finish

    async def _read(
        self, item: Implementation, stream: AsyncIterator[Any], progress: _Progress
    ) -> AsyncGenerator[Chunk, None]:
        pieces = read_stream(item, stream, progress.patience_s, noted_place(item))
        async with aclosing(pieces) as chunks:
            async for chunk in chunks:
                if isinstance(chunk, Finish):
                    progress.finish = self._checked(item, chunk, progress)
                    return
                text = check_chunk(item, chunk).text
                # A generator that always has something ready never waits, so time is seen here.
                if self._trace.remaining_s() <= 0 or not (text or progress.patience_s() > 0):
                    reason = "gave no text in time"
                    raise HookError(item.hook, item.plugin, reason) from Overrun(reason)
                if not text:
                    continue
                if progress.first_token_ms is None:
                    progress.first_token_ms = self._trace.spent_ms() - progress.started_ms
                    self.plugin, self.model = item.plugin, self._models.get(item.plugin, "")
                yield chunk
                progress.renew()

    def _checked(self, item: Implementation, finish: Finish, progress: _Progress) -> Finish:
        if progress.first_token_ms is None and finish.reason is not FinishReason.SAFETY:
            raise HookError(item.hook, item.plugin, "ended without a word")
        self.plugin = item.plugin
        self.model = finish.model or self._models.get(item.plugin, "")
        return attrs.evolve(finish, model=self.model)

    def _failed(self, item: Implementation, progress: _Progress, error: HookError) -> None:
        early = progress.first_token_ms is None
        when = "before its first word" if early else "in the middle of its answer"
        typed = _typed(error)
        late = self._is_late(typed)
        time_up = TIME_UP if late else ""
        reason = error.reason + time_up
        # Callers read the first; an exception's own words are for operators only.
        self.failures.append(f"the generator {item.plugin} failed {when}{time_up}")
        self.details.append(f"{item.plugin}: {reason}")
        self.causes.append(typed)
        self._trace.note(item, outcome_of(error), progress.started_ms, reason)
        self._record(item, progress, error=reason, typed=typed)

    def _is_late(self, typed: GenerationError | None) -> bool:
        return self._trace.remaining_s() <= 0 or bool(typed and typed.late)

    def _succeeded(self, item: Implementation, progress: _Progress) -> None:
        self._trace.note(item, Outcome.ANSWERED, progress.started_ms)
        self._record(item, progress)

    def _record(
        self,
        item: Implementation,
        progress: _Progress,
        *,
        error: str = "",
        typed: GenerationError | None = None,
    ) -> None:
        said = typed or progress.finish
        self._trace.attempts.append(
            Attempt(
                plugin=item.plugin,
                model=self._models.get(item.plugin, ""),
                succeeded=not error,
                first_token_ms=progress.first_token_ms,
                duration_ms=self._trace.spent_ms() - progress.started_ms,
                error=error,
                cause=typed.cause.value if typed else "",
                tries=said.tries if said else 1,
                late=bool(error) and self._is_late(typed),
            )
        )


def _typed(error: HookError) -> GenerationError | None:
    """What the generator itself said of its failure."""
    return error.__cause__ if isinstance(error.__cause__, GenerationError) else None


def _spent(error: GenerationError | None) -> Usage:
    """What was spent on an answer that broke off; a third party may have put anything there."""
    spent: object = error.usage if error else None
    return spent if isinstance(spent, Usage) else Usage()
