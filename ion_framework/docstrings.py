"""What docstrings say of the single fields of a class: the source of references and schemas."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

SECTION = "Attributes:"
_INDENT = "    "
_FIELD = re.compile(r"(\w+): (.*)")


def summary_of(kind: type) -> str:
    """The first paragraph of a class's docstring as one line, empty without one."""
    return " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())


def fields_of(kind: type) -> dict[str, str]:
    """What the section ``Attributes:`` of a class's docstring says, by field; one line each.

    Args:
        kind: the class. What the classes above it say is not looked at.
    """
    found: dict[str, list[str]] = {}
    name = ""
    for line in _section(inspect.cleandoc(kind.__doc__ or "")):
        first = _FIELD.match(line)
        if first:
            name = first[1]
            found[name] = [first[2]]
        elif name:
            found[name].append(line.strip())
    return {name: " ".join(filter(None, lines)) for name, lines in found.items()}


def _section(doc: str) -> Iterator[str]:
    """The lines of the section, without its own indentation."""
    inside = False
    for line in doc.splitlines():
        if line == SECTION:
            inside = True
        elif inside and line and not line.startswith(_INDENT):
            return
        elif inside:
            yield line.removeprefix(_INDENT)
