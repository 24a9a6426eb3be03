"""All streams of one process that can be come back to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any

from ion_host_aiohttp.streaming.replay import Owner, Replay

KEPT_S = 60.0
"""Seconds for which a stream that has ended is kept."""
MOST_PER_OWNER = 32
MOST_BYTES_IN_ALL = 33554432
"""What is kept of streams that have ended, in all; the oldest go first."""
_EVENT_ID = re.compile(r"([A-Za-z0-9_-]{1,64}):([0-9]{1,9})")


def parse_event_id(text: str) -> tuple[str, int] | None:
    """The stream and the number that an event's id names, None where it is no such id."""
    found = _EVENT_ID.fullmatch(text.strip())
    return (found[1], int(found[2])) if found else None


class Replays:
    """Remembers streams, and holds the tasks that make their events.

    Args:
        kept_s: seconds for which a stream that has ended is kept.
    """

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._kept_s = kept_s
        self._known: dict[str, Replay] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}

    @property
    def known(self) -> int:
        """How many streams are kept, those that still run included."""
        return len(self._known)

    @property
    def running(self) -> int:
        """How many streams are being made."""
        return len(self._tasks)

    def find(self, name: str, owner: Owner) -> Replay | None:
        """A stream by its id; None where there is none, or it is somebody else's."""
        replay = self._known.get(name)
        return replay if replay is not None and replay.owner == owner else None

    def start(
        self, replay: Replay, making: Coroutine[Any, Any, None], ended: Callable[[], None]
    ) -> asyncio.Task[None]:
        """Make the events of a stream in a task of their own, and keep them.

        Args:
            replay: the stream.
            making: puts its events.
            ended: called when it has ended.
        """
        self._known[replay.name] = replay
        task = asyncio.ensure_future(making)
        self._tasks.add(task)

        def over(done: asyncio.Task[None]) -> None:
            # One that is cancelled before its first step never gets to its own finally.
            making.close()
            self._tasks.discard(done)
            ended()
            self._keep(replay)

        task.add_done_callback(over)
        return task

    async def close(self) -> None:
        """End every stream."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._known.clear()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)

    def _keep(self, replay: Replay) -> None:
        loop = asyncio.get_running_loop()
        if replay.name not in self._known or not replay.last:
            self._known.pop(replay.name, None)
            return
        self._timers[replay.name] = loop.call_later(self._kept_s, self._forget, replay.name)
        ended = [each for each in self._known.values() if each.name in self._timers]
        own = [each for each in ended if each.owner == replay.owner]
        for surplus in own[:-MOST_PER_OWNER]:
            self._forget(surplus.name)
        held = sum(each.bytes for each in self._known.values())
        for oldest in ended:
            if held <= MOST_BYTES_IN_ALL:
                break
            if oldest.name in self._known:
                held -= oldest.bytes
                self._forget(oldest.name)

    def _forget(self, name: str) -> None:
        self._known.pop(name, None)
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()
