"""The query of an address as an instance of a class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from multidict import MultiMapping

from ion_host_aiohttp.api.schema_issue import issue_of
from ion_host_aiohttp.errors.failure import Issue, unfit
from ion_host_aiohttp.errors.messages import say


def decode_query(query: MultiMapping[str], kind: type[Any]) -> Any:
    """The parameters as an instance of the class; those that it does not know are ignored.

    Raises:
        RequestFailed: 422 where one is missing, given twice, or not what the class takes.
    """
    given: Mapping[str, str] = dict(query)
    for name in given:
        if len(query.getall(name)) > 1:
            raise unfit(Issue("repeated", (name,), say("given_twice"), given[name][:_SHOWN]))
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise unfit(issue_of(error, given)) from None


_SHOWN = 100
