"""Mappings that stay as they are: values are shared by all turns, so nobody may change one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any


def frozen(values: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """A read-only copy of a mapping, all the way down through mappings that it holds.

    As a converter of attrs fields; typed loosely because mypy takes no generic converters.
    """
    if not isinstance(values, dict):
        # Already read-only, or no mapping at all, which those complain about who check values.
        return values
    return MappingProxyType(
        {key: frozen(value) if isinstance(value, dict) else value for key, value in values.items()}
    )


class FrozenJson(Mapping[str, object]):
    """A JSON object that nobody can change, the values that it was made of included.

    For metadata that a plugin adds to many replies: what is the very same as before is neither
    checked nor written a second time. A read-only view of a dictionary would not do, because
    whoever has the dictionary can change what the view shows.

    Args:
        values: names and JSON values; they are copied all the way down, lists as tuples.

    Raises:
        TypeError: a name is no text, or a value has no form in JSON.
        ValueError: a number is not finite, or a text has a surrogate without its partner.
    """

    __slots__ = ("_values", "_written")

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = {_text(name): _copied(value) for name, value in values.items()}
        self._written: bytes | None = None

    def __getitem__(self, name: str) -> object:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"FrozenJson({self._values!r})"

    def written(self, write: Callable[[dict[str, object]], bytes]) -> bytes:
        """The object as JSON in UTF-8, written once.

        Args:
            write: writes a copy of it, made of dictionaries and lists; everybody's writes the same.
        """
        if self._written is None:
            self._written = write({name: _plain(value) for name, value in self._values.items()})
        return self._written


def _copied(value: object) -> object:
    if isinstance(value, Mapping):
        return value if type(value) is FrozenJson else FrozenJson(value)
    if isinstance(value, list | tuple):
        return tuple(map(_copied, value))
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no number of JSON")
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a name in JSON is a text, not {type(value).__name__}")
    value.encode()
    return value


def _plain(value: object) -> object:
    if type(value) is FrozenJson:
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
