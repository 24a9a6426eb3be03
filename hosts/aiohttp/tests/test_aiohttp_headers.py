"""The headers of every response, whatever route and status."""

from __future__ import annotations

import pytest
from ion_host_aiohttp.api.headers import header_safe

from ion_framework.settings.model import Settings
from ion_framework.settings.serving import ApiSettings, Hsts, ServerSettings

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "0",
    "Cache-Control": "no-store",
    "Server": "",
}
JSON = {"Content-Type": "application/json"}
CASES = [
    ("GET", "/", {}, 200),
    ("HEAD", "/", {}, 200),
    ("GET", "/health", {}, 200),
    ("GET", "/health/live", {}, 200),
    ("GET", "/health/ready", {}, 200),
    ("GET", "/health/startup", {}, 200),
    ("POST", "/chat", {"json": {"message": "hi"}}, 200),
    ("POST", "/chat", {"json": {}}, 422),
    ("POST", "/chat", {"data": b"{", "headers": JSON}, 422),
    ("POST", "/chat", {"data": b"hi"}, 415),
    ("POST", "/chat", {"data": b" " * 300_000, "headers": JSON}, 413),
    ("GET", "/broken", {}, 500),
    ("GET", "/chat", {}, 405),
    ("GET", "/nowhere", {}, 404),
    ("GET", "/nowhere", {"headers": {"Expect": "cake"}}, 417),
    ("POST", "/api/v2/process", {"json": {"user_input": "hi"}}, 200),
    ("POST", "/api/v2/process", {"json": {"user_input": " "}}, 400),
    ("POST", "/api/v2/process", {"json": {"user_input": 1}}, 422),
    ("GET", "/api/v2/broken", {}, 500),
    ("PUT", "/api/v2/process", {}, 405),
    ("GET", "/api/v2/personas", {}, 200),
    ("GET", "/api/v2/personas/lua", {}, 200),
    ("GET", "/api/v2/personas/none", {}, 404),
    ("GET", "/api/v2/health", {}, 200),
    ("GET", "/api/v2/nowhere", {}, 404),
]


class TestTable:
    """Routes times statuses."""

    @pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[1]} {case[3]}")
    async def test_every_response_carries_them(self, hosting, make, case):
        """Each route answers with its status and all security headers, and never a maker's name."""
        method, path, options, status = case
        async with hosting(*make.standard(), make.broken) as host:
            response = await host.session.request(method, path, **options)

        assert response.status == status
        assert {name: response.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
        assert len(response.headers["X-Request-ID"]) == 32
        assert "Strict-Transport-Security" not in response.headers

    @pytest.mark.parametrize(
        "bytes_sent",
        [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            b"POST /chat HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        ],
        ids=["TLS", "two hosts", "negative length", "NUL in a header"],
    )
    async def test_bytes_that_are_no_request_get_them_too(self, hosting, bytes_sent):
        """What is not HTTP is answered with 400, the same headers, and one line in the log."""
        async with hosting() as host:
            answer = await host.raw(bytes_sent)
            lines = host.lines("request malformed")

        head = answer.partition(b"\r\n\r\n")[0].decode()
        assert head.startswith(("HTTP/1.1 400 ", "HTTP/1.0 400 "))
        assert set(head.split("\r\n")) >= {
            "Server: " if not value else f"{name}: {value}" for name, value in EVERYWHERE.items()
        }
        assert [line["status"] for line in lines] == [400]


class TestTransportSecurity:
    """HSTS."""

    async def test_only_where_the_caller_used_https(self, hosting):
        """Strict-Transport-Security is sent where a trusted proxy says https, and only there."""
        found = []
        for proxies in ((), ("127.0.0.0/8",)):
            server = ServerSettings(trusted_proxies=proxies)
            async with hosting(settings=Settings(server=server)) as host:
                for scheme in ("http", "https"):
                    headers = {"X-Forwarded-Proto": scheme}
                    response = await host.session.get("/health/live", headers=headers)
                    found.append(response.headers.get("Strict-Transport-Security"))

        assert found == [None, None, None, "max-age=31536000"]

    @pytest.mark.parametrize(
        ("hsts", "said"),
        [(Hsts.SUBDOMAINS, "max-age=31536000; includeSubDomains"), (Hsts.OFF, None)],
    )
    async def test_other_names_are_bound_only_where_that_is_set(self, hosting, hsts, said):
        """With api.hsts the names below this one are bound as well, or none at all."""
        settings = Settings(
            server=ServerSettings(trusted_proxies=("127.0.0.0/8",)), api=ApiSettings(hsts=hsts)
        )
        async with hosting(settings=settings) as host:
            headers = {"X-Forwarded-Proto": "https"}
            response = await host.session.get("/health/live", headers=headers)

        assert response.headers.get("Strict-Transport-Security") == said


class TestHeaderSafe:
    """Text in a header."""

    @pytest.mark.parametrize(
        ("text", "safe"),
        [
            ("gemini failed: timeout", "gemini failed: timeout"),
            ("a\r\nSet-Cookie: x=1", "a Set-Cookie: x=1"),
            ("모델이 응답하지 않음 (503)", "(503)"),
            ("한국어", "yes"),
            ("\ud800x", "x"),
            ("x" * 999, "x" * 200),
        ],
    )
    def test_only_printable_ascii_is_left(self, text, safe):
        """A reason is cut down to what cannot end the header or break its encoding."""
        assert header_safe(text) == safe
