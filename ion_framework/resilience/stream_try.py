"""One try at an answer: the stream of an upstream, each wait of it bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import attrs

from ion_framework.clock import Clock
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import Chunk, Finish, FinishReason, TextChunk
from ion_framework.resilience.model_guard import Admission

LONGEST_ANSWER = 1024 * 1024
"""Characters of an answer; more is no answer but a service that has lost its way."""

_NEARLY_S = 0.1
"""A caller who leaves so shortly before the end of the wait left because of the wait."""


@attrs.frozen
class Due:
    """When something of an answer is due, and who set that moment.

    Attributes:
        at: the moment, on the clock's monotonic time.
        fair: whether silence until then speaks against the service. It does not where the caller
            has little time: anybody may say so, and a service that works would be left alone.
        late: whether the time of the turn is up then.
    """

    at: float
    fair: bool = True
    late: bool = False


@attrs.frozen
class TryLimits:
    """How long a try may take.

    Attributes:
        clock: the clock.
        first: when the first piece of text is due.
        next_s: seconds from one piece to the next.
        end: when the whole answer is due.
    """

    clock: Clock
    first: Due
    next_s: float
    end: Due


class StreamTry:
    """One try. `begin` it, then read its `chunks`; whoever fails to read them closes it.

    Args:
        stream: what the upstream gives.
        admission: leave of the model's guard; told once how it went.
        limits: how long it may take.
    """

    def __init__(
        self, stream: AsyncGenerator[Chunk, None], admission: Admission, limits: TryLimits
    ) -> None:
        self._stream = stream
        self._admission = admission
        self._limits = limits
        self._due = limits.first
        self._expired = False
        self._length = 0
        self._first: Chunk | None = None

    async def begin(self) -> None:
        """Wait for the first piece of text, or for a refusal.

        Raises:
            GenerationError: neither came; the stream is closed.
        """
        try:
            first = await self._next("no text")
            if isinstance(first, Finish) and first.reason is not FinishReason.SAFETY:
                raise GenerationError(FailureCause.EMPTY, "it ended without a word")  # noqa: TRY301  one path for every failure
        except BaseException as error:
            await self._broke(error)
            raise
        self._first = first
        self._admission.answered()

    async def chunks(self, tries: int, degraded: str = "") -> AsyncGenerator[Chunk, None]:
        """The text, then one `Finish`.

        Args:
            tries: how often the service was asked for this answer, noted in the end or the error.
            degraded: why the answer is second best, noted in the end.

        Raises:
            GenerationError: the answer broke off.
        """
        chunk = self._first
        assert chunk is not None  # noqa: S101  begin() has filled it
        try:
            while isinstance(chunk, TextChunk):
                yield chunk
                next_by = self._limits.clock.monotonic() + self._limits.next_s
                self._due = min(Due(next_by), self._limits.end, key=lambda due: due.at)
                chunk = await self._next("nothing more")
        except GenerationError as error:
            raise self._named(error, tries) from error.__cause__
        finally:
            await self._stream.aclose()
        yield attrs.evolve(chunk, tries=tries, degraded=degraded)

    def _named(self, error: GenerationError, tries: int) -> GenerationError:
        """The error with what only this try knows."""
        return GenerationError(
            error.cause,
            f"{self._admission.model}: {error}",
            retry_after_s=error.retry_after_s,
            tries=tries,
            late=error.late,
            usage=error.usage,
        )

    async def _next(self, missing: str) -> Chunk:
        """The next piece that says something, or the end."""
        while True:
            chunk = await self._pull(missing)
            if not isinstance(chunk, TextChunk):
                return chunk
            self._length += len(chunk.text)
            if self._length > LONGEST_ANSWER:
                words = f"the answer is longer than {LONGEST_ANSWER} characters"
                raise GenerationError(FailureCause.BAD_ANSWER, words)
            if chunk.text:
                return chunk

    async def _pull(self, missing: str) -> Chunk:
        began = self._limits.clock.monotonic()
        left_s = self._due.at - began
        # A stream that always has something ready never waits, so that time is seen here.
        if left_s <= 0:
            raise self._overdue("its time was up")
        limit = asyncio.timeout(left_s)
        try:
            async with limit:
                chunk = await anext(self._stream)
        except StopAsyncIteration:
            raise GenerationError(
                FailureCause.CUT_OFF, "the answer ended without saying that it ended"
            ) from None
        except (TimeoutError, GenerationError):
            # A client that is cancelled in its work may end it with an error of its own.
            if not limit.expired():
                raise
            waited = self._limits.clock.monotonic() - began
            raise self._overdue(f"{missing} came within {waited:.3g} s") from None
        return chunk

    def _overdue(self, words: str) -> GenerationError:
        self._expired = True
        return GenerationError(FailureCause.TIMEOUT, words, late=self._due.late)

    async def _broke(self, error: BaseException) -> None:
        """Tell the guard how it ended, and let go of the service."""
        if self._expired or isinstance(error, asyncio.CancelledError):
            nearly = self._limits.clock.monotonic() >= self._due.at - _NEARLY_S
            self._waited() if nearly else self._admission.abandoned()
        elif isinstance(error, GenerationError):
            self._admission.failed(error.cause) if error.tries else self._admission.abandoned()
        else:
            self._admission.failed(FailureCause.BAD_ANSWER)
        await self._stream.aclose()

    def _waited(self) -> None:
        """The model said nothing until its time was up."""
        if self._due.fair:
            self._admission.failed(FailureCause.TIMEOUT)
        else:
            self._admission.abandoned()
