"""What a plugin leaves behind when everything is closed: tasks, threads, open files, changes."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from ion_framework.conformance.behaviour.process import descriptors, process_state
from ion_framework.conformance.behaviour.progress import Progress
from ion_framework.conformance.behaviour.watching import Watcher

PATIENCE_S = 4.0
"""Seconds in which what is ending may end."""


class Remains:
    """The state before the plugin came, to compare with the one after it has gone.

    Args:
        home: the folder in which it may do as it likes.
        root: an entry of ``sys.path`` that is there for its sake.
        watcher: saw which switches of the process the plugin's own code used.
    """

    def __init__(self, home: Path, root: str, watcher: Watcher) -> None:
        self._home = home
        self._watcher = watcher
        self._root = root
        self._state = process_state(root)
        self._threads = set(threading.enumerate())
        self._open = descriptors()
        self._files = set(home.rglob("*"))

    async def look(self, progress: Progress) -> None:
        """Note what is left.

        Args:
            progress: where it is noted.
        """
        until = asyncio.get_running_loop().time() + PATIENCE_S
        while asyncio.get_running_loop().time() < until:
            if not self._tasks() and not self._own_threads() and not self._descriptors():
                break
            await asyncio.sleep(0.05)
        for code, what in (
            ("leaks-tasks", self._tasks()),
            ("leaks-threads", self._own_threads()),
            ("leaks-descriptors", self._descriptors()),
            ("leaves-files", self._left()),
        ):
            if what:
                progress.add(code, "after ion_shutdown", what=", ".join(what[:_SHOWN]))
        after = process_state(self._root)
        changed = [
            part for part, before in self._state.items() if before != after.get(part, before)
        ]
        for part in (*changed, *self._watcher.switched()):
            progress.add("changes-process", "after ion_shutdown", what=part)

    def _tasks(self) -> list[str]:
        own = asyncio.current_task()
        return sorted(
            getattr(task.get_coro(), "__qualname__", "a task")
            for task in asyncio.all_tasks()
            if task is not own
        )

    def _own_threads(self) -> list[str]:
        return sorted(
            thread.name
            for thread in threading.enumerate()
            if thread not in self._threads and not _of_the_core(thread)
        )

    def _descriptors(self) -> list[str]:
        return sorted(
            name for number, name in descriptors().items() if self._open.get(number) != name
        )

    def _left(self) -> list[str]:
        data = self._home / "data"
        return sorted(
            str(file.relative_to(self._home))
            for file in set(self._home.rglob("*")) - self._files
            if file != data and data not in file.parents
        )


def _of_the_core(thread: threading.Thread) -> bool:
    """Whether the loop's own executor or the core runs it, whatever it is called."""
    pool: object = getattr(asyncio.get_running_loop(), "_default_executor", None)
    if thread in getattr(pool, "_threads", ()):
        return True
    target: object = getattr(thread, "_target", None)
    return str(getattr(target, "__module__", "")).startswith("ion_framework.")


_SHOWN = 5
