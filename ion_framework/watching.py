"""Watching the event loop of an `Ion`: who holds it is logged, counted and told to observers.

A hook that holds it all the time for which it may be held has failed, as far as quarantine goes:
whoever keeps doing so is left out. Who is merely seen at the end of a time that several used up is
named, and so is a task of a plugin's own, which would go on in quarantine; neither is a failure.
Where the stream of the log lines does not take them, nobody is named who wrote one: all wait alike.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import packages_distributions
from pathlib import Path

from ion_framework.ion import Ion
from ion_framework.line_stream import LineStream
from ion_framework.pipeline.at_work import Work
from ion_framework.pipeline.events import LoopHeld
from ion_framework.pipeline.loop_watch import Hold, LoopWatch
from ion_framework.pipeline.quarantine import Quarantine

UNKNOWN = "(unknown)"

LOG = "(stream of the log)"
"""In place of a distribution, where the stream that log lines go to holds the loop."""

ADVICE = (
    "await what takes long, or make the hook a plain function and set blocking = true in the "
    "manifest"
)
LOG_ADVICE = (
    "whatever reads the log lines is too slow: have it read faster, write fewer lines, or write "
    "them to a file"
)

HOOKS = "ion_"
"""What the names of all hooks begin with."""


@contextmanager
def watched_loop(ion: Ion, limit_s: float | None = None) -> Iterator[None]:
    """Watch the running event loop until the end of the block.

    Args:
        ion: whose plugins are named, and whose observers are told.
        limit_s: seconds for which the loop may be held; by default ``plugins.loop_hold_s``.
    """
    loop = asyncio.get_running_loop()
    limit_s = ion.settings.plugins.loop_hold_s if limit_s is None else limit_s
    teller = _Teller(ion, loop, limit_s)
    watch = LoopWatch(loop, limit_s, teller.notice, teller.tell)
    watch.start()
    try:
        yield
    finally:
        watch.stop()


class _Teller:
    """Tells of holds.

    Args:
        ion: whose plugins are named.
        loop: its loop, where observers are told.
        limit_s: seconds for which it may be held.
    """

    def __init__(self, ion: Ion, loop: asyncio.AbstractEventLoop, limit_s: float) -> None:
        self._ion = ion
        self._loop = loop
        self._reason = f"held the event loop for more than {limit_s:.3g} s"
        self._counted: object = None

    def notice(self, hold: Hold) -> None:
        """Have the quarantine of who holds the loop know, before the call that does it ends."""
        work = self._fault(hold)
        quarantine = self._quarantine(work)
        if work is not None and quarantine is not None:
            quarantine.holds(work.hook, self._reason)

    def tell(self, hold: Hold) -> None:
        """Log a hold, and have the loop count it when it turns again."""
        import structlog  # only a hold pays for it

        work = self._work(hold)
        distribution = self._distribution(work, hold)
        structlog.get_logger("ion").warning(
            "the event loop was held",
            plugin=work.plugin if work else "",
            hook=work.hook if work else "",
            distribution=distribution,
            seconds=round(hold.seconds, 3),
            is_over=hold.is_over,
            stack=" > ".join(map(_short, hold.stack)),
            advice=LOG_ADVICE if distribution == LOG else ADVICE,
        )
        try:
            self._loop.call_soon_threadsafe(self._count, hold, work, distribution)
        except RuntimeError:
            return  # the loop is closed: nobody listens any more

    def _count(self, hold: Hold, work: Work | None, distribution: str) -> None:
        known = self._ion.containments().get(work.plugin) if work else None
        if known is not None:
            known.held += 1
            known.held_s += hold.seconds
        fault = self._fault(hold)
        quarantine = self._quarantine(fault)
        if fault is not None and quarantine is not None and not self._is_counted(hold):
            quarantine.held(fault.hook, self._reason)
        self._ion.emit(
            LoopHeld(
                plugin=work.plugin if work else "",
                hook=work.hook if work else "",
                distribution=distribution,
                seconds=hold.seconds,
                stack=hold.stack,
                at=self._ion.clock.time(),
            )
        )

    def _is_counted(self, hold: Hold) -> bool:
        """Whether the hold before was of the same call; where the call is not known, it was not."""
        call = hold.call if hold.work is not None else None
        is_counted, self._counted = call is not None and call is self._counted, call
        return is_counted

    def _work(self, hold: Hold) -> Work | None:
        if _is_of_log(hold.frames):
            return None
        return hold.work or self._by_folder(hold.frames)

    def _fault(self, hold: Hold) -> Work | None:
        """The hook that held the loop for all of the time, None where there is none.

        A task in which a plugin reads what another one makes has the code of both on its stack:
        which of them it is, is not for sure then.
        """
        work, shown = hold.work, self._by_folder(hold.frames)
        if not hold.before or _is_of_log(hold.frames) or _is_of_log(hold.before):
            return None
        if work is not None:
            return work if shown is None or shown.plugin == work.plugin else None
        is_hook = shown is not None and shown.hook and self._by_folder(hold.before) == shown
        return shown if is_hook else None

    def _quarantine(self, work: Work | None) -> Quarantine | None:
        known = self._ion.containments().get(work.plugin) if work else None
        return known.quarantine if known is not None else None

    def _by_folder(self, frames: Sequence[str]) -> Work | None:
        """The plugin in whose package the innermost of the frames lies that are in any.

        Its hook is the one of whose name there is a function of its own among them.
        """
        folders = {
            f"{record.file}{os.sep}": record.name
            for record in self._ion.plugins
            if record.file is not None
        }
        for frame in frames:
            for folder, name in folders.items():
                if frame.startswith(folder):
                    own = [each for each in frames if each.startswith(folder)]
                    return Work(plugin=name, hook=_hook_in(own))
        return None

    def _distribution(self, work: Work | None, hold: Hold) -> str:
        if work is not None:
            return self._ion.host.record(work.plugin).distribution
        if _is_of_log(hold.frames):
            return LOG
        packages = packages_distributions()
        for file in dict.fromkeys(frame.partition(":")[0] for frame in hold.frames):
            found = packages.get(_package(file))
            if found:
                return found[0]
        return UNKNOWN


_LOG_WRITES = frozenset(
    (function.__code__.co_filename, function.__name__)
    for function in (
        LineStream.write,
        logging.Handler.acquire,
        logging.Handler.handle,
        logging.StreamHandler.emit,
        logging.StreamHandler.flush,
    )
)
"""Functions that wait for a stream of log lines, or for another thread that waits for it."""

_STREAMS = ("<frozen codecs>", "<frozen io>", f"{os.sep}codecs.py", f"{os.sep}_pyio.py")
"""Files of the standard library that may lie between such a function and the stream."""


def _is_of_log(frames: Sequence[str]) -> bool:
    """Whether the innermost of the frames writes a log line."""
    for frame in frames:
        place, _, function = frame.rpartition(" ")
        file = place.rpartition(":")[0]
        if not file.endswith(_STREAMS):
            return (file, function) in _LOG_WRITES
    return False


def _hook_in(frames: Sequence[str]) -> str:
    functions = (frame.rpartition(" ")[2] for frame in frames)
    return next((name for name in functions if name.startswith(HOOKS)), "")


def _package(file: str) -> str:
    """The top-level package or module of a file that can be imported, empty for another."""
    for folder in sys.path:
        if folder and file.startswith(folder + os.sep):
            name = file[len(folder) + 1 :].partition(os.sep)[0].removesuffix(".py")
            if name != "site-packages":
                return name
    return ""


def _short(entry: str) -> str:
    """A frame with the last two parts of its file's path."""
    file, _, rest = entry.partition(":")
    return f"{Path(*Path(file).parts[-2:])}:{rest}"
