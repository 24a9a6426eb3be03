"""What the process that tries a plugin is told, and what it tells: lines of JSON on its pipes.

The order goes in by standard input. What comes out are messages, one a line: a step that begins,
the end of a step, a finding, and the end of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json import dumps, loads  # by name: a plugin may replace what the module has
from typing import Any, TypeAlias

import attrs


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
        reads: its manifest declares that it reads files.
        variables: the environment variables that its manifest names.
    """

    name: str
    distribution: str
    path: str = ""
    settings: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    environ: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    blocking: bool = False
    network: bool = False
    files: bool = False
    reads: bool = False
    variables: Sequence[str] = ()

    def line(self) -> str:
        """The order as one line."""
        return dumps(attrs.asdict(self), default=float) + "\n"  # the one other number is Decimal

    @classmethod
    def read(cls, line: str) -> Order:
        """The order of a line."""
        return cls(**loads(line))


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


@attrs.frozen
class Step:
    """Something that may never come back.

    Attributes:
        where: which part of the plugin is at work; empty between steps.
        case: in which case.
        patience_s: seconds after which it is given up.
    """

    where: str = ""
    case: str = ""
    patience_s: float = float("inf")

    def told(self) -> str:
        """The step in a few words."""
        return f"{self.where} ({self.case})" if self.where else "its start"


@attrs.frozen
class Ended:
    """Everything was tried."""


Message: TypeAlias = Found | Step | Ended

_KINDS: Mapping[str, type[Found | Step | Ended]] = {
    "found": Found,
    "step": Step,
    "ended": Ended,
}


def message_line(message: Message) -> str:
    """A message as one line."""
    (kind,) = [name for name, of in _KINDS.items() if isinstance(message, of)]
    return dumps([kind, attrs.asdict(message)]) + "\n"


def read_message(line: str) -> Message:
    """The message of a line.

    Raises:
        ValueError: it is none.
    """
    kind, values = loads(line)
    return _KINDS[kind](**values)
