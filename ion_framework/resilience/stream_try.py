"""One try at an answer: the stream of an upstream, each wait of it bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import attrs

from ion_framework.clock import Clock
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import Chunk, Finish, FinishReason, TextChunk
from ion_framework.resilience.model_guard import Admission

_NEARLY_S = 0.1
"""A caller who leaves so shortly before the end of the wait left because of the wait."""


@attrs.frozen
class TryLimits:
    """How long a try may take; all moments are on the clock's monotonic time.

    Attributes:
        clock: the clock.
        first_by: when the first piece of text is due.
        next_s: seconds from one piece to the next.
        end: when the whole answer is due.
    """

    clock: Clock
    first_by: float
    next_s: float
    end: float


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
        self._until = limits.first_by
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
                self._until = min(
                    self._limits.clock.monotonic() + self._limits.next_s, self._limits.end
                )
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
        )

    async def _next(self, missing: str) -> Chunk:
        """The next piece that says something, or the end."""
        while True:
            chunk = await self._pull(missing)
            if not isinstance(chunk, TextChunk) or chunk.text:
                return chunk

    async def _pull(self, missing: str) -> Chunk:
        began = self._limits.clock.monotonic()
        left_s = self._until - began
        # A stream that always has something ready never waits, so that time is seen here.
        if left_s <= 0:
            raise GenerationError(FailureCause.TIMEOUT, "its time was up")
        limit = asyncio.timeout(left_s)
        try:
            async with limit:
                chunk = await anext(self._stream)
        except StopAsyncIteration:
            raise GenerationError(
                FailureCause.CUT_OFF, "the answer ended without saying that it ended"
            ) from None
        except TimeoutError:
            if not limit.expired():
                raise
            waited = self._limits.clock.monotonic() - began
            raise GenerationError(
                FailureCause.TIMEOUT, f"{missing} came within {waited:.3g} s"
            ) from None
        return chunk

    async def _broke(self, error: BaseException) -> None:
        """Tell the guard how it ended, and let go of the service."""
        if isinstance(error, GenerationError):
            self._admission.failed(error.cause)
        elif self._limits.clock.monotonic() >= self._until - _NEARLY_S:
            self._admission.failed(FailureCause.TIMEOUT)
        elif isinstance(error, asyncio.CancelledError):
            self._admission.abandoned()
        else:
            self._admission.failed(FailureCause.BAD_ANSWER)
        await self._stream.aclose()
