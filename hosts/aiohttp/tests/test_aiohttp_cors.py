"""Web pages in browsers: which may call, what they may read, and what is refused to the others."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from ion_host_aiohttp.api.headers import add_headers
from ion_host_aiohttp.browser.cors import ALLOWED_HEADERS, OPENAI_HEADERS, is_allowed_origin
from ion_host_aiohttp.browser.origins import Origins

from ion_framework.settings.model import Settings
from ion_framework.settings.serving import CorsSettings, ServerSettings

APP = "https://app.example"
FOREIGN = ["https://evil.example", "null", "https://app.example.evil.example", "http://app.example"]
FOREIGN += ["https://sub.app.example", "https://app.example:8443", "https://APP.example", "*"]
LISTED = Settings(cors=CorsSettings(origins=(APP,)))
CHAT = {"json": {"message": "hi"}}
CORS = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Expose-Headers",
)


def cors_of(response):
    """The names of the CORS headers that a response has."""
    return [name for name in CORS if name in response.headers]


def preflight(origin=APP, method="POST"):
    """The headers of a preflight."""
    return {"Origin": origin, "Access-Control-Request-Method": method}


def settings_of(**cors):
    """Settings that list the page, with more of the same section."""
    return Settings(cors=CorsSettings(**{"origins": (APP,), **cors}))


class TestListedPage:
    """A page of the list."""

    async def test_it_may_call_and_read(self, hosting):
        """The answer names the page, what it may read, and that others get another answer."""
        async with hosting(settings=LISTED) as host:
            response = await host.session.post("/chat", headers={"Origin": APP}, **CHAT)

        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == APP
        assert "Access-Control-Allow-Credentials" not in response.headers
        exposed = response.headers["Access-Control-Expose-Headers"]
        assert {"X-Request-ID", "RateLimit", "Retry-After", "Idempotency-Replayed"} <= set(
            exposed.split(", ")
        )
        assert "Origin" in response.headers["Vary"]

    async def test_credentials_are_named_only_where_they_are_set(self, hosting):
        """``cors.credentials`` adds the header, and the origin stays exact."""
        async with hosting(settings=settings_of(credentials=True)) as host:
            response = await host.session.get("/health", headers={"Origin": APP})

        assert response.headers["Access-Control-Allow-Credentials"] == "true"
        assert response.headers["Access-Control-Allow-Origin"] == APP

    async def test_vary_keeps_what_stands_there(self, hosting):
        """An error names both the language and the origin, in one header."""
        async with hosting(settings=LISTED) as host:
            response = await host.session.get("/nowhere", headers={"Origin": APP})

        assert response.headers.getall("Vary") == ["Accept-Language, Origin"]


class TestPreflight:
    """``OPTIONS`` that a browser sends by itself."""

    async def test_it_is_answered_with_the_methods_of_the_address(self, hosting):
        """A listed page is told 204, methods, headers and for how long that holds."""
        async with hosting(settings=settings_of(max_age_s=77)) as host:
            response = await host.session.options("/chat", headers=preflight())

        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == APP
        assert response.headers["Access-Control-Allow-Methods"] == "POST"
        assert response.headers["Access-Control-Allow-Headers"] == ", ".join(ALLOWED_HEADERS)
        assert response.headers["Access-Control-Max-Age"] == "77"
        assert response.headers["Vary"].endswith(", Origin")

    @pytest.mark.parametrize("origin", FOREIGN)
    async def test_other_pages_are_refused(self, hosting, origin):
        """Whoever is not listed is told 403, without a CORS header."""
        async with hosting(settings=LISTED) as host:
            response = await host.session.options("/chat", headers=preflight(origin))

        assert (response.status, cors_of(response)) == (403, [])

    async def test_an_address_that_does_not_exist_says_so(self, hosting):
        """A preflight for nothing is 404, and the page may read that."""
        async with hosting(settings=LISTED) as host:
            response = await host.session.options("/nowhere", headers=preflight())

        assert response.status == 404
        assert response.headers["Access-Control-Allow-Origin"] == APP

    async def test_it_needs_no_credentials_and_costs_nothing(self, hosting, make):
        """A preflight reaches neither the authenticator nor the rate limit."""
        async with hosting(settings=LISTED) as host:
            statuses = [
                (await host.session.options("/api/v2/process", headers=preflight())).status
                for _ in range(50)
            ]

        assert set(statuses) == {204}

    async def test_the_client_of_openais_protocol_may_send_its_headers(self, hosting):
        """Its own headers are allowed where its protocol is spoken, and nowhere else."""
        async with hosting(settings=LISTED) as host:
            found = [
                (await host.session.options(path, headers=preflight()))
                .headers["Access-Control-Allow-Headers"]
                .split(", ")
                for path in ("/v1/chat/completions", "/api/v2/process")
            ]

        assert [*ALLOWED_HEADERS, *OPENAI_HEADERS] == found[0]
        assert {"X-Stainless-Retry-Count", "X-Stainless-Runtime-Version"} < set(found[0])
        assert list(ALLOWED_HEADERS) == found[1]

    async def test_options_without_the_marks_of_a_preflight_is_a_method_like_others(self, hosting):
        """Plain ``OPTIONS`` is answered 405."""
        async with hosting(settings=LISTED) as host:
            response = await host.session.options("/chat", headers={"Origin": APP})

        assert response.status == 405


class TestForeignPage:
    """A page that is not listed."""

    @pytest.mark.parametrize("origin", FOREIGN)
    async def test_it_cannot_read(self, hosting, origin):
        """What it asks is answered without CORS headers, so its browser keeps it from the page."""
        async with hosting(settings=LISTED) as host:
            response = await host.session.get("/health", headers={"Origin": origin})

        assert (response.status, cors_of(response)) == (200, [])
        assert response.headers["Vary"] == "Origin"

    @pytest.mark.parametrize("origin", FOREIGN)
    @pytest.mark.parametrize("path", ["/chat", "/api/v2/process", "/nowhere"])
    async def test_it_cannot_change_anything(self, hosting, origin, path):
        """What it posts is refused before anything looks at it."""
        async with hosting(settings=LISTED) as host:
            response = await host.session.post(path, headers={"Origin": origin}, **CHAT)

        assert (response.status, cors_of(response)) == (403, [])

    async def test_a_form_cannot_either(self, hosting):
        """A form, which needs no preflight, is refused for its page and not for its type."""
        async with hosting(settings=LISTED) as host:
            response = await host.session.post(
                "/api/v2/process", headers={"Origin": "https://evil.example"}, data={"a": "b"}
            )
            body = await response.json(content_type=None)

        assert (response.status, body["error"]["code"]) == (403, "ORIGIN_REFUSED")

    async def test_two_origins_are_nobodys(self, hosting):
        """A request that names two origins counts as foreign, though one of them is listed."""
        async with hosting(settings=LISTED) as host:
            answer = await host.raw(
                b"POST /chat HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.example\r\n"
                b"Origin: https://evil.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )

        assert answer.startswith(b"HTTP/1.1 403 ")
        assert b"Access-Control-Allow-Origin" not in answer


class TestOwnPage:
    """The host's own pages, and programs."""

    async def test_programs_send_no_origin(self, hosting):
        """Without ``Origin`` everything is as ever, and ``Vary`` is there."""
        async with hosting() as host:
            response = await host.session.post("/chat", **CHAT)

        assert (response.status, cors_of(response)) == (200, [])
        assert "Origin" in response.headers["Vary"]

    async def test_its_own_page_may_post(self, hosting):
        """A page that the host itself served may call it, though it is not listed."""
        async with hosting() as host:
            response = await host.session.post("/chat", headers={"Origin": host.url}, **CHAT)

        assert response.status == 200

    async def test_another_port_is_another_page(self, hosting):
        """A page of another server of the same machine is foreign."""
        async with hosting() as host:
            response = await host.session.post(
                "/chat", headers={"Origin": "http://127.0.0.1:1"}, **CHAT
            )

        assert response.status == 403

    @pytest.mark.parametrize(
        ("origin", "host", "https", "own"),
        [
            ("https://a.example", "a.example", False, True),
            ("https://a.example", "a.example:443", True, True),
            ("http://a.example", "a.example:80", False, True),
            ("http://a.example", "a.example", True, False),
            ("https://a.example", "b.example", True, False),
            ("https://a.example", "a.example:80", True, False),
            ("null", "null", False, False),
            ("ftp://a.example", "a.example", False, False),
        ],
    )
    def test_own_is_scheme_host_and_port(self, origin, host, https, own):
        """A page under https is own before a host that knows of no proxy, never the reverse."""
        request = make_mocked_request("POST", "/", headers={"Origin": origin, "Host": host})
        service = SimpleNamespace(
            origins=Origins(),
            addresses=SimpleNamespace(is_https=lambda _request: https),
        )

        assert is_allowed_origin(request, service) is own


