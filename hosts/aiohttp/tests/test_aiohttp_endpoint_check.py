"""Endpoints that are declared wrongly are left out, with a sentence that says why."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

import attrs
import msgspec
import pytest
from ion_host_aiohttp.api.catalog import OWN, all_endpoints
from ion_host_aiohttp.api.endpoint import Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.api.endpoint_check import fault_of


async def answer(call: Any, service: Any) -> None:
    """Never called."""


@attrs.frozen
class Fits:
    """A class that can be decoded."""

    name: str = ""


@attrs.frozen
class Nested:
    """A query that an address cannot hold."""

    names: tuple[str, ...] = ()


@attrs.frozen
class Unresolvable:
    """A class with an annotation that leads nowhere."""

    name: "Nowhere"  # noqa: F821, UP037  what is wrong with it


@attrs.frozen
class Undecodable:
    """A class of which one field is no data."""

    call: Callable[[], None]


GOOD = Endpoint(
    method="POST",
    path="/things/{name}",
    handler=answer,
    style=ErrorStyle.V2,
    summary="Do a thing.",
)
WRONG = {
    "the method is unknown": {"method": "BREW"},
    "the handler cannot be called": {"handler": None},
    "the style is unknown": {"style": "v2"},
    "the summary is missing": {"summary": " "},
    "have to be text": {"tag": None},
    "begins with a slash": {"path": "things"},
    "the path is no pattern": {"path": "/things/{name"},
    "the parameters have to be": {"parameters": ("name",)},
    "the path has no variable part 'nam'; it has: name": {"parameters": {"nam": str}},
    "'name' cannot stand in an address": {"parameters": {"name": list[str]}},
    "'name' cannot be read": {"parameters": {"name": Callable}},
    "request class cannot be decoded": {"request": Unresolvable},
    "with GET has no body": {"method": "GET", "request": Fits},
    "query class cannot be decoded": {"query": Undecodable},
    "has to be a class with fields": {"query": str},
    "'names' of its query class cannot stand": {"query": Nested},
    "response class has no schema": {"response": Undecodable},
    "the media type has to be": {"media_type": "json"},
    "is not the status of an answer": {"status": 200},
    "have to be a tuple of HTTPStatus": {"others": [HTTPStatus.ACCEPTED]},
    "the errors have to be": {"errors": [ErrorCase(HTTPStatus.CONFLICT, "A", "B.")]},
    "is no ErrorCase": {"errors": ("CONFLICT",)},
    "is not the status of an error": {"errors": (ErrorCase(HTTPStatus.OK, "A", "B."),)},
    "the meaning of an error": {"errors": (ErrorCase(HTTPStatus.CONFLICT, "A", None),)},
    "the scope has to be one word": {"scope": "chat read"},
    "the cost has to be": {"cost": -1},
    "needs a request class": {"cost": len},
    "the purse has to be": {"purse": "two words"},
}


@pytest.mark.parametrize(("said", "changes"), WRONG.items())
def test_a_wrong_declaration_is_left_out(said, changes):
    """It is not served, and the problem names the endpoint and what is valid."""
    catalog = all_endpoints([attrs.evolve(GOOD, **changes)])

    assert OWN == catalog.endpoints
    assert 1 == len(catalog.problems)
    assert said in catalog.problems[0]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"request": Fits, "cost": lambda body: len(body.name)},
        {"parameters": {"name": Annotated[int, msgspec.Meta(ge=1)]}},
        {"query": Fits, "response": dict[str, Fits], "others": (HTTPStatus.ACCEPTED,)},
        {"scope": None, "cost": 0, "path": "/things/{name:[a-z]+}/{other}"},
        {"path": "/summaries/{name}"},
    ],
)
def test_a_right_declaration_is_served(changes):
    """What can be served is served."""
    endpoint = attrs.evolve(GOOD, **changes)

    assert endpoint in all_endpoints([endpoint]).endpoints


def test_an_address_is_taken_whatever_its_parts_are_called():
    """A plugin cannot take the address of an endpoint of the host by other names or patterns."""
    taken = [
        attrs.evolve(GOOD, method="GET", path="/summaries/{session:[a-z]+}"),
        attrs.evolve(GOOD, method="GET", path="/docs"),
        attrs.evolve(GOOD, method="GET", path="/openapi.json"),
    ]

    assert 3 == len(all_endpoints(taken).problems)


def test_every_endpoint_of_the_host_is_declared_rightly():
    """The host holds itself to the same."""
    assert [] == [(endpoint.path, fault_of(endpoint)) for endpoint in OWN if fault_of(endpoint)]
