"""What each toxic does to the data of one direction of one connection."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random
from typing import Any, Generic, Protocol, TypeVar

import attrs

from ion_framework.testing.network.toxics import (
    Bandwidth,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
    Toxic,
)

_T = TypeVar("_T", bound=Toxic)

_LONGEST_STEP_S = 0.1
"""A slow connection gets its data in steps of at most so many seconds, as in Toxiproxy."""


@attrs.frozen
class Piece:
    """Some data on its way."""

    data: bytes
    """The bytes; never empty."""
    read_at: float
    """When they were read, in seconds of the loop."""


class Lane(Protocol):
    """One direction of a connection, as its stages see it."""

    async def pass_on(self, piece: Piece, after: int) -> None:
        """Give data to the next stage after one, or send it."""

    async def pass_end(self, after: int) -> None:
        """Tell the next stage after one, or the other side, that the data has ended."""

    def close(self) -> None:
        """Close the connection, both sides."""

    def reset(self) -> None:
        """Reset the connection, both sides."""


class Stage(Generic[_T]):
    """A toxic at work: takes data, and passes on what it lets through.

    Args:
        toxic: what it does.
        lane: the direction of the connection that it stands in.
        number: its place; data goes from lower to higher numbers.
        random: where chance comes from.
    """

    def __init__(self, toxic: _T, lane: Lane, number: int, random: Random) -> None:
        self.toxic = toxic
        self.number = number
        self._lane = lane
        self._random = random
        self._removed = asyncio.Event()

    async def take(self, piece: Piece) -> None:
        """Data arrives."""
        await self._lane.pass_on(piece, self.number)

    async def end(self) -> None:
        """The data has ended."""
        await self._lane.pass_end(self.number)

    def remove(self) -> None:
        """The toxic was removed: what it holds back goes on at once."""
        self._removed.set()

    def dispose(self) -> None:
        """The connection is over."""

    async def _wait(self, seconds: float) -> None:
        """Sleep, but not beyond the removal of the toxic."""
        if seconds > 0 and not self._removed.is_set():
            with suppress(TimeoutError):  # the ordinary end of the sleep
                await asyncio.wait_for(self._removed.wait(), seconds)


class _LatencyStage(Stage[Latency]):
    async def take(self, piece: Piece) -> None:
        jitter = self.toxic.jitter_s
        delay = self.toxic.latency_s + self._random.uniform(-jitter, jitter)
        await self._wait(piece.read_at + delay - asyncio.get_running_loop().time())
        await super().take(piece)


class _BandwidthStage(Stage[Bandwidth]):
    async def take(self, piece: Piece) -> None:
        rate = self.toxic.bytes_per_s
        step = max(1, int(rate * _LONGEST_STEP_S))
        for start in range(0, len(piece.data), step):
            part = piece.data[start : start + step]
            await self._wait(len(part) / rate)
            await super().take(attrs.evolve(piece, data=part))


class _SlowCloseStage(Stage[SlowClose]):
    async def end(self) -> None:
        await self._wait(self.toxic.delay_s)
        await super().end()


class _TimeoutStage(Stage[Timeout]):
    def __init__(self, toxic: Timeout, lane: Lane, number: int, random: Random) -> None:
        super().__init__(toxic, lane, number, random)
        self._timer: asyncio.TimerHandle | None = None
        self._rearm()

    async def take(self, piece: Piece) -> None:
        if self._removed.is_set():
            await super().take(piece)
        else:
            self._rearm()

    async def end(self) -> None:
        # Like data, the end gets lost; closing is up to the timer or to the removal.
        if self._removed.is_set():
            await super().end()

    def remove(self) -> None:
        super().remove()
        self._lane.close()

    def dispose(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _rearm(self) -> None:
        self.dispose()
        if self.toxic.timeout_s:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self.toxic.timeout_s, self._lane.close)


class _ResetPeerStage(Stage[ResetPeer]):
    async def take(self, piece: Piece) -> None:
        if await self._spared():
            await super().take(piece)

    async def end(self) -> None:
        if await self._spared():
            await super().end()

    async def _spared(self) -> bool:
        """Reset the connection after the time; True: the toxic was removed before."""
        await self._wait(self.toxic.timeout_s)
        if self._removed.is_set():
            return True
        self._lane.reset()
        return False


class _SlicerStage(Stage[Slicer]):
    async def take(self, piece: Piece) -> None:
        start = 0
        while start < len(piece.data):
            if start:
                await self._wait(self.toxic.delay_s)
            stop = len(piece.data) if self._removed.is_set() else start + self._size()
            await super().take(attrs.evolve(piece, data=piece.data[start:stop]))
            start = stop

    def _size(self) -> int:
        variation = self.toxic.size_variation
        return self.toxic.average_size + self._random.randint(-variation, variation)


class _LimitDataStage(Stage[LimitData]):
    def __init__(self, toxic: LimitData, lane: Lane, number: int, random: Random) -> None:
        super().__init__(toxic, lane, number, random)
        self._left = toxic.limit_bytes

    async def take(self, piece: Piece) -> None:
        if self._removed.is_set():
            await super().take(piece)
            return
        allowed = piece.data[: self._left]
        self._left -= len(allowed)
        if allowed:
            await super().take(attrs.evolve(piece, data=allowed))
        if not self._left:
            self._lane.close()


_STAGES: dict[type[Toxic], type[Stage[Any]]] = {
    Latency: _LatencyStage,
    Bandwidth: _BandwidthStage,
    SlowClose: _SlowCloseStage,
    Timeout: _TimeoutStage,
    ResetPeer: _ResetPeerStage,
    Slicer: _SlicerStage,
    LimitData: _LimitDataStage,
}


def stage_type(toxic: Toxic) -> type[Stage[Any]]:
    """What does the work of a toxic.

    Raises:
        TypeError: it is no toxic that works on data.
    """
    kind = _STAGES.get(type(toxic))
    if kind is None:
        known = ", ".join(known.__name__ for known in _STAGES)
        raise TypeError(f"{toxic!r} does not work on data; what does: {known}")
    return kind
