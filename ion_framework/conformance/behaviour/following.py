"""Running the process that tries a plugin, and following what it tells until it ends or hangs.

A regular expression that never ends holds every thread of its process, the one that watches it
included. So the patience of each step is kept out here as well.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from ion_framework.conformance.behaviour.order import Ended, Found, Order, Step, read_message

WHOLE_LIMIT_S = 120.0
"""Seconds after which the process that tries a plugin is ended."""

GRACE_S = 2.0
"""Seconds beyond a step's patience in which the process may tell of it itself."""

_GONE = None
"""What comes after the last line."""


def followed(order: Order, home: Path) -> list[Found]:
    """Try a plugin in another process; returns what was found.

    Args:
        order: which plugin, and with what.
        home: a folder in which it may do as it likes, with ``tmp`` and ``work``.
    """
    process = subprocess.Popen(  # noqa: S603  our own interpreter and module
        [sys.executable, "-P", "-B", "-m", f"{__package__}.child", str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=home / "work",
        env=_environment(home),
        start_new_session=True,
        text=True,
        encoding="utf-8",
    )
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    reader.start()
    try:
        if process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin:
                process.stdin.write(order.line())
        return _follow(process, lines, order.name)
    finally:
        _end(process)
        reader.join(GRACE_S)
        if process.stdout is not None:
            process.stdout.close()


def _read(pipe: IO[str] | None, lines: queue.Queue[str | None]) -> None:
    for line in pipe or ():
        lines.put(line)
    lines.put(_GONE)


def _follow(
    process: subprocess.Popen[str], lines: queue.Queue[str | None], plugin: str
) -> list[Found]:
    told: list[Found] = []
    step, at_last, last = Step(), time.monotonic() + WHOLE_LIMIT_S, "its start"
    until = at_last
    while True:
        try:
            line = lines.get(timeout=max(0.0, min(until, at_last) - time.monotonic()))
        except queue.Empty:
            return [*told, _overdue(step, last, plugin, whole=until >= at_last)]
        if line is _GONE:
            return [*told, _died(plugin, f"{_ending(process)} at {last}")]
        message = read_message(line)
        if isinstance(message, Ended):
            return told
        if isinstance(message, Found):
            told.append(message)
            continue
        step = message
        last = step.told() if step.where else last
        until = time.monotonic() + step.patience_s + GRACE_S


def _overdue(step: Step, last: str, plugin: str, *, whole: bool) -> Found:
    if whole or not step.where:
        return _died(plugin, f"it took longer than {WHOLE_LIMIT_S:g} s at {last}")
    values = {"seconds": f"{step.patience_s:g}", "case": step.case}
    return Found("hook-hangs", step.where, values)


def _died(plugin: str, reason: str) -> Found:
    return Found("behaviour-died", plugin, {"reason": reason})


def _ending(process: subprocess.Popen[str]) -> str:
    """How the process ended, in words."""
    try:
        code = process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        return "it closed its output"
    if code < 0:
        return f"it ended by {signal.Signals(-code).name}"
    return f"it ended with the exit code {code}"


def _end(process: subprocess.Popen[str]) -> None:
    """End the process, and whatever it has started and left behind."""
    if os.name == "posix":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.poll()  # nobody of its group is left
    else:
        process.kill()
    process.wait()


_KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


def _environment(home: Path) -> Mapping[str, str]:
    """An environment without anybody's secrets, and with folders of its own."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    temporary = str(home / "tmp")
    return {
        **kept,
        "HOME": str(home),
        "TMPDIR": temporary,
        "TEMP": temporary,
        "TMP": temporary,
        "ION_DATA_DIR": str(home / "data"),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
