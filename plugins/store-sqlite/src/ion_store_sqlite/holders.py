"""Who holds a right: a process of this machine, of which the others can see whether it is dead.

A right ends by its time. Where its holder was killed, everybody would wait for that, although every
process of the machine could see that nobody is there any more. So the name of a right says which
process took it: the start of the machine, the namespace in which the process has its number, that
number, and when the process began, because numbers are given anew.

Only what is certain counts. A holder on another machine, from before the machine's last start or in
another namespace (a container of its own) is not known to be dead, and neither is one on a system
that does not tell all this (it is read from ``/proc``). Nothing depends on it but the time of
waiting: a turn is kept only by whoever holds the right then.
"""

from __future__ import annotations

import os
import re
import secrets
from functools import cache
from pathlib import Path

_MARK = "@"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_ENDED = ("Z", "X")
"""States of a process that has ended and that nobody has asked about yet."""
_NUMBER = re.compile(r"[0-9]{1,9}")
_STATE, _BEGAN = 0, 19
"""Places in ``/proc/<pid>/stat`` behind the name, which may hold anything (proc(5): 3 and 22)."""


def new_token() -> str:
    """The name of a right that this process takes: nobody guesses it, and it says who holds it."""
    return secrets.token_hex(16) + _MARK + holder(os.getpid())


@cache
def holder(process: int) -> str:
    """A living process for others to recognise; empty where the system does not tell.

    Args:
        process: its number, by which the answer is remembered: a copy of a process is another one.
    """
    found = _stat(process)
    try:
        place = f"{_BOOT.read_text('ascii').strip()}:{_NAMESPACE.readlink().name}"
    except OSError:
        return ""
    return f"{place}:{process}:{found[_BEGAN]}" if found else ""


def is_dead(token: str) -> bool:
    """Whether the process that took a right is certainly dead.

    Args:
        token: the name of the right.
    """
    place, _, rest = token.partition(_MARK)[2].rpartition(":")[0].rpartition(":")
    own_place = holder(os.getpid()).rpartition(":")[0].rpartition(":")[0]
    if not place or place != own_place or not _NUMBER.fullmatch(rest):
        return False
    return not _lives(int(rest), token.rpartition(":")[2])


def _lives(process: int, began: str) -> bool:
    """Whether a process is there, or cannot be looked at.

    Args:
        process: its number.
        began: when the one that is meant began, in the system's own units since its start.
    """
    if not _is_there(process):
        return False
    found = _stat(process)
    return not found or (found[_BEGAN] == began and found[_STATE] not in _ENDED)


def _is_there(process: int) -> bool:
    """Whether a number is given; ``/proc`` may hide those of other users."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stat(process: int) -> list[str]:
    """What the system tells of a process, from its state on; empty where it tells nothing."""
    try:
        text = Path(f"/proc/{process}/stat").read_text("utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
