"""Whose code the event loop runs just now, for whoever watches it from another thread.

Two notes that cost a fraction of a microsecond each: a cell for every thread with a loop, set
around each plain call of an implementation, and the tasks in which coroutines of plugins run.
"""

from __future__ import annotations

import asyncio
import weakref
from threading import get_ident
from typing import Any

import attrs

from ion_framework.pipeline.bulkhead import Place

_called: dict[int, tuple[str, str]] = {}
_tasks: dict[asyncio.Task[Any], Place] = {}
_watched: set[int] = set()


@attrs.frozen
class Work:
    """A hook of a plugin.

    Attributes:
        plugin: the plugin.
        hook: the hook, empty where only the plugin is known.
    """

    plugin: str
    hook: str


@attrs.frozen
class Sight:
    """What a loop runs at a moment.

    Attributes:
        running: one and the same object as long as it is the same plain call, or the same task;
            None where there is neither. It holds no task: the last to let go of one ends it, and
            has to be the loop's own thread.
        work: the hook of the plugin that runs, as far as the notes tell; None else.
    """

    running: object | None = None
    work: Work | None = None


def calling(hook: str, plugin: str) -> None:
    """Note that this thread calls a plain function of a plugin; `returned` ends it."""
    _called[get_ident()] = (hook, plugin)


def returned() -> None:
    """Note that the plain function has returned."""
    _called.pop(get_ident(), None)


def began(task: asyncio.Task[Any], place: Place) -> None:
    """Note that a task runs a plugin's code, in a place of its bulkhead."""
    place.is_lent = True
    _tasks[task] = place


def ended(task: asyncio.Task[Any]) -> None:
    """Note that a task has ended, and give its place up."""
    place = _tasks.pop(task, None)
    if place is not None:
        place.end()


def seen(loop: asyncio.AbstractEventLoop, thread: int) -> Sight:
    """What a loop runs, as far as the notes tell; may be asked by any thread.

    Args:
        loop: the loop.
        thread: its thread.
    """
    called = _called.get(thread)
    if called is not None:
        return Sight(called, Work(plugin=called[1], hook=called[0]))
    task = asyncio.current_task(loop)
    if task is None:
        return Sight()
    place = _tasks.get(task)
    work = Work(plugin=place.plugin, hook=place.hook) if place is not None else None
    return Sight(weakref.ref(task), work)


def watch(thread: int) -> None:
    """Note that somebody watches the loop of a thread, who tells of what holds it."""
    _watched.add(thread)


def unwatch(thread: int) -> None:
    """Note that nobody does any more."""
    _watched.discard(thread)


def is_watched() -> bool:
    """Whether somebody watches the loop of this thread."""
    return get_ident() in _watched
