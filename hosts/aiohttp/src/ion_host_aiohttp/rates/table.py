"""What one process remembers of callers, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")

LEVELS = 16


class CallerTable(Generic[Value]):
    """The latest of so many callers; where there are more, the least active one is forgotten.

    Forgetting somebody gives that one a fresh quota, so it must not be cheap to bring about.
    Callers stand in levels by what they have used: one, two or three, four to seven, and so on.
    Those who have nothing left in their windows go first. Is there none, it is the one of the
    lowest level that was not seen for longest. So whoever wants a caller forgotten that has used
    *n* needs as many other callers as the table holds, each with more than *n*/2, within one
    window: for a limit of 30 and 100000 places more than 1.5 million requests a minute from as
    many addresses. All of it is O(1).

    Args:
        most: callers that are remembered.
        is_over: whether nothing of a caller counts any more.
    """

    def __init__(self, most: int, is_over: Callable[[bytes, Value], bool]) -> None:
        self._most = most
        self._is_over = is_over
        self._levels = tuple(OrderedDict[bytes, Value]() for _ in range(LEVELS))
        self._places: dict[bytes, OrderedDict[bytes, Value]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def get(self, key: bytes) -> Value | None:
        """What is remembered of a caller."""
        level = self._places.get(key)
        return None if level is None else level[key]

    def put(self, key: bytes, value: Value, weight: int) -> None:
        """Remember this of a caller.

        Args:
            key: the caller.
            value: what to remember.
            weight: how much it has used; decides who is forgotten first.
        """
        level = self._levels[min(weight.bit_length(), LEVELS - 1)]
        before = self._places.get(key)
        if before is level:
            level.move_to_end(key)
        elif before is not None:
            del before[key]
        else:
            self._drop_over()
            if len(self._places) >= self._most:
                self._forget_one()
        level[key] = value
        self._places[key] = level

    def _drop_over(self) -> None:
        """Let go of at most one of each level that no longer counts."""
        for level in self._levels:
            if level:
                key, value = next(iter(level.items()))
                if self._is_over(key, value):
                    del level[key], self._places[key]

    def _forget_one(self) -> None:
        key, _ = next(level for level in self._levels if level).popitem(last=False)
        del self._places[key]
