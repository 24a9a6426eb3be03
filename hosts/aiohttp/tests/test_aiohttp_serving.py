"""From bind to the last answer: addresses, notice, drain."""

from __future__ import annotations

import asyncio
import socket

import attrs
import pytest
from ion_host_aiohttp.api.catalog import OWN, all_endpoints
from ion_host_aiohttp.api.endpoint import Answer, Endpoint, ErrorStyle
from ion_host_aiohttp.api.path import shown_path
from ion_host_aiohttp.run.addresses import BindError, base_url, bind
from ion_host_aiohttp.run.notice import start_notice
from ion_host_aiohttp.run.server import HttpServer


class TestDrain:
    """The end of a host."""

    async def test_request_in_flight_is_answered(self, hosting, make):
        """A request that has begun is answered although the host stops; new ones are not taken."""
        started, go_on = asyncio.Event(), asyncio.Event()

        async def wait(_text: str) -> str:
            started.set()
            await go_on.wait()
            return "in time"

        slow = make.plugin("slow", "generator", make.generator(wait))
        async with hosting(make.lua, make.analyzer, make.router, slow) as host:
            chat = asyncio.create_task(host.session.post("/chat", json={"message": "hi"}))
            await asyncio.wait_for(started.wait(), 2)
            stop = asyncio.create_task(host.server.stop(grace_s=0.2))
            await asyncio.sleep(0.05)
            ready = await host.session.get("/health/ready")
            await asyncio.sleep(0.3)
            with pytest.raises(OSError, match=r"refused|Connect call failed"):
                await asyncio.open_connection("127.0.0.1", host.port)
            go_on.set()
            response = await chat
            content = (await response.json())["content"]
            await stop

        assert (response.status, content) == (200, "in time")
        assert ready.status == 503

    async def test_request_that_never_ends_is_cut_off(self, hosting, make):
        """A request that does not end within the budget is answered and logged 503."""
        started = asyncio.Event()

        async def wait(_text: str) -> str:
            started.set()
            await asyncio.sleep(60)
            return "never"

        slow = make.plugin("slow", "generator", make.generator(wait))
        async with hosting(make.lua, make.analyzer, make.router, slow) as host:
            chat = asyncio.create_task(host.session.post("/chat", json={"message": "hi"}))
            await asyncio.wait_for(started.wait(), 2)
            async with asyncio.timeout(6):
                await host.server.stop()
            response = await chat

        assert response.status == 503
        assert response.headers["Connection"] == "close"
        assert response.headers["Retry-After"] == "1"
        assert [line["status"] for line in host.lines()] == [503]


class TestAddresses:
    """Where a host may listen."""

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
    def test_other_machines_need_a_word(self, host):
        """An address that other machines reach is refused without --insecure-no-auth."""
        with pytest.raises(BindError, match=r"no authentication.*--insecure-no-auth"):
            bind(host, 0, insecure=False)

    def test_word_is_enough(self):
        """With it the address is bound, and the notice names one that works from here."""
        with bind("0.0.0.0", 0, insecure=True) as bound:
            assert base_url(bound) == f"http://127.0.0.1:{bound.getsockname()[1]}"

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost"])
    def test_loopback_needs_none(self, host):
        """Addresses of this machine alone need no word."""
        with bind(host, 0, insecure=False) as bound:
            assert bound.getsockname()[1] > 0

    def test_taken_port_is_named(self):
        """A port that is taken is an error that says which, and what to do."""
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with pytest.raises(BindError, match=rf"port {port}: .*in use.*--port"):
                bind("127.0.0.1", port, insecure=False)

    def test_unknown_name_is_named(self):
        """A name without an address is an error that says what to give instead."""
        with pytest.raises(BindError, match=r"no address of the name 'no\.such\.host\.invalid'"):
            bind("no.such.host.invalid", 0, insecure=False)


class TestNotice:
    """What is printed at the start."""

    def test_address_and_a_line_to_try(self):
        """It holds the address and a curl line with a Korean message."""
        notice = start_notice("http://127.0.0.1:1", {}, "utf-8")

        assert notice.splitlines()[0] == "ION is listening on http://127.0.0.1:1"
        assert (
            "curl -s http://127.0.0.1:1/chat -H 'Content-Type: application/json' "
            """-d '{"message": "이거 진짜 답답해요! 왜 안 되는 거죠?"}'""" in notice
        )

    def test_korean_terminal(self):
        """On a Korean terminal it is Korean."""
        notice = start_notice("http://x", {"LANG": "ko_KR.UTF-8"}, "utf-8")

        assert notice.startswith("ION 주소: http://x\n")

    def test_terminal_without_hangul(self):
        """Where Hangul cannot be shown, it is plain ASCII."""
        assert start_notice("http://x", {"LANG": "ko_KR"}, "latin-1").isascii()


async def _greet(call, service):
    return Answer(body={"hello": call.path["name"]})


GREETING = Endpoint(
    method="GET", path="/greet/{name}", handler=_greet, style=ErrorStyle.V2, summary="Greet."
)


