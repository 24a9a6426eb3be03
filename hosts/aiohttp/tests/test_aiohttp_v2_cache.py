"""The cache of answers for those who run the host."""

from __future__ import annotations

import asyncio

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_host_aiohttp.access.caller import Caller
from ion_host_aiohttp.v2.cache_views import details_of
from ion_host_aiohttp.v2.patterns import NOTHING, Holders, meaning_of
from ion_host_aiohttp.workers.figures import Figures, tiers_of, total

from ion_framework.domain.language import Language
from ion_framework.pipeline.cache import CacheStats
from ion_framework.testing import make_persona

PROCESS = "/api/v2/process"
STATS, CLEAR, INVALIDATE = "/api/v2/cache-stats", "/api/v2/cache/clear", "/api/v2/cache/invalidate"


async def fill(host):
    """Store three answers: two of Lua's, one of Elro's."""
    for text in ("frustrated one", "frustrated two", "curious one"):
        response = await host.session.post(PROCESS, json={"user_input": text})
        assert response.status == 200


async def get(host, method, path, **options):
    """The status and body of an answer."""
    response = await host.session.request(method, path, **options)
    return response.status, await response.json()


async def test_figures_are_true(hosting):
    """The figures count what the cache did, and every turn's time."""
    async with hosting() as host:
        _, before = await get(host, "GET", STATS)
        await fill(host)
        await host.session.post(PROCESS, json={"user_input": "frustrated one"})
        await host.session.post(PROCESS, json={"user_input": "x", "use_cache": False})
        status, body = await get(host, "GET", STATS)

    assert status == 200
    assert (before["total_requests"], before["hit_rate"], before["avg_time_ms"]) == (
        0,
        "0.0%",
        "0.0",
    )
    assert (body["total_requests"], body["cache_hits"], body["cache_misses"]) == (4, 1, 3)
    assert body["hit_rate"] == "25.0%"
    assert body["cache_details"]["l1"]["size"] == 3
    assert body["total_time_ms"] > 0
    assert float(body["avg_time_ms"]) == pytest.approx(body["total_time_ms"] / 5, abs=0.051)


async def test_figures_tell_no_keys(hosting):
    """No figure tells a key or anything that was said."""
    async with hosting() as host:
        await fill(host)
        answer = await host.session.post(PROCESS, json={"user_input": "frustrated one"})
        key = (await answer.json())["performance"]["cache_key"]
        text = await (await host.session.get(STATS)).text()

    assert key
    assert key not in text
    assert "frustrated" not in text


async def test_summaries_of_sessions_are_counted(hosting):
    """A summary that was made is counted among those begun and made."""
    async with hosting() as host:
        _, before = await get(host, "GET", STATS)
        await host.session.post("/sessions/s1/messages", json={"message": "The pond is green."})
        ended = await host.session.post("/chat/end?session_id=s1")
        for _ in range(100):
            _, after = await get(host, "GET", STATS)
            if after["summarizer_stats"]["session_summaries_completed"]:
                break
            await asyncio.sleep(0.05)

    assert ended.status == 200
    assert before["summarizer_stats"]["session_summaries_queued"] == 0
    found = after["summarizer_stats"]
    assert (found["session_summaries_queued"], found["session_summaries_completed"]) == (1, 1)
    assert found["success_rate"] == "100.0%"


PATTERNS = [
    ("*", 3),
    (".*", 3),
    ("persona:*", 3),
    ("persona:.*", 3),
    ("persona:lua", 2),
    ("persona:Lua", 2),
    ("PERSONA:LUA", 2),
    ("persona:l*", 2),
    ("persona:?lro", 1),
    ("persona:nobody", 0),
    ("persona:x*", 0),
    ("key:frustrated-flowing-seek_advice", 2),
    ("key:FRUSTRATED-Flowing-seek-advice", 2),
    ("key:frustration-flowing-advice", 2),
    ("key:frustration-*", 2),
    ("key:bogus", 0),
    ("key:frustrated-*", 2),
    ("persona:frustrated-flowing-*", 2),
    ("persona:frustrated-flowing-seek_advice|input:abc", 2),
    ("key:*-flowing-*", 3),
    ("routing:curious-*", 1),
    ("routing:.*", 3),
    ("version:elro@1.0", 1),
    ("version:*@1.0", 3),
    ("tenant:default", 3),
    ("tenant:def*", 3),
    ("tenant:other", 0),
    ("tenant:oth*", 0),
    ("test:*", 0),
    ("user:1", 0),
    ("lua", 0),
    ("persona:", 0),
    ("**", 0),
    ("", 0),
]


@pytest.mark.parametrize(("pattern", "count"), PATTERNS)
async def test_patterns(hosting, pattern, count):
    """A pattern drops exactly what it means, and the count says how many that were."""
    async with hosting() as host:
        await fill(host)
        status, body = await get(host, "POST", INVALIDATE, params={"pattern": pattern})
        _, stats = await get(host, "GET", STATS)

    assert status == 200
    assert list(body) == ["success", "pattern", "deleted_count", "message", "timestamp"]
    assert (body["success"], body["pattern"], body["deleted_count"]) == (True, pattern, count)
    assert stats["cache_details"]["l1"]["size"] == 3 - count


async def test_what_a_pattern_did_is_said(hosting):
    """The message tells how many entries went, or which patterns there are."""
    async with hosting() as host:
        await fill(host)
        _, known = await get(host, "POST", INVALIDATE, params={"pattern": "persona:lua"})
        _, unknown = await get(host, "POST", INVALIDATE, params={"pattern": "test:*"})

    assert known["message"] == "Entries dropped: 2"
    assert unknown["success"] is True
    assert "persona:…" in unknown["message"]


