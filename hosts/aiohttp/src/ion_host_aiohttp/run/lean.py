"""What a process that only serves does not load."""

from __future__ import annotations

import sys
from importlib import import_module

_TOOL, _OPTIONAL = "structlog", "rich"


def load_structlog() -> None:
    """Import structlog as if rich were not installed; for a process of ION's own, at its start.

    structlog takes rich along where it finds it, for tracebacks in colours: 70 modules, 4 MB and
    40 ms that no line of a host has any use for. Where either is imported already, nothing happens.
    """
    if _TOOL in sys.modules or _OPTIONAL in sys.modules:
        return
    # None is the documented way to say that a module cannot be imported.
    sys.modules[_OPTIONAL] = None  # type: ignore[assignment]  # typeshed knows modules only
    try:
        import_module(_TOOL)
    finally:
        del sys.modules[_OPTIONAL]
