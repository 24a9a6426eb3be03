"""What the process that tries a plugin is told, and what it tells: plain values on their way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

ORDER, PROGRESS, RESULT = "order.json", "progress.txt", "result.json"
"""Files in the control folder that both processes know."""


@attrs.frozen
class Order:
    """Which plugin to try, and with what.

    Attributes:
        name: the plugin.
        distribution: its distribution.
        path: its project's folder, where it is tried from its source tree; empty for one that is
            installed.
        settings: its table ``[plugin.<name>]``.
        environ: the environment that its settings are read from.
        blocking: its manifest says that its sync hooks may block.
        network: its manifest declares the network.
        files: its manifest declares that it writes files.
    """

    name: str
    distribution: str
    path: str = ""
    settings: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    environ: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    blocking: bool = False
    network: bool = False
    files: bool = False

    def write(self, folder: Path) -> None:
        """Write it into the control folder."""
        text = json.dumps(attrs.asdict(self), default=float)  # the one other number is Decimal
        (folder / ORDER).write_text(text, "utf-8")

    @classmethod
    def read(cls, folder: Path) -> Order:
        """Read it from the control folder."""
        return cls(**json.loads((folder / ORDER).read_text("utf-8")))


@attrs.frozen
class Found:
    """A finding on its way: its sentences are made by whoever receives it.

    Attributes:
        code: its code.
        where: the place.
        values: what its sentences are filled with.
    """

    code: str
    where: str
    values: Mapping[str, str]


def write_result(folder: Path, items: list[Found]) -> None:
    """Write what was found, whole or not at all."""
    draft = folder / f"{RESULT}.draft"
    draft.write_text(json.dumps([attrs.asdict(item) for item in items]), "utf-8")
    draft.replace(folder / RESULT)


def read_result(folder: Path) -> list[Found] | None:
    """What was found; None where nothing was written."""
    file = folder / RESULT
    if not file.is_file():
        return None
    return [Found(**item) for item in json.loads(file.read_text("utf-8"))]