class TenantDoor:
    """Lets everybody in for the tenant that the key names, and knows of two."""

    required = False
    tenants = frozenset({"acme", "acorn"})

    async def identify(self, credentials, address):
        """A caller of that tenant."""
        return Caller(tenant=credentials.key or "default", subject=address)

    def metered(self, limiter):
        """The limiter as it is."""
        return limiter

    async def close(self):
        """Nothing to let go of."""


async def test_wildcards_stand_for_tenants_with_a_key(hosting):
    """A pattern of tenants drops the answers of those that it stands for, and no other's."""
    async with hosting(door=TenantDoor()) as host:
        for tenant in ("acme", "acorn", "default"):
            headers = {"X-API-Key": tenant}
            await host.session.post(PROCESS, json={"user_input": "hi"}, headers=headers)
        _, body = await get(host, "POST", INVALIDATE, params={"pattern": "tenant:ac*"})
        _, stats = await get(host, "GET", STATS)

    assert body["deleted_count"] == 2
    assert stats["cache_details"]["l1"]["size"] == 1


async def test_a_missing_pattern_is_refused(hosting):
    """Without a pattern the answer is a 422 that names it."""
    async with hosting() as host:
        status, problem = await get(host, "POST", INVALIDATE)

    assert status == 422
    assert problem["errors"][0]["pointer"] == "#/pattern"


async def test_clearing_drops_everything(hosting):
    """Clearing tells how many there were, and what was stored is asked anew."""
    async with hosting() as host:
        await fill(host)
        status, body = await get(host, "POST", CLEAR)
        again = await host.session.post(PROCESS, json={"user_input": "curious one"})

    assert status == 200
    assert list(body) == ["success", "message", "deleted_count", "timestamp"]
    assert (body["success"], body["message"], body["deleted_count"]) == (True, "Cache cleared", 3)
    assert again.headers["ION-Cache"] == "miss"


async def test_without_a_cache_all_is_zero(hosting, make):
    """A host without a cache answers alike, with nothing counted and nothing dropped."""
    parrot = make.plugin("parrot", "generator", make.generator(make.echo), fallback=True)
    async with hosting(make.lua, make.analyzer, make.router, parrot) as host:
        await host.session.post(PROCESS, json={"user_input": "hi"})
        _, stats = await get(host, "GET", STATS)
        _, cleared = await get(host, "POST", CLEAR)
        _, dropped = await get(host, "POST", INVALIDATE, params={"pattern": "persona:lua"})

    assert stats["total_requests"] == cleared["deleted_count"] == dropped["deleted_count"] == 0
    assert stats["cache_details"]["l2"]["mode"] == "disabled"


class TestTiers:
    """Figures of the tiers of the cache that ION brings."""

    @staticmethod
    def stats(state="closed"):
        """Figures as the two-tier cache gives them."""
        redis = {
            "counts": {"hits": 3, "misses": 4},
            "breakers": {"answers": {"state": state}, "writes": {"state": "closed"}},
        }
        memory = {"hits": 5, "misses": 7, "entries": 2}
        return CacheStats(8, 4, 2, 100, 0, {"memory": memory, "redis": redis, "flights": {}})

    @staticmethod
    def details(*stats):
        """What is told of processes whose caches have these figures; the first answers."""
        told = [
            Figures(cache_hits=each.hits, cache_misses=each.misses, tiers=tiers_of(each))
            for each in stats
        ]
        return details_of(total(told), stats[0])

    def test_tiers_are_added_up_over_all_processes(self):
        """The tiers of all processes are one, which is unavailable where one of them lacks it."""
        found = self.details(self.stats(), self.stats("open"))

        assert (found.l1.hits, found.l1.misses, found.l1.size) == (10, 14, 4)
        assert (found.l2.hits, found.l2.misses, found.l2.available) == (6, 8, False)
        assert (found.total_hits, found.total_misses) == (16, 8)
        assert found.tiers["memory"]["hits"] == 5

    def test_tiers_have_their_own_figures(self):
        """Hits and misses of either tier are its own, the totals those of the cache."""
        found = self.details(self.stats())

        assert (found.l1.hits, found.l1.misses, found.l1.size) == (5, 7, 2)
        assert found.l1.hit_rate == "41.7%"
        assert (found.l2.hits, found.l2.misses) == (3, 4)
        assert (found.l2.mode, found.l2.available) == ("redis", True)
        assert (found.total_hits, found.total_misses) == (8, 4)

    def test_a_redis_that_does_not_answer_is_unavailable(self):
        """An open breaker makes the shared tier unavailable."""
        found = self.details(self.stats("open"))

        assert (found.l2.mode, found.l2.available) == ("unavailable", False)


@pytest.mark.parametrize("pattern", ["persona:루아", "persona:LUA", "persona:루*", "persona:sa*"])
def test_personas_are_known_by_all_their_names(pattern):
    """A persona is meant by its own name and by those that people see, in any language."""
    names = {Language.ENGLISH: "Lua", Language.KOREAN: "루아"}
    lua = attrs.evolve(make_persona("sage"), display_name=names)

    assert meaning_of(pattern, Holders((lua,))).tags == ("persona:sage",)


@given(st.text(max_size=60))
def test_no_pattern_is_too_odd(pattern):
    """Whatever is asked for, a pattern means everything, some tags or nothing."""
    meaning = meaning_of(pattern, Holders(()))

    assert meaning == NOTHING or meaning.everything or meaning.tags
