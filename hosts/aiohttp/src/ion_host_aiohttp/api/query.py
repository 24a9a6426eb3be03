"""The query of an address as an instance of a class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_type_hints

import msgspec
from multidict import MultiMapping

from ion_host_aiohttp.api.schema_issues import issues_of
from ion_host_aiohttp.errors.failure import Issue, unfit
from ion_host_aiohttp.errors.messages import say

_WORDS: Mapping[str, bool] = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}
"""What stands for a truth value in an address, in small letters: those that FastAPI takes."""


def decode_query(query: MultiMapping[str], kind: type[Any]) -> Any:
    """The parameters as an instance of the class; those that it does not know are ignored.

    Raises:
        RequestFailed: 422 where one is missing, given twice, or not what the class takes.
    """
    given: Mapping[str, str] = dict(query)
    for name in given:
        if len(query.getall(name)) > 1:
            message = say("given_twice")
            raise unfit(Issue("repeated", (name,), message, given[name][:_SHOWN], source=_QUERY))
    truths = _truths(kind)
    meant = {
        name: _WORDS.get(text.lower(), text) if name in truths else text
        for name, text in given.items()
    }
    wrong = tuple(_not_true_or_false(meant, truths))
    try:
        found = msgspec.convert(meant, kind, strict=False)
    except msgspec.ValidationError as error:
        others = issues_of(error, meant, kind, source=_QUERY)
        raise unfit(*wrong, *(issue for issue in others if issue.path[0] not in truths)) from None
    return found


def _truths(kind: type[Any]) -> frozenset[str]:
    """The parameters that are a truth value."""
    hints = get_type_hints(kind)
    return frozenset(name for name, hint in hints.items() if bool in (hint, *get_args(hint)))


def _not_true_or_false(meant: Mapping[str, object], truths: frozenset[str]) -> Iterator[Issue]:
    for name in sorted(truths & meant.keys()):
        text = meant[name]
        if isinstance(text, str):
            message = say("not_true_or_false")
            yield Issue("bool_parsing", (name,), message, text[:_SHOWN], source=_QUERY)


_QUERY = "query"
_SHOWN = 100
