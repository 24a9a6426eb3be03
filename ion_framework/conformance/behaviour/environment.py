"""Seeing which environment variables a plugin's own code reads while it runs.

Python tells nobody of such a read, so the mapping behind ``os.environ`` (and ``os.getenv``, and
``os.environb``) is watched. What cannot be seen: reads by C code and by programs that are started,
by libraries on the plugin's behalf, past the mapping (``/proc``, ``os.environ._data``), and in code
that the trial does not reach.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from types import FrameType
from typing import Any

_MAPPING = ("os", "_collections_abc", "collections.abc")
"""Modules between a read and who wanted it."""


class VariableReads:
    """The variables that were read by code of somebody's.

    Args:
        is_own: whether a frame is the plugin's code, and whether it matters now.

    Attributes:
        names: what was read, in order.
        all: whether the whole environment was gone through.
    """

    def __init__(self, is_own: Callable[[FrameType], bool]) -> None:
        self.names: dict[str, None] = {}
        self.all = False
        self._is_own = is_own

    def install(self) -> None:
        """Begin to watch; it lasts as long as the process."""
        kind: Any = type(os.environ)
        plain_item, plain_iter = kind.__getitem__, kind.__iter__

        @wraps(plain_item)
        def item(mapping: Any, name: Any) -> Any:
            if self._is_own(_reader()):
                self.names[os.fsdecode(name)] = None
            return plain_item(mapping, name)

        @wraps(plain_iter)
        def each(mapping: Any) -> Iterator[Any]:
            if self._is_own(_reader()):
                self.all = True
            found: Iterator[Any] = plain_iter(mapping)
            return found

        kind.__getitem__, kind.__iter__ = item, each


def _reader() -> FrameType:
    """Who reads: the first frame above the mapping's own."""
    frame = sys._getframe(2)  # noqa: SLF001  the way to see one
    while frame.f_globals.get("__name__") in _MAPPING and frame.f_back is not None:
        frame = frame.f_back
    return frame
