"""The garbage collector while a host starts.

What a start makes - modules, classes, tables - stays to the end. To look through it again and again
while it grows takes an eighth of the start, and finds next to nothing.
"""

from __future__ import annotations

import gc
import linecache

_SELDOM = (10_000, 20, 1000)
"""Thresholds under which a start collects what dies young, and hardly ever looks at all there is:
attrs leaves a class behind for each that it makes, so that to collect nothing would cost 6 MB."""


_USUAL = gc.get_threshold()


def put_off() -> None:
    """Collect little until the start is over; for a process that does nothing but serve."""
    gc.set_threshold(*_SELDOM)


def freeze() -> None:
    """Keep the garbage collector away from what was imported so far, which stays to the end."""
    gc.freeze()


def forget_the_start() -> None:
    """Keep the garbage collector away from what was made so far, and let it work as usual.

    Modules, tables and lexicons are some hundred thousand objects: to look through all of them
    takes the collector more than a tenth of a second, in which nobody is answered.

    The lines of source that tracebacks quote go as well, 2 MB: they are read again from their files
    when they are wanted, but for those of methods that attrs has written.
    """
    linecache.clearcache()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_USUAL)
