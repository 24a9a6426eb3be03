"""Everything that is wrong with a document: a decoder stops at the first fault, callers need all.

Each member is read by itself once the whole has been refused. Classes of attrs, dataclasses and
msgspec are looked into, lists item by item; of any other type the first fault has to do.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import attrs
import msgspec

from ion_framework.domain.blank import NOT_BLANK, is_blank
from ion_host_aiohttp.api.schema_issue import issue_of, path_of
from ion_host_aiohttp.api.strict import is_strict
from ion_host_aiohttp.errors.failure import Issue, Path
from ion_host_aiohttp.errors.messages import say

MOST_ISSUES = 20
"""Issues that one answer names; who corrects these hears of the next."""

_SHOWN = 100


def issues_of(
    error: msgspec.ValidationError, document: object, kind: Any, *, source: str = "body"
) -> tuple[Issue, ...]:
    """Every issue that can be found, at most `MOST_ISSUES`; at least the one that the decoder told.

    Args:
        error: what the decoder said of the whole.
        document: what was decoded, without a schema; None where it is not known.
        kind: what it was to be.
        source: what holds the values.
    """
    found: tuple[Issue, ...] = ()
    if document is not None:
        every = chain(
            _issues(document, kind, (), strict=source == "body"), unknown_members(document, kind)
        )
        found = tuple(islice(every, MOST_ISSUES))
    found = found or (issue_of(error, document, _kind_at(kind, path_of(error))),)
    return tuple(attrs.evolve(issue, source=source) for issue in found)


def takes_no_others(kind: Any) -> bool:
    """Whether a request class refuses members that it does not name."""
    found = _STRICT.get(kind)
    if found is None:
        found = _STRICT[kind] = is_strict(_core(kind))
    return found


_STRICT: dict[Any, bool] = {}


def unknown_members(value: object, kind: Any, path: Path = ()) -> Iterator[Issue]:
    """The issue of each member that a strict class does not name, in a document and in its parts.

    Args:
        value: what was decoded, without a schema.
        kind: what it was to be.
        path: where it stands.
    """
    own = _core(kind)
    if is_strict(own) and isinstance(value, Mapping):
        valid = tuple(_fields(own))
        for name in value:
            if name not in valid:
                yield _unknown((*path, name[:_SHOWN]), valid)
    for step, item, item_kind in _parts(value, own):
        if item is not _ABSENT:
            yield from unknown_members(item, item_kind, (*path, step))


def _unknown(path: Path, valid: tuple[str, ...]) -> Issue:
    message = say("unknown_member", name=path[-1], valid=", ".join(valid))
    return Issue("extra_forbidden", path, message, limits={"valid": valid})


def _issues(value: object, kind: Any, path: Path, *, strict: bool) -> Iterator[Issue]:
    own = _core(kind)
    found = False
    for step, item, item_kind in _parts(value, own):
        for issue in _member(item, item_kind, (*path, step), strict=strict):
            found = True
            yield issue
    if found or _holds_raw(own):
        return
    try:
        msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        issue = issue_of(error, value, _kind_at(kind, path_of(error)))
        yield attrs.evolve(issue, path=(*path, *issue.path))
    else:
        if isinstance(value, str) and _must_say_something(kind) and is_blank(value):
            yield Issue("string_blank", path, say("blank"), value[:_SHOWN])


def _member(item: object, kind: Any, path: Path, *, strict: bool) -> Iterator[Issue]:
    if item is _ABSENT:
        yield Issue("missing", path, say("missing"))
    else:
        yield from _issues(item, kind, path, strict=strict)


_ABSENT = object()


def _parts(value: object, kind: Any) -> Iterator[tuple[str | int, object, Any]]:
    """The members of an object or the items of a list, each with its type."""
    if isinstance(value, Mapping):
        for name, (hint, required) in _fields(kind).items():
            if name in value or required:
                yield name, value.get(name, _ABSENT), hint
    elif isinstance(value, list) and get_origin(kind) in (list, tuple):
        for index, item in enumerate(value):
            yield index, item, get_args(kind)[0]


def _fields(kind: Any) -> Mapping[str, tuple[Any, bool]]:
    """The members of a class with their types, and whether each is required."""
    if not isinstance(kind, type):
        return {}
    if issubclass(kind, msgspec.Struct):
        return {
            item.encode_name: (item.type, item.required) for item in msgspec.structs.fields(kind)
        }
    if attrs.has(kind):
        required = {item.name: item.default is attrs.NOTHING for item in attrs.fields(kind)}
    elif dataclasses.is_dataclass(kind):
        required = {
            item.name: item.default is item.default_factory is dataclasses.MISSING
            for item in dataclasses.fields(kind)
        }
    else:
        return {}
    hints = get_type_hints(kind, include_extras=True)
    return {name: (hints[name], needed) for name, needed in required.items()}


def _kind_at(kind: Any, path: Path) -> Any:
    """The type of what stands somewhere in a value of a type; `Any` where that is not known."""
    for step in path:
        own = _core(kind)
        if isinstance(step, str):
            kind = _fields(own).get(step, (Any, False))[0]
        else:
            kind = next(iter(get_args(own)), Any)
    return kind


def _core(kind: Any) -> Any:
    """A type without what annotates it; of a choice the one class or list that it holds."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) not in (Union, types.UnionType):
        return kind
    members = [_core(member) for member in get_args(kind)]
    with_parts = [m for m in members if _fields(m) or get_origin(m) in (list, tuple)]
    return with_parts[0] if len(with_parts) == 1 else kind


def _holds_raw(kind: Any) -> bool:
    """Whether it is read later, each item by itself."""
    return kind is msgspec.Raw or msgspec.Raw in get_args(kind)


def _must_say_something(kind: Any) -> bool:
    metas = [meta for meta in get_args(kind)[1:] if isinstance(meta, msgspec.Meta)]
    return any((meta.extra_json_schema or {}).get("pattern") == NOT_BLANK for meta in metas)