class TestNames:
    """The name under which the host is called."""

    @pytest.mark.parametrize(
        "name", ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:99"]
    )
    async def test_a_host_on_loopback_answers_to_the_names_of_loopback(self, hosting, name):
        """``localhost`` and loopback addresses are its names, with any port."""
        async with hosting() as host:
            response = await host.session.get("/health", headers={"Host": name})

        assert response.status == 200

    @pytest.mark.parametrize(
        "name", ["evil.example", "evil.example:8080", "localhost.evil.example", "10.0.0.1", "[::2]"]
    )
    async def test_and_to_no_other(self, hosting, name):
        """A page that made its name mean 127.0.0.1 can neither read nor change anything."""
        same = {"Host": name, "Origin": f"http://{name}"}
        async with hosting() as host:
            read = await host.session.get("/health", headers={"Host": name})
            changed = await host.session.post("/chat", headers=same, **CHAT)

        assert (read.status, changed.status) == (403, 403)

    async def test_names_can_be_added(self, hosting):
        """A name of ``cors.hosts`` is answered, and the refusal of others lists it."""
        async with hosting(settings=settings_of(hosts=("api.example",))) as host:
            good = await host.session.get("/health", headers={"Host": "api.example:8080"})
            bad = await host.session.get("/health", headers={"Host": "www.example"})
            text = await bad.text()

        assert (good.status, bad.status) == (200, 403)
        assert "api.example" in text
        assert "ION_ALLOWED_HOSTS" in text

    def test_a_host_for_other_machines_answers_to_every_name(self):
        """Where others reach it there is authentication, and names are not known here."""
        origins = Origins.of(Settings(server=ServerSettings(host="0.0.0.0")))
        request = make_mocked_request("GET", "/", headers={"Host": "api.example"})

        assert origins.answers_to(request)


class TestPluginsEndpoints:
    """Endpoints that plugins bring."""

    async def test_they_cannot_let_pages_in(self, hosting, make):
        """A CORS header that an answer brings along is not sent."""
        response = web.Response(headers={"Access-Control-Allow-Origin": "*"})
        async with hosting() as host:
            add_headers(make_mocked_request("GET", "/"), response, host.service)

        assert cors_of(response) == []
