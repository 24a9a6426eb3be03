"""The variable parts of an address as the types that an endpoint declares for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

_VARIABLE = re.compile(r"\{(\w+)[^{}]*\}")


def path_names(path: str) -> tuple[str, ...]:
    """The names of the variable parts of a path pattern."""
    return tuple(_VARIABLE.findall(path))


def shown_path(path: str) -> str:
    """A path pattern as it is documented: the names of variable parts without their patterns."""
    return _VARIABLE.sub(r"{\1}", path)


def nameless_path(path: str) -> str:
    """A path pattern with its variable parts all alike."""
    return _VARIABLE.sub("{}", path)


def decode_path(given: Mapping[str, str], types: Mapping[str, Any]) -> dict[str, Any]:
    """The variable parts; those without a type stay text.

    Args:
        given: the parts as they stand in the address.
        types: types by the names of parts.

    Raises:
        HTTPNotFound: a part does not fit its type, so that this is no address of the endpoint.
    """
    found: dict[str, Any] = dict(given)
    for name, kind in types.items():
        try:
            found[name] = msgspec.convert(given[name], kind, strict=False)
        except msgspec.ValidationError:
            raise web.HTTPNotFound from None
    return found
