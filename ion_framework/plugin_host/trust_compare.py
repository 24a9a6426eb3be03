"""What is installed against what was pinned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

import attrs

from ion_framework.plugin_host.discovery import Candidate, canonical
from ion_framework.plugin_host.trust_freeze import CORE, Taken, take, take_core
from ion_framework.plugin_host.trust_pins import CorePin, Pin, Pins


class Difference(StrEnum):
    """How an installed plugin differs from its pin.

    ``missing``         pinned, and not installed
    ``extra``           installed, and not pinned
    ``other``           another distribution, another version, or another kind of installation
    ``changed``         a file is not the one that was pinned
    ``not verifiable``  nothing says what its files should be
    """

    MISSING = "missing"
    EXTRA = "extra"
    OTHER = "other version"
    CHANGED = "changed file"
    NOT_VERIFIABLE = "not verifiable"


@attrs.frozen
class Row:
    """One difference.

    Attributes:
        name: the plugin; ``ion-framework`` for the core.
        distribution: its distribution.
        difference: what differs.
        message: the same in one sentence.
        file: the file in question, empty where it is not about one.
    """

    name: str
    distribution: str
    difference: Difference
    message: str
    file: str = ""


def compare(pins: Pins, candidates: Iterable[Candidate]) -> tuple[Row, ...]:
    """Every difference between pins and what is installed, the core first, then by name.

    Args:
        pins: what was pinned.
        candidates: the installed plugins.
    """
    taken = {c: take(c) for c in candidates if c.manifest is None}
    rows = list(_core(pins.core))
    for candidate, item in taken.items():
        pin = pin_of(pins, candidate)
        if pin is None:
            message = "is installed and not pinned"
            rows.append(_row(item, Difference.EXTRA, message))
        else:
            rows += differences(pin, item)
    installed = {(c.name, canonical(c.distribution)) for c in taken}
    rows += [
        Row(p.name, p.distribution, Difference.MISSING, f"{p.version} is pinned, none is installed")
        for p in pins.plugin
        if (p.name, canonical(p.distribution)) not in installed
    ]
    return tuple(sorted(rows, key=lambda row: (row.name != CORE, row.name)))


def pin_of(pins: Pins, candidate: Candidate) -> Pin | None:
    """The pin of a plugin: of its name, and of its distribution."""
    for pin in pins.plugin:
        same = canonical(pin.distribution) == canonical(candidate.distribution)
        if pin.name == candidate.name and same:
            return pin
    return None


def differences(pin: CorePin | Pin, item: Taken) -> Iterator[Row]:
    """How an installed distribution differs from its pin, causes before effects."""
    now, inventory = item.pin, item.inventory
    if now.version != pin.version:
        message = f"{now.version} is installed, {pin.version} is pinned"
        yield _row(item, Difference.OTHER, message)
        return
    if now.editable != pin.editable:
        ways = ("from an archive", "in place, as a source tree (editable)")
        message = f"is installed {ways[now.editable]}, and was pinned {ways[pin.editable]}"
        yield _row(item, Difference.OTHER, message)
        return
    if not pin.files or inventory.unverifiable:
        why = inventory.unverifiable or "its pin has no digest of its files"
        yield _row(item, Difference.NOT_VERIFIABLE, why)
        return
    for problem in inventory.problems:
        yield _row(item, Difference.CHANGED, problem.message, problem.file)
    if isinstance(pin, Pin) and isinstance(now, Pin) and now.manifest != pin.manifest:
        yield _row(item, Difference.CHANGED, "its manifest is not the one that was pinned")
    elif now.files != pin.files:
        yield _row(item, Difference.CHANGED, _OTHER_TREE if now.editable else _OTHER_RECORD)


_OTHER_TREE = "its source tree has changed since it was pinned"
_OTHER_RECORD = (
    "its RECORD is not the one that was pinned: it was installed from another archive of the same "
    "version, or RECORD was changed afterwards"
)


def _core(pin: CorePin | None) -> Iterator[Row]:
    item = take_core()
    if pin and item:
        yield from differences(pin, item)
    elif pin:
        message = f"{pin.version} is pinned, none is installed"
        yield Row(CORE, CORE, Difference.MISSING, message)
    elif item:
        yield _row(item, Difference.EXTRA, "is installed and not pinned")


def _row(item: Taken, difference: Difference, message: str, file: str = "") -> Row:
    pin = item.pin
    name = pin.name if isinstance(pin, Pin) else CORE
    return Row(name, pin.distribution, difference, message, file)
