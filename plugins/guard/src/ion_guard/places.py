"""The texts of a request, and what kind of place each stands in."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

from ion_framework import IncomingRequest

KNOWN_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "content-type",
        "forwarded",
        "host",
        "if-none-match",
        "ion-deadline-ms",
        "last-event-id",
        "origin",
        "referer",
        "traceparent",
        "tracestate",
        "user-agent",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-request-id",
    }
)
"""Headers that are named in the log; the name of any other is the caller's own text."""


class Kind(StrEnum):
    """What a text is for, which is what it may hold."""

    TARGET = "target"
    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    ID = "id"
    MESSAGE = "message"


Place: TypeAlias = tuple[Kind, str, str]
"""A text and where it stands: what it is for, where in words that are not the caller's, the text.

A plain tuple, because every text of every request becomes one."""


def addresses_of(request: IncomingRequest, messages: frozenset[str]) -> Iterator[Place]:
    """The texts of a request's address.

    Args:
        request: the request.
        messages: names of the parameters that hold messages.
    """
    yield Kind.TARGET, "target", request.target
    yield Kind.PATH, "path", request.path
    for name, value in request.query:
        if name in messages:
            yield Kind.MESSAGE, f"query.{name}", value
        else:
            yield Kind.QUERY, "query", value
            yield Kind.QUERY, "query-name", name


def headers_of(request: IncomingRequest) -> Iterator[Place]:
    """The values of a request's headers."""
    for name, value in request.headers.items():
        known = name if name in KNOWN_HEADERS else "*"
        yield Kind.HEADER, f"header.{known}", value


def bodies_of(request: IncomingRequest, messages: frozenset[str]) -> Iterator[Place]:
    """The texts of a request's body.

    Args:
        request: the request.
        messages: names of the members that hold messages.
    """
    for item in request.texts:
        is_message = holds_messages(item.field, messages) or item.member in messages
        yield Kind.MESSAGE if is_message else Kind.ID, f"body.{item.field}", item.text


@lru_cache(1024)
def holds_messages(field: str, messages: frozenset[str]) -> bool:
    """Whether a field is a member that holds messages; in an open object the named one around it.

    Names of fields are the endpoint's own words, so that there are not many.

    Args:
        field: the names that lead to it, with dots between them.
        messages: names of the members that hold messages.
    """
    *_, last = field.split(".")
    named = [name for name in field.split(".") if name != "*"]
    return last in messages or (bool(named) and named[-1] in messages)