class TestPluginEndpoints:
    """Endpoints that plugins add."""

    async def test_plugin_adds_an_endpoint(self, hosting, make):
        """An endpoint from ion_provide_routes is served; a route of another host is left out."""
        from ion_framework import hookimpl

        class Elsewhere:
            method, path = "GET", "/of/another/host"

        class Greeter:
            @hookimpl
            def ion_provide_routes(self):
                return [GREETING, Elsewhere()]

        greeter = make.plugin("greeter", "extension", Greeter())
        async with hosting(*make.standard(), greeter) as host:
            hello = await host.session.get("/greet/ion")
            foreign = await host.session.get("/of/another/host")
            body = await hello.json()

        assert (hello.status, body, foreign.status) == (200, {"hello": "ion"}, 404)

    def test_two_for_one_address(self):
        """Of two endpoints for one method and path the second is left out, naming both."""
        twin = Endpoint(
            method="POST", path="/chat", handler=_greet, style=ErrorStyle.V1, summary="Twin."
        )
        catalog = all_endpoints([twin])

        assert catalog.endpoints == OWN
        assert catalog.problems == (
            "POST /chat ('Twin.'): the address is taken by 'Answer a message as the persona that "
            "fits it.'; choose another path",
        )

    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            ({"path": "no-slash"}, "begins with a slash"),
            ({"path": 7}, "begins with a slash"),
            ({"path": "/{broken"}, "no pattern"),
            ({"path": "/{x:[}"}, "no pattern"),
            ({"method": "FROB"}, "method is unknown; valid are: DELETE, GET"),
            ({"method": None}, "method is unknown"),
            ({"handler": "text"}, "handler cannot be called"),
            ({"style": "v3"}, "style is unknown"),
            ({"request": 5}, "request class cannot be decoded"),
            ({"path": "/api/v2/personas/{other}"}, "address is taken"),
        ],
    )
    def test_endpoint_that_cannot_be_served(self, change, fault):
        """An endpoint that is declared wrongly is left out with what is wrong, and no other."""
        wrong = attrs.evolve(GREETING, **change)
        catalog = all_endpoints([wrong, GREETING])

        assert catalog.endpoints == (*OWN, GREETING)
        assert len(catalog.problems) == 1
        assert catalog.problems[0].startswith(f"{wrong.method} {wrong.path} ")
        assert fault in catalog.problems[0]

    async def test_taken_port_after_bind(self, hosting):
        """A port that another process takes between bind and listen is a BindError."""
        async with hosting() as host:
            first = bind("127.0.0.1", 0, insecure=False)
            second = bind("127.0.0.1", first.getsockname()[1], insecure=False)
            first.listen()
            server = HttpServer(host.service, OWN, second)
            with pytest.raises(BindError, match=r"cannot listen on 127\.0\.0\.1 port .*in use"):
                await server.start()
            first.close()
            second.close()

    def test_own_endpoints(self):
        """The host serves these addresses and no others of its own."""
        assert {(endpoint.method, shown_path(endpoint.path)) for endpoint in OWN} == {
            ("GET", "/"),
            ("GET", "/health"),
            ("GET", "/health/live"),
            ("GET", "/health/ready"),
            ("GET", "/health/startup"),
            ("POST", "/chat"),
            ("POST", "/chat/end"),
            ("POST", "/v1/chat/completions"),
            ("GET", "/v1/models"),
            ("GET", "/v1/models/{id}"),
            ("POST", "/api/v2/conversations/start"),
            ("POST", "/api/v2/conversations/{id}/turn"),
            ("POST", "/api/v2/conversations/{id}/close"),
            ("GET", "/api/v2/conversations/{id}"),
            ("GET", "/api/v2/conversations"),
            ("DELETE", "/api/v2/conversations/{id}"),
            ("GET", "/api/v2/users/{user_id}/data"),
            ("DELETE", "/api/v2/users/{user_id}/data"),
            ("POST", "/sessions/{id}/messages"),
            ("POST", "/summaries/preview"),
            ("GET", "/summaries/{id}"),
            ("GET", "/summaries/preview"),
            ("POST", "/api/v2/process"),
            ("GET", "/api/v2/streams/{id}"),
            ("GET", "/api/v2/ws"),
            ("POST", "/api/v2/feedback"),
            ("GET", "/playground"),
            ("GET", "/playground/assets/{digest}/{name}"),
            ("POST", "/api/v2/chat/multi-persona"),
            ("POST", "/api/v2/recommend"),
            ("POST", "/api/v2/bulk-process"),
            ("GET", "/api/v2/personas"),
            ("GET", "/api/v2/personas/{name}"),
            ("GET", "/api/v2/cache-stats"),
            ("POST", "/api/v2/cache/clear"),
            ("POST", "/api/v2/cache/invalidate"),
            ("GET", "/api/v2/plugins"),
            ("POST", "/api/v2/plugins/{name}/enable"),
            ("POST", "/api/v2/plugins/{name}/disable"),
            ("POST", "/api/v2/plugins/{name}/reload"),
            ("GET", "/api/v2/health"),
            ("GET", "/api/v2/status"),
            ("GET", "/api/v2/figures"),
            ("GET", "/api/v2/figures/stream"),
            ("GET", "/dashboard"),
            ("GET", "/dashboard/assets/{digest}/{name}"),
            ("GET", "/api/v2/slo"),
            ("GET", "/api/v2/recording"),
            ("GET", "/openapi.json"),
            ("GET", "/docs"),
            ("GET", "/redoc"),
            ("GET", "/docs/assets/{digest}/{name}"),
        }
