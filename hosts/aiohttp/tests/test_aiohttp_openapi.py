"""The OpenAPI document: valid, complete, and the same as what is served."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import attrs
import ion_host_aiohttp
import msgspec
import pytest
from ion_host_aiohttp.api.application import build_application
from ion_host_aiohttp.api.catalog import OWN, all_endpoints
from ion_host_aiohttp.api.endpoint import Answer, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.api.path import shown_path
from ion_host_aiohttp.openapi.document import document_of
from ion_host_aiohttp.openapi.error_cases import cases_of
from ion_host_aiohttp.service import ServiceLimits

from ion_framework import hookimpl
from ion_framework.settings.model import Settings
from ion_framework.settings.serving import ApiSettings

PACKAGE = Path(ion_host_aiohttp.__file__).parent
BEFORE_ENDPOINTS = {"MALFORMED_REQUEST", "METHOD_NOT_ALLOWED", "NOT_FOUND"}
"""Codes of requests that have not met an endpoint."""
IN_STREAMS = {
    "CANCELLED",
    "NOT_TEXT",
    "STREAM_TOO_LONG",
    "TOO_MANY_TURNS",
    "TURN_ID_TAKEN",
    "UNKNOWN_TURN",
    "UNKNOWN_TYPE",
}
"""Codes that are only ever told in an event ``error``, after the status."""


class Mood(StrEnum):
    """How somebody feels."""

    GOOD = "good"
    BAD = "bad"


@attrs.frozen(kw_only=True)
class Wish:
    """What somebody wants.

    Attributes:
        name: whose wish it is, as ``anna``; a name
            that runs over two lines.
        number: how many.
    """

    name: Annotated[str, msgspec.Meta(min_length=2, examples=["anna"])]
    number: Annotated[int, msgspec.Meta(ge=1, le=9)] = 3
    mood: Mood | None = None


@attrs.frozen(kw_only=True)
class Filter:
    """What is looked for."""

    mood: Mood | None = None
    most: Annotated[int, msgspec.Meta(ge=1)] = 10


@attrs.frozen(kw_only=True, slots=False)
class Price:
    """What it costs."""

    amount: Decimal
    mood: Mood | None


async def price(call: Any, service: Any) -> Answer:
    """A price."""
    return Answer(body=Price(amount=Decimal("1.5"), mood=call.query.mood if call.query else None))


SHOP = Endpoint(
    method="POST",
    path="/api/v2/shops/{number}/wishes",
    handler=price,
    style=ErrorStyle.V2,
    summary="Price a wish.",
    description="Prices are *final*.",
    request=Wish,
    query=Filter,
    parameters={"number": Annotated[int, msgspec.Meta(ge=1, le=99)]},
    response=Price,
    errors=(ErrorCase(HTTPStatus.CONFLICT, "SOLD_OUT", "There is none left."),),
    scope="shopping",
    runs_turns=True,
)
LOOK = attrs.evolve(SHOP, method="GET", request=None, query=None, scope=None, runs_turns=False)


class Shop:
    """Provides endpoints."""

    @hookimpl
    def ion_provide_routes(self) -> list[Any]:
        """The endpoints."""
        return [SHOP, LOOK]


@pytest.fixture
def shopping(make):
    """Plugins of which one provides endpoints."""
    return (*make.standard(), make.plugin("shop", "extension", Shop()))


async def document(host):
    """The document that a host serves."""
    async with host.session.get("/openapi.json") as response:
        assert 200 == response.status
        return await response.json()


def resolved(found, part):
    """What a reference of a document refers to."""
    while "$ref" in part:
        name = part["$ref"].rpartition("/")
        part = found["components"][name[0].rpartition("/")[2]][name[2]]
    return part


# --- the whole ----------------------------------------------------------------------------------


async def test_the_document_is_valid(hosting, shopping):
    """The specification's own schema finds nothing wrong with it, endpoints of plugins included."""
    validator = pytest.importorskip("openapi_spec_validator")

    async with hosting(*shopping) as host:
        found = await document(host)

    validator.validate(found)
    assert "/api/v2/shops/{number}/wishes" in found["paths"]


async def test_every_endpoint_is_in_the_document(hosting):
    """What is declared and not hidden is documented under its method and path, and no more."""
    async with hosting() as host:
        found = await document(host)

    shown = {(item.method, shown_path(item.path)) for item in OWN if not item.hidden}
    assert shown == {
        (method.upper(), path) for path, item in found["paths"].items() for method in item
    }
    names = [
        operation["operationId"] for item in found["paths"].values() for operation in item.values()
    ]
    assert len(names) == len(set(names))


