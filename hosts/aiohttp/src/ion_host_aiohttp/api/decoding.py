"""Bytes into a request class, with an error for every way in which bytes can be wrong."""

from __future__ import annotations

import re
from http import HTTPStatus
from itertools import islice
from typing import Any, TypeVar

import msgspec

from ion_host_aiohttp.api.endpoint import ErrorStyle
from ion_host_aiohttp.api.nesting import deeper_than
from ion_host_aiohttp.api.schema_issues import (
    MOST_ISSUES,
    issues_of,
    takes_no_others,
    unknown_members,
)
from ion_host_aiohttp.api.unsafe_text import find_unsafe_text
from ion_host_aiohttp.errors.failure import Failure, Issue, RequestFailed, unfit
from ion_host_aiohttp.errors.messages import Message, say

MAX_DEPTH = 64
_SHOWN_BYTES = 16384

_Request = TypeVar("_Request")
_MARK = b"\xef\xbb\xbf"
_POSITION = re.compile(r"byte (\d+)")


class _UnreadableError(Exception):
    """The bytes are no JSON that is worked on.

    Attributes:
        position: the byte at fault, None where there is none at all.
        message: what is wrong.
    """

    def __init__(self, position: int | None, message: Message) -> None:
        super().__init__(message.id)
        self.position = position
        self.message = message


def decode(body: bytes, kind: type[_Request], style: ErrorStyle = ErrorStyle.V2) -> _Request:
    """The body as an instance of a request class.

    Args:
        body: the bytes.
        kind: the class.
        style: v1 tells of bytes that are not JSON as of a value that does not fit.

    Raises:
        RequestFailed: 400, in v1 422, where the body is not JSON (or is too deep); 422 where it
            is JSON that the class does not take, or text that nothing could store.
    """
    try:
        return _decoded(body, kind)
    except _UnreadableError as error:
        told = _misfit(error, body) if style is ErrorStyle.V1 else _failed(error.message)
        raise told from None


def _decoded(body: bytes, kind: type[_Request]) -> _Request:
    _check_bytes(body)
    unsafe = find_unsafe_text(body) if rb"\u" in body else None
    if unsafe is not None:
        raise unfit(Issue("string_unsafe", unsafe, say("unsafe_text")))
    try:
        found = decoder_of(kind).decode(body)
    except msgspec.ValidationError as error:
        raise unfit(*issues_of(error, _document(body), kind)) from None
    except msgspec.DecodeError as error:
        raise _not_json(error, body) from None
    if takes_no_others(kind):
        unknown = tuple(islice(unknown_members(msgspec.json.decode(body), kind), MOST_ISSUES))
        if unknown:
            raise unfit(*unknown)
    return found


def is_optional(kind: Any) -> bool:
    """Whether an empty object is an instance of a request class, so that no body will do, too."""
    if kind not in _OPTIONAL:
        try:
            decoder_of(kind).decode(b"{}")
        except msgspec.ValidationError:
            _OPTIONAL[kind] = False
        else:
            _OPTIONAL[kind] = kind is not msgspec.Raw
    return _OPTIONAL[kind]


_OPTIONAL: dict[Any, bool] = {}


_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {}


def decoder_of(kind: type[_Request]) -> msgspec.json.Decoder[_Request]:
    """The decoder of a request class, made at most once.

    Raises:
        TypeError: the class cannot be decoded; making it at the start shows it there.
    """
    if kind not in _DECODERS:
        _DECODERS[kind] = msgspec.json.Decoder(kind)
    return _DECODERS[kind]


def _check_bytes(body: bytes) -> None:
    if not body.strip():
        raise _UnreadableError(len(body) or None, say("body_empty"))
    if body.startswith(_MARK):
        raise _UnreadableError(0, say("body_marked"))
    if not body.isascii():
        _check_text(body)
    if deeper_than(MAX_DEPTH, body):
        raise _UnreadableError(0, say("body_too_deep", limit=MAX_DEPTH))


def _check_text(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        message = say("body_not_utf8", position=error.start)
        raise _UnreadableError(error.start, message) from None


def _document(body: bytes) -> object:
    """The document, for showing the value at fault; None where it is large or out of range.

    Raises:
        _UnreadableError: it is not JSON. The typed decoder stops at the first value that does not
            fit, so that nothing is known yet of what comes after it.
    """
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except msgspec.DecodeError as error:
        raise _not_json(error, body) from None
    if len(body) > _SHOWN_BYTES:
        return None
    try:
        return msgspec.json.decode(body)
    except msgspec.ValidationError:
        return None


def _not_json(error: msgspec.DecodeError, body: bytes) -> _UnreadableError:
    position = _POSITION.search(str(error))
    if position is None:
        return _UnreadableError(len(body), say("body_truncated"))
    return _UnreadableError(int(position[1]), say("body_not_json", position=position[1]))


def _failed(message: Message) -> RequestFailed:
    return RequestFailed(
        Failure(status=HTTPStatus.BAD_REQUEST, code="INVALID_JSON", message=message)
    )


def _misfit(error: _UnreadableError, body: bytes) -> RequestFailed:
    """As FastAPI tells it: no body is a missing one, and the place is counted in characters."""
    if error.position is None:
        return unfit(Issue("missing", (), error.message))
    place = len(body[: error.position].decode(errors="replace"))
    return unfit(Issue("json_invalid", (place,), error.message))
