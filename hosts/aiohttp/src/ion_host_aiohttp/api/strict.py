"""Requests that take no members besides their own.

Endpoints that the original API has take further members and leave them alone: its clients may send
some. Endpoints that are new refuse what they do not know, by name, because a member that is spelt
wrongly would be lost without anybody noticing. Their request classes say so by `strict`, and the
OpenAPI document by ``additionalProperties: false``.
"""

from __future__ import annotations

from typing import Any, TypeVar

_Kind = TypeVar("_Kind", bound=type[Any])
_MARK = "__takes_no_others__"


def strict(kind: _Kind) -> _Kind:
    """Mark a request class, above ``@attrs.frozen``; classes inside it need a mark of their own."""
    setattr(kind, _MARK, True)
    return kind


def is_strict(kind: Any) -> bool:
    """Whether a class takes no members besides its own."""
    return isinstance(kind, type) and _MARK in vars(kind)
