"""Watching a process: what it does outside."""

from __future__ import annotations

import atexit
import os
import random
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, SupportsIndex

import attrs

from ion_framework.conformance.behaviour.environment import VariableReads

_NETWORK = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto")
_PROCESS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn")
_CHANGES = (
    *("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink"),
    "sqlite3.connect",
)
_LISTINGS = ("os.listdir", "os.scandir")
_CODE = (".py", ".pyc", ".pyi", ".pyd", ".so", ".dll")
_SYSTEM = (
    *(
        "/dev",
        "/proc",
        "/sys",
        "/usr/lib",
        "/usr/local/lib",
        "/lib",
        "/lib64",
        "/usr/share/zoneinfo",
    ),
    *("/usr/share/locale", "/usr/share/mime", "/usr/share/ca-certificates", "/usr/lib/ssl"),
    *("/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/ssl", "/etc/pki"),
    *("/etc/os-release", "/etc/resolv.conf", "/etc/apache2/mime.types"),
)
"""What libraries read on their own account, which tells nothing of the plugin."""

_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NOWHERE = ("/dev/", "/proc/self/")


_SWITCHES: tuple[tuple[ModuleType, str], ...] = (
    (atexit, "register"),
    (atexit, "unregister"),
    (random, "seed"),
    (warnings, "filterwarnings"),
    (warnings, "simplefilter"),
)


@attrs.frozen
class Effect:
    """Something that was done outside.

    Attributes:
        phase: when: ``import``, ``startup``, ``turn``.
        kind: ``network``, ``write``, ``read``, ``process``, ``sleep``.
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
        own: the folder in which the plugin may do as it likes.

    Attributes:
        effects: what was done outside, in order.
        variables: the environment variables that the plugin's own code read.
    """

    def __init__(self, own: Path) -> None:
        self.effects: list[Effect] = []
        self.variables = VariableReads(self._is_at_work)
        self.phase = ""
        self._package = ""
        self._switched: list[str] = []
        self._filters: list[tuple[Any, ...]] = []
        self._first_filters = list(warnings.filters)
        places = (own, sys.prefix, sys.base_prefix, sys.exec_prefix)
        self._inside = tuple(dict.fromkeys(os.path.realpath(place) for place in places))

    def knows(self, package: Path) -> None:
        """Whatever lies beside a package's code may be read.

        Args:
            package: the folder of the plugin's package.
        """
        self._package = os.path.realpath(package)

    def install(self) -> None:
        """Begin to watch."""
        sys.addaudithook(self._heard)
        self.variables.install()
        # Before Python 3.13 no audit event tells of a pause.
        pause = time.sleep

        @wraps(pause)
        def sleep(seconds: float | SupportsIndex, /) -> None:
            if self.phase:
                self.effects.append(Effect(self.phase, "sleep", "time.sleep", float(seconds)))
            pause(seconds)

        time.sleep = sleep
        for module, name in _SWITCHES:
            self._listen(module, name)

    def _is_at_work(self, frame: FrameType) -> bool:
        """Whether a frame is the plugin's own code, in a phase."""
        if not self.phase or not self._package:
            return False
        module = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        return module == Path(self._package).name or within(
            os.path.realpath(frame.f_code.co_filename), (self._package,)
        )

    def _listen(self, module: ModuleType, name: str) -> None:
        """Note who calls a function that switches something for the whole process."""
        plain = getattr(module, name)

        @wraps(plain)
        def heard(*arguments: Any, **options: Any) -> Any:
            caller = sys._getframe(1).f_code.co_filename  # noqa: SLF001  the way to see one
            if self._package and within(os.path.realpath(caller), (self._package,)):
                self._switched.append(f"{module.__name__}.{name}")
                result = plain(*arguments, **options)
                if module is warnings:
                    self._filters.append(warnings.filters[0])
                return result
            return plain(*arguments, **options)

        setattr(module, name, heard)

    def switched(self) -> list[str]:
        """Which of those functions the plugin's own code called and did not take back."""
        kept = dict.fromkeys(self._switched)
        if "atexit.unregister" in kept:
            kept.pop("atexit.register", None)
        # One that names whose warnings it is about, or which, quiets nobody else.
        left = [item for item in self._filters if item in warnings.filters and not any(item[1:4:2])]
        added = ["filters of warnings"] if any(i not in self._first_filters for i in left) else []
        return [name for name in kept if name in {"atexit.register", "random.seed"}] + added

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
        elif event in _LISTINGS:
            self._read(event, arguments[0])

    def _opened(self, file: object, mode: object, flags: object) -> None:
        writes = isinstance(flags, int) and flags & _WRITE_FLAGS
        if isinstance(mode, str):
            writes = bool(set("wax+") & set(mode))
        if writes:
            self._changed("open for writing", file)
        else:
            self._read("open for reading", file)

    def _read(self, what: str, file: object) -> None:
        if file is None or not isinstance(file, str | bytes | os.PathLike):
            return  # a descriptor, or the working folder
        given = os.path.abspath(os.fsdecode(file))  # noqa: PTH100  without a look at the disk
        if given.endswith(_CODE) or within(given, _SYSTEM):
            return
        found = os.path.realpath(given)
        # The path of imports grows while a plugin comes: its parts may be installed for editing.
        known = (
            *self._inside,
            self._package,
            *(os.path.realpath(item) for item in sys.path if item),
        )
        if not within(found, known) and not within(found, _SYSTEM):
            self._note("read", f"{what}: {given}")

    def _changed(self, what: str, file: object) -> None:
        if isinstance(file, int):
            return
        name = os.fsdecode(file) if isinstance(file, str | bytes | os.PathLike) else str(file)
        if name == ":memory:" or name.startswith(_NOWHERE):
            return
        self._note("write", f"{what}: {name}")

    def _note(self, kind: str, text: str) -> None:
        self.effects.append(Effect(self.phase, kind, text))


def within(path: str, folders: tuple[str, ...]) -> bool:
    """Whether a path is one of several folders, or lies in one."""
    return any(
        path == folder or path.startswith(f"{folder}{os.sep}") for folder in folders if folder
    )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


_SHOWN = 80
