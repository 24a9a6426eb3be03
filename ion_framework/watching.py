"""Watching the event loop of an `Ion`: who holds it is logged, counted and told to observers."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import packages_distributions
from pathlib import Path

from ion_framework.ion import Ion
from ion_framework.pipeline.at_work import Work
from ion_framework.pipeline.events import LoopHeld
from ion_framework.pipeline.loop_watch import Hold, LoopWatch

UNKNOWN = "(unknown)"


@contextmanager
def watched_loop(ion: Ion, limit_s: float | None = None) -> Iterator[None]:
    """Watch the running event loop until the end of the block.

    Args:
        ion: whose plugins are named, and whose observers are told.
        limit_s: seconds for which the loop may be held; by default ``plugins.loop_hold_s``.
    """
    loop = asyncio.get_running_loop()
    limit_s = ion.settings.plugins.loop_hold_s if limit_s is None else limit_s
    watch = LoopWatch(loop, limit_s, _Teller(ion, loop).tell)
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
    """

    def __init__(self, ion: Ion, loop: asyncio.AbstractEventLoop) -> None:
        self._ion = ion
        self._loop = loop

    def tell(self, hold: Hold) -> None:
        """Log a hold, and have the loop count it when it turns again."""
        import structlog  # only a hold pays for it

        work = hold.work or self._by_folder(hold)
        distribution = self._distribution(work, hold)
        structlog.get_logger("ion").warning(
            "the event loop was held",
            plugin=work.plugin if work else "",
            hook=work.hook if work else "",
            distribution=distribution,
            seconds=round(hold.seconds, 3),
            is_over=hold.is_over,
            stack=" > ".join(map(_short, hold.stack)),
            advice="make the hook async, or set blocking = true in the manifest",
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

    def _by_folder(self, hold: Hold) -> Work | None:
        """The plugin in whose package the innermost of the frames lies that are in any."""
        folders = {
            f"{record.file}{os.sep}": record.name
            for record in self._ion.plugins
            if record.file is not None
        }
        for file in hold.files:
            for folder, name in folders.items():
                if file.startswith(folder):
                    return Work(plugin=name, hook="")
        return None

    def _distribution(self, work: Work | None, hold: Hold) -> str:
        if work is not None:
            return self._ion.host.record(work.plugin).distribution
        packages = packages_distributions()
        for file in hold.files:
            found = packages.get(_package(file))
            if found:
                return found[0]
        return UNKNOWN


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
