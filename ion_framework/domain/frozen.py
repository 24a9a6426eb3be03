"""Mappings that stay as they are: values are shared by all turns, so nobody may change one."""

from __future__ import annotations

from collections.abc import Mapping
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
