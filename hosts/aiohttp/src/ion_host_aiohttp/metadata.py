"""What plugins add to a reply, as JSON values."""

from __future__ import annotations

import math
from types import MappingProxyType, NoneType
from typing import Any

from ion_framework.domain.frozen import FrozenJson
from ion_framework.jsonable import JsonValue, jsonable
from ion_framework.pipeline.reply import Reply
from ion_host_aiohttp.api.encoding import encode, encode_strictly
from ion_host_aiohttp.service import Service

DEEPEST = 32
"""Levels of values in values that are taken as they are; what is deeper is tried."""

_LEAST_INT, _MOST_INT = -(2**63), 2**64 - 1
"""Whole numbers that every encoder takes."""


def metadata_document(reply: Reply, service: Service) -> dict[str, JsonValue]:
    """What plugins add to a reply, as JSON values.

    A value without a form in JSON is left out, which is logged: the answer itself is good.
    """
    found: dict[str, JsonValue] = {}
    for name, value in reply.metadata.items():
        document = _document_or_none(name, value, service)
        if document is not _NONE:
            found[str(name)] = document
    return found


def _document_or_none(name: object, value: object, service: Service) -> Any:
    try:
        return _document(value)
    except Exception as error:  # noqa: BLE001  a foreign object may raise anything
        service.logger.warning(
            "metadata left out: no form in JSON",
            name=name,
            error=type(error).__name__,
        )
        return _NONE


_NONE = object()
"""What stands for no document; None is one."""


def metadata_json(reply: Reply, service: Service) -> dict[str, bytes]:
    """The values of `metadata_document` as JSON, by their names.

    Raises:
        UnicodeEncodeError: a text has no form in UTF-8.
    """
    found: dict[str, bytes] = {}
    for name, value in reply.metadata.items():
        if type(value) is FrozenJson:
            found[str(name)] = value.written(encode_strictly)
            continue
        document = _document_or_none(name, value, service)
        if document is not _NONE:
            found[str(name)] = encode_strictly(document)
    return found


def _document(value: object) -> JsonValue:
    """A value as JSON values, which an encoder surely takes."""
    try:
        found: JsonValue = _plain(value, DEEPEST)
    except _NotPlainError:
        return _tried(value)
    return found


def _tried(value: object) -> JsonValue:
    document = jsonable(value)
    encode(document)
    return document


class _NotPlainError(Exception):
    """A value has to be tried: by its type alone nobody knows whether it can be encoded."""


def _plain(value: Any, levels: int) -> Any:
    """The value, where it is made of Python's own types alone.

    Nothing else than `jsonable` makes of it, in a fraction of the time: nearly all metadata is of
    that kind, and is part of every answer.
    """
    kind = type(value)
    if kind in _SURE:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is int and _LEAST_INT <= value <= _MOST_INT:
        return value
    if not levels:
        raise _NotPlainError
    if kind in _OBJECTS:
        return {_name(key): _plain(item, levels - 1) for key, item in value.items()}
    if kind in (list, tuple):
        return [_plain(item, levels - 1) for item in value]
    raise _NotPlainError


_OBJECTS = (dict, MappingProxyType, FrozenJson)
_SURE = frozenset({str, bool, NoneType})


def _name(key: object) -> str:
    if type(key) is not str:
        raise _NotPlainError
    return key
