"""Watching a process: what it does outside, and what of itself it changes."""

from __future__ import annotations

import asyncio
import decimal
import locale
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, SupportsIndex

import attrs

_NETWORK = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto")
_PROCESS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn")
_CHANGES = (
    *("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink"),
    "sqlite3.connect",
)
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NOWHERE = ("/dev/", "/proc/self/")


@attrs.frozen
class Effect:
    """Something that was done outside.

    Attributes:
        phase: when: ``import``, ``startup``, ``turn``.
        kind: ``network``, ``write``, ``process``, ``sleep``.
        text: what, for people.
        seconds: of a sleep.
    """

    phase: str
    kind: str
    text: str
    seconds: float = 0.0


class Watcher:
    """An audit hook that notes effects, and refuses connections: nothing is tried on a network.

    Audit hooks stay for as long as the process lives, which is why this belongs into one of its
    own.

    Args:
        own: the folder of the examination's own files, which do not count.
    """

    def __init__(self, own: Path) -> None:
        self.effects: list[Effect] = []
        self.phase = ""
        self._own = str(own)

    def install(self) -> None:
        """Begin to watch."""
        sys.addaudithook(self._heard)
        # Before Python 3.13 no audit event tells of a pause.
        pause = time.sleep

        def sleep(seconds: float | SupportsIndex, /) -> None:
            if self.phase:
                self.effects.append(Effect(self.phase, "sleep", "time.sleep", float(seconds)))
            pause(seconds)

        time.sleep = sleep

    @contextmanager
    def during(self, phase: str) -> Iterator[None]:
        """Note effects as those of a phase; outside of phases nothing is noted."""
        before, self.phase = self.phase, phase
        try:
            yield
        finally:
            self.phase = before

    def count(self, kind: str) -> int:
        """How many effects of a kind were noted so far."""
        return sum(effect.kind == kind for effect in self.effects)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.phase:
            return
        if event == "open":
            self._opened(*arguments)
        elif event in _NETWORK:
            self._note("network", f"{event}({_short(arguments[1:] or arguments)})")
            if event != "socket.bind":
                raise ConnectionRefusedError("connections are refused while a plugin is checked")
        elif event.startswith(_PROCESS):
            self._note("process", f"{event}({_short(arguments[:2])})")
        elif event in _CHANGES:
            self._changed(event, arguments[0])

    def _opened(self, file: object, mode: object, flags: object) -> None:
        writes = isinstance(flags, int) and flags & _WRITE_FLAGS
        if isinstance(mode, str):
            writes = bool(set("wax+") & set(mode))
        if writes:
            self._changed("open for writing", file)

    def _changed(self, what: str, file: object) -> None:
        if isinstance(file, int):
            return
        name = os.fsdecode(file) if isinstance(file, str | bytes | os.PathLike) else str(file)
        if name == ":memory:" or name.startswith((self._own, *_NOWHERE)):
            return
        self._note("write", f"{what}: {name}")

    def _note(self, kind: str, text: str) -> None:
        self.effects.append(Effect(self.phase, kind, text))


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


_SHOWN = 80


def process_state(ignored: str = "") -> Mapping[str, object]:
    """What belongs to the whole process, to be compared with a later state.

    Args:
        ignored: an entry of ``sys.path`` that does not count.
    """
    mask = os.umask(0)
    os.umask(mask)
    root = logging.getLogger()
    return {
        "environment variables": dict(os.environ),
        "working directory": _folder(),
        "umask": mask,
        "signal handlers": {name: signal.getsignal(name) for name in signal.Signals},
        "sys.path": [path for path in sys.path if path != ignored],
        "sys.excepthook": sys.excepthook,
        "threading.excepthook": threading.excepthook,
        "recursion limit": sys.getrecursionlimit(),
        "handlers of the root logger": list(root.handlers),
        "level of the root logger": root.level,
        "locale": locale.setlocale(locale.LC_ALL),
        "default timeout of sockets": socket.getdefaulttimeout(),
        "event loop policy": _policy(),
        "precision of decimals": decimal.getcontext().prec,
    }


def _policy() -> str:
    policy: object = getattr(asyncio.events, "_event_loop_policy", None)
    return type(policy).__name__


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return "one that is gone"


def descriptors() -> Mapping[int, str]:
    """What is open, by number; nothing where the system does not tell."""
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        return {}
    known = {}
    for item in folder.iterdir():
        try:
            known[int(item.name)] = str(item.readlink())
        except OSError:
            continue  # the one with which this list is read
    return known
