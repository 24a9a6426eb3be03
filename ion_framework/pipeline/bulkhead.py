"""A bulkhead for each plugin: one whose calls hang takes nothing from the others.

Only so many of its calls run at a time; a further one fails at once.
"""

from __future__ import annotations

from collections.abc import Callable

PLACES = 64
"""Calls of one plugin that may run at a time."""


class BulkheadFullError(Exception):
    """No place is free; says how many there are. The call was not made."""


class Place:
    """A place that a call has.

    Whoever waits for somebody else meanwhile gives it up and takes it back, so that only time in
    the plugin's own code counts.

    Attributes:
        hook: the hook that is called.
        plugin: the plugin.
        is_lent: whether a task or a thread has it, and gives it up when it comes to its end.
    """

    __slots__ = ("_bulkhead", "_has_ended", "_inside", "hook", "is_lent", "plugin")

    def __init__(self, bulkhead: Bulkhead, hook: str, plugin: str) -> None:
        self._bulkhead = bulkhead
        self._inside = True
        self._has_ended = False
        self.hook = hook
        self.plugin = plugin
        self.is_lent = False

    def leave(self) -> None:
        """Give it up; a second time does nothing."""
        if self._inside:
            self._inside = False
            self._bulkhead.left()

    def come_back(self) -> None:
        """Take it again, even where there are more by now than there are places."""
        if not self._inside and not self._has_ended:
            self._inside = True
            self._bulkhead.running += 1

    def end(self) -> None:
        """Give it up for good."""
        self._has_ended = True
        self.leave()


class Bulkhead:
    """The places of one plugin. Touched by the thread of the event loop only.

    Args:
        places: how many there are.
        on_full: called whenever a call finds no place, and then not again before half of them are
            free.

    Attributes:
        places: how many there are.
        running: how many are taken now.
        refused: calls that found none since the start.
    """

    def __init__(self, places: int = PLACES, on_full: Callable[[], None] | None = None) -> None:
        self.places = places
        self.running = 0
        self.refused = 0
        self._on_full = on_full
        self._is_told = False

    def enter(self, hook: str, plugin: str) -> Place:
        """Take a place.

        Args:
            hook: the hook that is called.
            plugin: the plugin.

        Raises:
            BulkheadFullError: none is free.
        """
        if self.running >= self.places:
            self.refused += 1
            if self._on_full is not None and not self._is_told:
                self._is_told = True
                self._on_full()
            raise BulkheadFullError(f"all its {self.places} places are taken by calls that run")
        self.running += 1
        return Place(self, hook, plugin)

    def left(self) -> None:
        """A place was given up."""
        self.running -= 1
        if self._is_told and self.running * 2 <= self.places:
            self._is_told = False
