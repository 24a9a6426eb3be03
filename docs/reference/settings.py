"""The page of settings: every key of ``ion.toml`` and every variable, with its default."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, get_type_hints

import attrs

from ion_framework.docstrings import fields_of, summary_of
from ion_framework.settings.environment import VARIABLES
from ion_framework.settings.model import NOT_IN_FILES, Settings

from .prose import cell, inline


def page() -> str:
    """The page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# Settings\n"
    yield (
        "`ion.toml` (`--config` or `ION_CONFIG`), then the environment, then the command line. An "
        "unknown key stops the start and is named. Settings of a plugin stand under "
        "`[plugin.<name>]`; each plugin's own page lists them.\n"
    )
    yield "\n## Variables\n"
    yield "| variable | key | meaning |\n|---|---|---|"
    for variable in VARIABLES:
        key = f"`{variable.key}`" if variable.key else ""
        yield f"| `{variable.name}` | {key} | {cell(variable.meaning)} |"
    yield "\n## The file\n"
    yield from _table(Settings, "")
    hints = get_type_hints(Settings)
    for field in _fields(Settings):
        if attrs.has(hints[field.name]):
            yield f"\n## [{field.name}]\n"
            yield f"{inline(summary_of(hints[field.name]))}\n"
            yield from _table(hints[field.name], field.name)


def _fields(kind: type) -> list[attrs.Attribute[Any]]:
    return [field for field in attrs.fields(kind) if NOT_IN_FILES not in field.metadata]


def _table(kind: type, path: str) -> Iterator[str]:
    told, hints = fields_of(kind), get_type_hints(kind)
    yield "| key | default | meaning |\n|---|---|---|"
    for field in _fields(kind):
        if path or not attrs.has(hints[field.name]):
            yield (
                f"| `{'.'.join(filter(None, (path, field.name)))}` | {_default(field)} "
                f"| {cell(told.get(field.name, ''))} |"
            )


def _default(field: attrs.Attribute[Any]) -> str:
    value: Any = field.default
    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]  # a class, which attrs types as a function
        value = value.factory()
    if value is attrs.NOTHING or value is None:
        return "none"
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{cell(value)}`" if value not in ((), {}, "") else "empty"
