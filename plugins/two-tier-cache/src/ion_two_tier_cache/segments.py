"""The order in which entries make way: a window for what is new, a main part for what is wanted."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec

from ion_two_tier_cache.entry import Entry
from ion_two_tier_cache.expiry import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW, PROBATION, PROTECTED = range(3)
"""The numbers of the segments."""

PROTECTED_SHARE = 0.8
"""Share of the main part that the protected segment has."""


class Slot(msgspec.Struct, gc=False, eq=False):
    """An entry in its place.

    There are as many as entries, and none is part of a cycle: what the garbage collector does not
    know of costs it no time.

    Attributes:
        digest: what it is found by.
        entry: what was stored.
        size: bytes that it counts for.
        deadline: until when it may stay, on the monotonic clock.
        ends_at: when the entry itself is gone, in seconds since the Unix epoch.
        place: number of the segment where it is; says the segment that takes it in.
    """

    digest: str
    entry: Entry
    size: int
    deadline: Deadline
    ends_at: float
    place: int = WINDOW


class Segment:
    """Slots in the order of their last use, with a bound of its own in entries and bytes.

    Attributes:
        place: its number.
        slots: by digest, least recently used first.
        bytes: what they count for together.
        max_entries: most entries meant to be in it; may change at any time.
        max_bytes: most bytes meant to be in it; may change at any time.
    """

    __slots__ = ("bytes", "max_bytes", "max_entries", "place", "slots")

    def __init__(self, place: int) -> None:
        self.place = place
        self.max_entries = self.max_bytes = 0
        self.slots: OrderedDict[str, Slot] = OrderedDict()
        self.bytes = 0

    def add(self, slot: Slot) -> None:
        """Take a slot in as the most recently used."""
        self.slots[slot.digest] = slot
        self.bytes += slot.size
        slot.place = self.place

    def remove(self, slot: Slot) -> None:
        """Take a slot out."""
        del self.slots[slot.digest]
        self.bytes -= slot.size

    def is_over(self) -> bool:
        """Whether there is more in it than its bounds allow."""
        return len(self.slots) > self.max_entries or self.bytes > self.max_bytes

    def clear(self) -> None:
        """Take every slot out."""
        self.slots.clear()
        self.bytes = 0


class Segments:
    """Window, probation and protected segment, as W-TinyLFU has them.

    What is new enters the window. What the window has no room for goes on probation, and what is
    used there becomes protected; what is used least among the protected goes back on probation.
    The least recently used on probation makes way first.

    Attributes:
        window: takes in what is new.
        probation: what may have to make way.
        protected: what was used on probation.
        numbered: the three, by the numbers that slots have.

    Args:
        max_entries: most entries in all three together, 1 or more.
        max_bytes: most bytes in all three together.
        window_share: share of both that the window has at first, from 0 to 1.
    """

    __slots__ = ("_max_bytes", "_max_entries", "numbered", "probation", "protected", "window")

    def __init__(self, max_entries: int, max_bytes: int, window_share: float) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self.window = Segment(WINDOW)
        self.probation = Segment(PROBATION)
        self.protected = Segment(PROTECTED)
        self.numbered = (self.window, self.probation, self.protected)
        self.divide(window_share)

    def divide(self, window_share: float) -> None:
        """Give the window this share of the bounds, at least one entry; no slot moves yet."""
        window, protected = self.window, self.protected
        window.max_entries = max(1, int(self._max_entries * window_share))
        window.max_bytes = int(self._max_bytes * window_share)
        protected.max_entries = int((self._max_entries - window.max_entries) * PROTECTED_SHARE)
        protected.max_bytes = int((self._max_bytes - window.max_bytes) * PROTECTED_SHARE)

    def use(self, slot: Slot) -> None:
        """Make a slot the most recently used; from probation it becomes protected."""
        if slot.place == PROBATION:
            self.probation.remove(slot)
            self.protected.add(slot)
            while self.protected.is_over():
                self._demote(self.protected)
        else:
            self.numbered[slot.place].slots.move_to_end(slot.digest)

    def spill(self) -> list[Slot]:
        """Put on probation what the window has no room for, and return it, newest first.

        The newest entry stays in the window, however large it is.
        """
        window, slots = self.window, self.window.slots
        spilled: list[Slot] = []
        while len(slots) > 1 and (
            len(slots) > window.max_entries or window.bytes > window.max_bytes
        ):
            spilled.insert(0, self._demote(window))
        return spilled

    def in_order(self) -> Iterator[Slot]:
        """Every slot, in the order in which they make way."""
        for segment in (self.probation, self.protected, self.window):
            yield from segment.slots.values()

    def clear(self) -> None:
        """Take every slot out."""
        for segment in (self.window, self.probation, self.protected):
            segment.clear()

    def _demote(self, segment: Segment) -> Slot:
        _, slot = segment.slots.popitem(last=False)
        segment.bytes -= slot.size
        self.probation.add(slot)
        return slot
