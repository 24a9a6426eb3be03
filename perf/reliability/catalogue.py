"""Every promise that can be checked, found by the files of this package."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from perf import reliability
from perf.reliability.promise import Promise

PREFIX = "promise_"


def promises() -> tuple[Promise, ...]:
    """The promises by their number: of each module ``promise_…`` its ``PROMISE``."""
    modules = (
        import_module(f"{reliability.__name__}.{found.name}")
        for found in pkgutil.iter_modules(reliability.__path__)
        if found.name.startswith(PREFIX)
    )
    return tuple(sorted((module.PROMISE for module in modules), key=lambda item: item.number))
