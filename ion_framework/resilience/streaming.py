"""A streamed answer of a service that fails: deadlines, retries, fallback models, breakers.

What a generator plugin brings is an `Upstream`, one service asked once. `ResilientStream` asks it
as often as makes sense, and gives each turn either an answer or one typed error in time::

    answers = ResilientStream(upstream, models, settings, clock=clock, logger=logger)
    async for chunk in answers.answer(request, turn):
        ...

* Until the first piece of text an answer may be begun again: after connection errors, timeouts,
  429, 500, 502, 503, 504 and answers that ended before they began. What the service asks to wait
  is honoured where it fits into the turn's time; where it does not, nobody waits for nothing.
* After the first piece nothing is ever asked again: the reader would read it twice.
* Retries are limited by `RetryBudget`: to a tenth of the requests while all fail; every success
  pays for 0.4 more, so that there are never more than half as many retries as requests. An outage
  meets hardly more load than a good day, and a service that fails now and then is asked again.
* The next model is asked when one is out, before the first piece only. This is no retry: what a
  model in an outage is asked is bounded by its own breaker. The answer's `Finish` says that it is
  second best, so that it is flagged and kept by no cache. Models share the turn's time, and one
  that was silent, or asks for a long wait, is not asked again while another one is left.
* Silence counts against a model only where the turn granted it the time that the settings do: who
  asks for a quick answer must not be able to have a model left alone.
"""

from __future__ import annotations

import asyncio
import functools
import random as random_module
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from ion_framework.clock import Clock
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import Chunk
from ion_framework.pipeline.turn import Turn
from ion_framework.resilience.backoff import delay_s, full_jitter
from ion_framework.resilience.model_guard import ModelGuard
from ion_framework.resilience.retry_budget import RetryBudget
from ion_framework.resilience.stream_course import Course
from ion_framework.resilience.stream_settings import StreamSettings
from ion_framework.resilience.stream_try import StreamTry

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_RequestT = TypeVar("_RequestT")
_RequestT_contra = TypeVar("_RequestT_contra", contravariant=True)

RETRYABLE = frozenset(
    {
        FailureCause.UNREACHABLE,
        FailureCause.TIMEOUT,
        FailureCause.RATE_LIMITED,
        FailureCause.UNAVAILABLE,
        FailureCause.CUT_OFF,
    }
)
"""Causes after which the same request may well succeed; the others would be met again."""

_SAME_FOR_EVERY_MODEL = frozenset(
    {
        FailureCause.REJECTED,
        FailureCause.DENIED,
        FailureCause.UNREACHABLE,
        FailureCause.BUSY,
        FailureCause.MISCONFIGURED,
    }
)
"""Causes in the request, the credentials, this machine or the way: another model meets them."""


class Upstream(Protocol[_RequestT_contra]):
    """One service, asked once."""

    def stream(self, model: str, request: _RequestT_contra) -> AsyncGenerator[Chunk, None]:
        """The answer: text chunks, then one `Finish`; its ``tries`` is filled in later.

        Closing the generator, or cancelling who waits for it, stops the service's own work within
        250 ms. Without candidates, content or text to speak of it raises, it yields no `Finish`;
        ``safety`` alone may come without text.

        Raises:
            GenerationError: every failure, without secrets and without the service's own text; with
                0 tries where the service was not asked, which says nothing about it.
        """


