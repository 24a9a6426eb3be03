"""What API v1 announces of its end."""

from __future__ import annotations

import attrs
import pytest
from ion_host_aiohttp.api.catalog import OWN
from ion_host_aiohttp.api.path import shown_path
from ion_host_aiohttp.api.versions import V1

from ion_framework.settings.model import Settings
from ion_framework.settings.serving import ApiSettings

ENDING = ApiSettings(v1_deprecated="2027-01-31", v1_sunset="2027-12-31")
VERSIONING = ("Deprecation", "Sunset", "Link")


def announcing(api):
    """Settings with this section."""
    return attrs.evolve(Settings(), api=api)


def test_every_path_of_v1_is_served():
    """The table of v1 names declared paths, and successors that are declared, too."""
    declared = {shown_path(endpoint.path) for endpoint in OWN}

    assert V1.keys() <= declared
    assert {path for path in V1.values() if path} <= declared


async def test_v1_announces_its_end(hosting):
    """Answers and errors of v1 tell since when it is deprecated, when it ends and what follows."""
    async with hosting(settings=announcing(ENDING)) as host:
        found = []
        for body in ({"message": "playful"}, {"message": 1}):
            async with host.session.post("/chat", json=body) as response:
                found.append((response.status, *map(response.headers.get, VERSIONING)))

    expected = (
        "@1801353600",
        "Fri, 31 Dec 2027 00:00:00 GMT",
        '</api/v2/process>; rel="successor-version"',
    )
    assert [(200, *expected), (422, *expected)] == found


@pytest.mark.parametrize("path", ["/api/v2/personas", "/health/live", "/openapi.json", "/nowhere"])
async def test_nothing_else_ends_with_v1(hosting, path):
    """Other endpoints announce nothing."""
    async with hosting(settings=announcing(ENDING)) as host, host.session.get(path) as response:
        headers = response.headers

    assert [None, None, None] == [headers.get(name) for name in VERSIONING]


async def test_v1_announces_nothing_unless_told(hosting):
    """Without settings v1 has none of these headers, and the document calls nothing deprecated."""
    async with hosting() as host:
        async with host.session.get("/health") as response:
            headers = response.headers
        async with host.session.get("/openapi.json") as response:
            text = await response.text()

    assert [None, None, None] == [headers.get(name) for name in VERSIONING]
    assert '"deprecated":true' not in text


async def test_a_path_without_successor_has_no_link(hosting):
    """Only what v2 has an equivalent of is linked."""
    settings = announcing(ApiSettings(v1_sunset="2027-12-31"))
    async with hosting(settings=settings) as host, host.session.get("/") as response:
        headers = response.headers

    assert "Sunset" in headers
    assert "Deprecation" not in headers
    assert "Link" not in headers
