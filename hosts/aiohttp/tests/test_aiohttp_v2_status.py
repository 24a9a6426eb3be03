"""``GET /api/v2/status``, and who may read and do what."""

from __future__ import annotations

import pytest
from ion_host_aiohttp.access.caller import Caller, Scope
from ion_host_aiohttp.api.catalog import OWN
from ion_host_aiohttp.api.path import shown_path
from ion_host_aiohttp.rates.limiter import Unlimited

STATUS = "/api/v2/status"


class Door:
    """Lets in whoever names scopes as its key.

    Args:
        scopes: what everybody is granted.
    """

    required = True

    def __init__(self, *scopes):
        self._scopes = frozenset(scopes)

    def metered(self, _limiter):
        """No limits."""
        return Unlimited()

    async def identify(self, _credentials, _address):
        """Somebody with these scopes."""
        return Caller(principal="key:test", scopes=self._scopes)

    async def close(self):
        """Nothing to let go of."""


async def test_the_answer_of_the_original(hosting):
    """The status tells version, state and figures of the cache."""
    async with hosting() as host:
        response = await host.session.get(STATUS)
        body = await response.json()

    assert response.status == 200
    assert list(body) == ["version", "status", "cache_stats", "plugins", "store", "timestamp"]
    assert (body["version"], body["status"]) == ("v2.0", "operational")
    assert body["cache_stats"]["total_requests"] == 0


async def test_a_host_that_lacks_something_is_degraded(hosting, make):
    """A host that cannot answer says so in its status."""
    async with hosting(make.lua) as host:
        body = await (await host.session.get(STATUS)).json()

    assert body["status"] == "degraded"


async def test_readers_see_no_details(hosting):
    """Who may only read sees totals; the tiers are for administrators."""
    async with hosting(door=Door(Scope.READ)) as host:
        read = await (await host.session.get(STATUS)).json()
    async with hosting(door=Door(Scope.ADMIN)) as host:
        administered = await (await host.session.get(STATUS)).json()

    assert read["cache_stats"]["cache_details"] is None
    assert administered["cache_stats"]["cache_details"] is not None
    assert read["plugins"] is None
    assert {"parrot", "lua"} <= {each["name"] for each in administered["plugins"]}


NEEDS = {
    ("POST", "/api/v2/process"): Scope.CHAT,
    ("GET", "/api/v2/streams/{id}"): Scope.CHAT,
    ("GET", "/api/v2/ws"): Scope.CHAT,
    ("POST", "/api/v2/feedback"): Scope.CHAT,
    ("POST", "/api/v2/conversations/start"): Scope.CHAT,
    ("POST", "/api/v2/conversations/{id}/turn"): Scope.CHAT,
    ("POST", "/api/v2/conversations/{id}/close"): Scope.CHAT,
    ("GET", "/api/v2/conversations/{id}"): Scope.CHAT,
    ("GET", "/api/v2/conversations"): Scope.CHAT,
    ("DELETE", "/api/v2/conversations/{id}"): Scope.CHAT,
    ("GET", "/api/v2/users/{user_id}/data"): Scope.CHAT,
    ("DELETE", "/api/v2/users/{user_id}/data"): Scope.CHAT,
    ("POST", "/api/v2/chat/multi-persona"): Scope.CHAT,
    ("POST", "/api/v2/recommend"): Scope.CHAT,
    ("POST", "/api/v2/bulk-process"): Scope.CHAT,
    ("GET", "/api/v2/personas"): Scope.READ,
    ("GET", "/api/v2/personas/{name}"): Scope.READ,
    ("GET", "/api/v2/health"): Scope.READ,
    ("GET", "/api/v2/status"): Scope.READ,
    ("GET", "/api/v2/slo"): Scope.READ,
    ("GET", "/api/v2/cache-stats"): Scope.ADMIN,
    ("GET", "/api/v2/recording"): Scope.ADMIN,
    ("GET", "/api/v2/figures"): Scope.ADMIN,
    ("GET", "/api/v2/figures/stream"): Scope.ADMIN,
    ("POST", "/api/v2/cache/clear"): Scope.ADMIN,
    ("POST", "/api/v2/cache/invalidate"): Scope.ADMIN,
    ("GET", "/api/v2/plugins"): Scope.ADMIN,
    ("POST", "/api/v2/plugins/{name}/enable"): Scope.ADMIN,
    ("POST", "/api/v2/plugins/{name}/disable"): Scope.ADMIN,
    ("POST", "/api/v2/plugins/{name}/reload"): Scope.ADMIN,
}


def test_every_endpoint_of_v2_is_there_with_its_scope():
    """Every endpoint of the original's API v2 is declared, with the scope that it needs."""
    found = {
        (item.method, shown_path(item.path)): item.scope
        for item in OWN
        if item.path.startswith("/api/v2/")
    }

    assert found == NEEDS


@pytest.mark.parametrize("path", ["/api/v2/cache/clear", "/api/v2/cache/invalidate?pattern=*"])
async def test_administration_needs_its_scope(hosting, path):
    """Without the scope admin the cache cannot be emptied."""
    async with hosting(door=Door(Scope.CHAT, Scope.READ)) as host:
        refused = await host.session.post(path)
    async with hosting(door=Door(Scope.ADMIN)) as host:
        done = await host.session.post(path)

    assert (refused.status, done.status) == (403, 200)