async def test_links_lead_to_operations(hosting):
    """Each link names an operation of the document, and parameters that this one has."""
    async with hosting() as host:
        found = await document(host)
    operations = {
        operation["operationId"]: operation
        for item in found["paths"].values()
        for operation in item.values()
    }
    links = [
        link
        for operation in operations.values()
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    ]

    assert links
    for link in links:
        parameters = operations[link["operationId"]]["parameters"]
        assert link["parameters"].keys() <= {item.get("name") for item in parameters}


async def test_nothing_is_routed_that_is_not_declared(hosting):
    """Every route of the application is an endpoint's, and HEAD is where GET is."""
    async with hosting() as host:
        endpoints = all_endpoints(()).endpoints
        routes = build_application(host.service, endpoints).router.routes()
        found = {(route.method, route.resource.canonical) for route in routes}

    declared = {(endpoint.method, shown_path(endpoint.path)) for endpoint in endpoints}
    heads = {("HEAD", path) for method, path in declared if method == "GET"}
    assert declared | heads == found


async def test_the_document_stays_the_same(hosting):
    """Two hosts with the same plugins and settings write the same bytes."""
    found = []
    for _ in range(2):
        async with hosting() as host, host.session.get("/openapi.json") as response:
            found.append((response.headers["ETag"], await response.read()))

    assert found[0] == found[1]


async def test_a_known_document_is_not_sent_again(hosting):
    """Who names the entity tag gets 304 and nothing else."""
    async with hosting() as host:
        async with host.session.get("/openapi.json") as response:
            tag = response.headers["ETag"]
        found = []
        for known in (tag, f'W/{tag}, "other"', "*", '"other"', "no tag", '"'):
            headers = {"If-None-Match": known}
            async with host.session.get("/openapi.json", headers=headers) as response:
                found.append((response.status, bool(await response.read())))

    assert [(304, False)] * 3 + [(200, True)] * 3 == found


# --- one operation ------------------------------------------------------------------------------


async def test_an_operation_says_what_is_declared(hosting, shopping):
    """Summary, description, scope, parameters and body come from the declaration."""
    async with hosting(*shopping) as host:
        found = await document(host)
    operation = found["paths"]["/api/v2/shops/{number}/wishes"]["post"]
    parameters = [resolved(found, item) for item in operation["parameters"]]
    body = operation["requestBody"]["content"]["application/json"]
    wish = resolved(found, body["schema"])

    assert "post_api_v2_shops_number_wishes" == operation["operationId"]
    assert ["v2"] == operation["tags"]
    assert "Prices are *final*.\n\nNeeds the scope `shopping`." == operation["description"]
    assert [{"bearer": ["shopping"]}, {"apiKey": ["shopping"]}, {}] == operation["security"]
    assert ["number", "mood", "most"] == [item["name"] for item in parameters[:3]]
    assert {"type": "integer", "minimum": 1, "maximum": 99} == parameters[0]["schema"]
    assert {"type": "integer", "minimum": 1, "default": 10} == parameters[2]["schema"]
    assert "ION-Deadline-Ms" in [item["name"] for item in parameters]
    assert {"name": "anna", "number": 3, "mood": None} | body["example"] == {
        "name": "anna",
        "number": 3,
        "mood": None,
    }
    assert "What somebody wants." == wish["description"]
    meaning = "Whose wish it is, as `anna`; a name that runs over two lines."
    assert meaning == wish["properties"]["name"]["description"]


async def test_an_operation_has_every_error_that_follows(hosting, shopping):
    """Body, query, path, scope, cost and turns bring their errors, besides the declared ones."""
    async with hosting(*shopping) as host:
        found = await document(host)
    both = found["paths"]["/api/v2/shops/{number}/wishes"]

    def codes(method, status):
        response = both[method]["responses"][status]
        _, exact = response["content"]["application/problem+json"]["schema"]["allOf"]
        return exact["properties"]["error"]["properties"]["code"]["enum"]

    turn = "200 400 401 403 404 408 409 413 415 422 429 500 503 504"
    assert turn.split() == list(both["post"]["responses"])
    assert ["200", "403", "404", "409", "429", "500", "503"] == list(both["get"]["responses"])
    assert ["SOLD_OUT"] == codes("get", "409")
    assert ["MESSAGE_REJECTED", "VALIDATION_ERROR"] == codes("post", "422")
    assert {"NO_ANSWER", "OVERLOADED", "DRAINING"} <= set(codes("post", "503"))


