"""What belongs to the whole process: switches, handlers, and the functions of shared modules."""

from __future__ import annotations

import asyncio
import builtins
import decimal
import gc
import json
import locale
import logging
import os
import random
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

_MODULES = (builtins, json, os, random, socket, threading, time, asyncio, logging)
"""Modules of the standard library whose functions plugins are tempted to replace."""


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
        "garbage collection": (gc.isenabled(), gc.get_threshold()),
        **_functions(),
    }


def _policy() -> str:
    policy: object = getattr(asyncio.events, "_event_loop_policy", None)
    return type(policy).__name__


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return "one that is gone"


def _functions() -> Mapping[str, object]:
    """The functions and classes of shared modules by identity, and what the core's classes have."""
    core = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("ion_framework.") and isinstance(module, ModuleType)
    ]
    own = [
        kind
        for module in core
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__
    ]
    state: dict[str, object] = {
        f"functions of {module.__name__}": _Same(vars(module)) for module in (*_MODULES, *core)
    }
    for kind in own:
        state[f"class {kind.__module__}.{kind.__qualname__}"] = _Same(vars(kind))
    return state


class _Same:
    """The callables under the names of a namespace; equal while each name keeps its own."""

    def __init__(self, names: Mapping[str, object]) -> None:
        self.known = dict(filter(lambda item: callable(item[1]), names.items()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Same):
            return NotImplemented
        return all(other.known.get(name) is value for name, value in self.known.items())

    __hash__ = None  # type: ignore[assignment]  # compared and never looked up


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
