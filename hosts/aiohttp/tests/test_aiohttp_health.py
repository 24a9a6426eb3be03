"""Health and probes: what they say is true."""

from __future__ import annotations

import attrs
import pytest
from ion_host_aiohttp.api.endpoint import Call
from ion_host_aiohttp.run.lifecycle import Lifecycle
from ion_host_aiohttp.v1.service_info import live, ready, startup


class TestHealth:
    """``/health`` and ``/api/v2/health``."""

    async def test_complete_host_is_healthy(self, hosting):
        """With a persona, an analyser, a router and a generator everything is well."""
        async with hosting() as host:
            v1 = await (await host.session.get("/health")).json()
            v2 = await (await host.session.get("/api/v2/health")).json()

        assert v1 == {
            "status": "healthy",
            "version": "9.9",
            "pipeline_ready": True,
            "redis_cache": {"enabled": False, "connected": False},
            "conversation_store": {"enabled": True, "connected": True},
            "reasons": [],
        }
        assert v2["healthy"]
        assert v2["service_status"]["status"] == "operational"
        assert v2["dependencies"] == {
            "pipeline": "healthy",
            "cache": "healthy",
            "redis": "disabled",
            "pipeline_cache": "healthy",
            "store": "healthy",
        }

    async def test_host_without_generator_is_degraded(self, hosting, make):
        """Without a generator the host says degraded, why, and that it is not ready."""
        async with hosting(make.lua, make.analyzer, make.router) as host:
            health = await (await host.session.get("/health")).json()
            ready = await host.session.get("/health/ready", headers={"Accept-Language": "en"})
            v2 = await (await host.session.get("/api/v2/health")).json()

            assert (ready.status, (await ready.json())["reasons"]) == (
                503,
                [
                    {
                        "code": "no_generator",
                        "message": "No generator is active; install ion-offline or ion-gemini.",
                    }
                ],
            )
        assert (health["status"], health["pipeline_ready"]) == ("degraded", False)
        assert [reason["code"] for reason in health["reasons"]] == ["no_generator"]
        assert v2["dependencies"]["pipeline"] == "unavailable"
        assert v2["dependencies"]["cache"] == "disabled"

    async def test_host_without_persona_is_degraded(self, hosting, make):
        """Without a persona the host says so."""
        generator = make.plugin("parrot", "generator", make.generator(make.echo))
        async with hosting(make.analyzer, make.router, generator) as host:
            health = await (await host.session.get("/health")).json()

        assert [reason["code"] for reason in health["reasons"]] == ["no_persona"]

    async def test_failed_plugin_is_named(self, hosting, make):
        """A failed plugin makes the host degraded, not unready; it is named without its error."""
        from ion_framework import hookimpl

        class Broken:
            @hookimpl
            async def ion_startup(self):
                raise RuntimeError("password=hunter2")

        broken = make.plugin("broken", "monitor", Broken())
        async with hosting(*make.standard(), broken) as host:
            health = await (await host.session.get("/health")).json()
            ready = await host.session.get("/health/ready")

        assert ready.status == 200
        assert health["status"] == "degraded"
        assert "broken" in health["reasons"][0]["message"]
        assert "hunter2" not in str(health)

    async def test_figures_are_real(self, hosting, make):
        """Uptime grows, hits are counted, and the error rate is the share of 5xx answers."""

        async def sometimes(text: str) -> str:
            if "fail" in text:
                raise RuntimeError
            return text

        generator = make.plugin("moody", "generator", make.generator(sometimes))
        cache = make.standard()[4]
        async with hosting(make.lua, make.analyzer, make.router, cache, generator) as host:
            for message in ("hi", "hi", "fail"):
                await host.session.post("/chat", json={"message": message})
            first = (await (await host.session.get("/api/v2/health")).json())["service_status"]
            second = (await (await host.session.get("/api/v2/health")).json())["service_status"]

        assert first["cached_requests"] == 1
        assert first["error_rate"] == round(1 / 3, 6)
        assert second["error_rate"] == round(1 / 4, 6)
        assert 0 < first["uptime_ms"] < second["uptime_ms"]


class TestProbes:
    """``/health/live``, ``/ready`` and ``/startup``."""

    async def test_draining_host_lives_but_is_not_ready(self, hosting):
        """While the host drains, readiness is 503 and liveness stays 200."""
        async with hosting() as host:
            host.service.lifecycle.drain()
            found = {
                name: (await host.session.get(f"/health/{name}")).status
                for name in ("live", "ready", "startup")
            }

        assert found == {"live": 200, "ready": 503, "startup": 200}

    @pytest.mark.parametrize(("probe", "status"), [(ready, 503), (startup, 503), (live, 200)])
    async def test_starting_host_is_not_ready(self, hosting, probe, status):
        """Before the start is over, readiness and startup are 503 with Retry-After."""
        call = Call(body=None, path={}, request_id="r", language=None)
        async with hosting() as host:
            answer = await probe(call, attrs.evolve(host.service, lifecycle=Lifecycle()))

        assert answer.status == status
        assert answer.headers == ({"Retry-After": "1"} if status == 503 else {})


class TestInfo:
    """``GET /``."""

    async def test_fields(self, hosting):
        """The root says what serves here and where its health is."""
        async with hosting() as host:
            body = await (await host.session.get("/")).json()

        assert body == {
            "service": "ION",
            "version": "9.9",
            "status": "running",
            "docs": "/docs",
            "health": "/health",
        }