def test_every_code_is_in_the_document():
    """A code that the host sends follows from a declaration, stands in one, or precedes all."""
    sources = [file.read_text("utf-8") for file in PACKAGE.rglob("*.py")]
    sent = {code for text in sources for code in re.findall(r'\bcode="([A-Z_]+)"', text)}
    documented = {case.code for endpoint in OWN for case in cases_of(endpoint)}

    assert {"INVALID_JSON", "RATE_LIMITED"} <= sent
    assert set() == sent - documented - BEFORE_ENDPOINTS - IN_STREAMS


async def test_errors_have_the_shape_of_their_style(hosting):
    """Errors of v1 are those of v1, and 422 may be either."""
    async with hosting() as host:
        found = await document(host)
    responses = found["paths"]["/chat"]["post"]["responses"]

    def schema(status):
        return responses[status]["content"]["application/json"]["schema"]

    reference = "#/components/schemas/"
    assert {"$ref": f"{reference}V1Error"} == schema("503")
    assert [f"{reference}V1ValidationError", f"{reference}V1Error"] == [
        kind["$ref"] for kind in schema("422")["anyOf"]
    ]


async def test_decimals_are_numbers(hosting, shopping):
    """The document says number where the host writes one."""
    async with hosting(*shopping) as host:
        found = await document(host)
        async with host.session.get("/api/v2/shops/7/wishes") as response:
            text = await response.text()

    assert {"type": "number"} == found["components"]["schemas"]["Price"]["properties"]["amount"]
    assert '{"amount":1.5,"mood":null}' == text


async def test_limits_of_the_operator_are_in_the_document(hosting):
    """The longest message stands in the document as the settings have it."""
    async with hosting(limits=ServiceLimits(message_chars=77)) as host:
        found = await document(host)

    message = found["components"]["schemas"]["ChatRequest"]["properties"]["message"]
    assert 77 == message["maxLength"]
    assert "x-ion" not in json.dumps(found)


async def test_deprecation_is_in_the_document(hosting):
    """Operations of v1 are deprecated where the settings say so, and others are not."""
    settings = attrs.evolve(Settings(), api=ApiSettings(v1_deprecated="2027-01-31"))
    async with hosting(settings=settings) as host:
        found = await document(host)

    assert found["paths"]["/chat"]["post"]["deprecated"]
    assert "Deprecation" in found["paths"]["/chat"]["post"]["responses"]["200"]["headers"]
    assert "deprecated" not in found["paths"]["/api/v2/process"]["post"]


async def test_a_closed_host_demands_credentials(hosting):
    """Where nobody passes without credentials, no operation with a scope can be had without."""
    async with hosting() as host:
        found = document_of(OWN, host.service, closed=True)
    operations = [operation for item in found["paths"].values() for operation in item.values()]
    demanding = [operation["security"] for operation in operations if "security" in operation]

    assert demanding
    assert all({} not in ways for ways in demanding)
    assert "security" not in found["paths"]["/health/live"]["get"]


# --- what it promises ---------------------------------------------------------------------------


async def test_every_example_is_taken(hosting):
    """The example of each body is answered, as whoever tries the document out expects."""
    async with hosting() as host:
        found = await document(host)
        start = "/api/v2/conversations/start"
        async with host.session.post(start, json={"user_id": "ann"}) as response:
            begun = await response.json()
        refused = {}
        for path, item in found["paths"].items():
            # A persona of this process has no files that could be read again.
            if "requestBody" not in item.get("post", {}) or path.endswith("/reload"):
                continue
            body = item["post"]["requestBody"]["content"]["application/json"]["example"]
            name = begun["session_id"] if "/conversations/" in path else "s-1"
            address = path.replace("{id}", name).replace("{name}", "elro")
            async with host.session.post(address, json=body) as response:
                if not response.ok:
                    refused[path] = (body, response.status, await response.text())

    assert not refused


@pytest.mark.parametrize("given", ["0", "100", "x", "1.5", "", "%31%00"])
async def test_a_part_of_the_path_that_does_not_fit_is_not_found(hosting, shopping, given):
    """A variable part outside its type is no address of the endpoint: 404 in its style."""
    path = f"/api/v2/shops/{given}/wishes"
    async with hosting(*shopping) as host, host.session.get(path) as response:
        status, body = response.status, await response.json()

    assert (404, "NOT_FOUND") == (status, body["error"]["code"])