class ResilientStream(Generic[_RequestT]):
    """Answers by a service that fails now and then. It belongs to one event loop.

    Args:
        upstream: the service.
        models: ids of the models, the preferred one first; at least one.
        settings: deadlines, retries, breaker.
        clock: where the time comes from; its monotonic time is that of the turns' deadlines.
        logger: gets one line for each change of a breaker.
        random: a number from 0 to below 1.

    Raises:
        ValueError: there is no model.
    """

    def __init__(  # noqa: PLR0913  a service, its policy, and the three seams
        self,
        upstream: Upstream[_RequestT],
        models: Sequence[str],
        settings: StreamSettings,
        *,
        clock: Clock,
        logger: FilteringBoundLogger,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        if not models:
            raise ValueError("ResilientStream needs at least one model")
        self._upstream = upstream
        self._settings = settings
        self._clock = clock
        self._guards = tuple(
            ModelGuard(model, settings, clock=clock, logger=logger, random=random)
            for model in dict.fromkeys(models)
        )
        self._jitter = functools.partial(
            full_jitter,
            base_s=settings.retry_base_s,
            longest_s=settings.retry_longest_s,
            random=random,
        )
        # Half the reserve each: together they hold what the settings say.
        by_requests = (settings.retry_reserve + 1) // 2
        by_successes = settings.retry_reserve // 2
        self._by_requests = RetryBudget(settings.retry_ratio, by_requests)
        self._by_successes = RetryBudget(settings.retry_success_ratio, by_successes)

    @property
    def guards(self) -> tuple[ModelGuard, ...]:
        """The models in order, each with its breaker."""
        return self._guards

    async def answer(self, request: _RequestT, turn: Turn) -> AsyncGenerator[Chunk, None]:
        """Text chunks, then one `Finish` with the number of tries.

        Args:
            request: what is asked, in the form that the upstream takes.
            turn: whose answer it is; its ``speak_by`` and ``deadline`` bound every wait.

        Raises:
            GenerationError: no model answered, or one broke off in the middle; with the number of
                tries, and where known the seconds after which to come back.
        """
        self._by_requests.deposit()
        course = Course(self._settings, self._clock, turn)
        begun = await self._begin(request, course)
        self._by_successes.deposit()
        async with aclosing(begun.chunks(course.tries, course.degraded)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _begin(self, request: _RequestT, course: Course) -> StreamTry:
        """The first try that says something.

        Raises:
            GenerationError: there is none.
        """
        for index, guard in enumerate(self._guards):
            course.turn_to(guard.model, self._guards[index + 1 :])
            begun = await self._begin_with(guard, request, course)
            if begun is not None:
                return begun
            if course.cause in _SAME_FOR_EVERY_MODEL:
                break
        raise course.error()

    async def _begin_with(
        self, guard: ModelGuard, request: _RequestT, course: Course
    ) -> StreamTry | None:
        """The same with one model, None where the next one is to be asked."""
        for attempt in range(self._settings.tries):
            try:
                return await self._try(guard, request, course)
            except GenerationError as error:
                course.note(error)
                wait_s = self._wait_s(attempt, error, course)
            if wait_s is None:
                return None
            course.waited_s += wait_s
            await asyncio.sleep(wait_s)
        return None

    async def _try(self, guard: ModelGuard, request: _RequestT, course: Course) -> StreamTry:
        course.check_room()
        limits = course.limits(guard.usual_s)
        admission = guard.admit(fair=limits.first.fair)
        begun = StreamTry(self._upstream.stream(guard.model, request), admission, limits)
        await begun.begin()
        course.tries += 1
        return begun

    def _wait_s(self, attempt: int, error: GenerationError, course: Course) -> float | None:
        """Seconds to wait before the same model is asked again, None: not again."""
        if error.cause not in RETRYABLE or attempt + 1 >= self._settings.tries:
            return None
        if course.others and self._is_better_asked_of_another(error, course):
            return None
        wait_s = delay_s(attempt, error.retry_after_s, course.room_s(), jitter=self._jitter)
        # From the fuller one: what would overflow is lost.
        budget = max(self._by_requests, self._by_successes, key=lambda one: one.balance)
        return wait_s if wait_s is not None and budget.withdraw() else None

    def _is_better_asked_of_another(self, error: GenerationError, course: Course) -> bool:
        """Whether the same model would probably cost more time than the turn should spend."""
        waits_s = course.waited_s + error.retry_after_s if error.retry_after_s else 0.0
        return error.cause is FailureCause.TIMEOUT or waits_s > self._settings.retry_longest_s
