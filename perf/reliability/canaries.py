"""Twelve secrets, where each is planted, and every way to an error past them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import attrs

from perf.reliability.malformed import request

_JSON = "Content-Type: application/json\r\n"


@attrs.frozen
class Canaries:
    """The secrets; each value is one word that occurs nowhere else."""

    model_key: str = "AIzaCanaryOfTheModel0123456789abcdefghi"
    redis_password: str = "canary-redis-password-77"  # noqa: S105  a made-up one
    sentry_dsn: str = "canarydsn0a1b2c3d4e5f"
    jwt_secret: str = "canary-jwt-signing-secret-of-32-bytes-or-more"  # noqa: S105  a made-up one
    other_variable: str = "canary-of-another-variable"
    bearer: str = "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.Y2FuYXJ5"
    api_key: str = "ion_canarykey_0123456789abcdef"
    cookie: str = "canary-of-a-session-cookie"
    query: str = "canary-in-a-query"
    prompt: str = "canaryprompt about my illness"
    address: str = "canary.person@example.org"
    basic: str = "Y2FuYXJ5OmNhbmFyeQ=="

    def environ(self, redis_port: int, sentry_port: int) -> Mapping[str, str]:
        """The variables that hold those of the operator.

        Args:
            redis_port: where no Redis is.
            sentry_port: where Sentry is.
        """
        return {
            "ION_REDIS_URL": f"redis://ion:{self.redis_password}@127.0.0.1:{redis_port}/0",
            "SENTRY_DSN": f"http://{self.sentry_dsn}@127.0.0.1:{sentry_port}/1",
            "ION_JWT_SECRET": self.jwt_secret,
            "OTHER_SECRET": self.other_variable,
        }

    def lines(self) -> str:
        """Header lines of a caller who presents everything that it has."""
        return (
            f"X-API-Key: {self.api_key}\r\nCookie: session={self.cookie}\r\n"
            f"X-Request-ID: {self.address} {self.cookie}\r\nReferer: http://a/?{self.query}\r\n"
        )

    def requests(self) -> Iterator[tuple[str, bytes]]:
        """Every way to an error, and to an answer, each with its name."""
        for path, field in (("/chat", "message"), ("/api/v2/process", "user_input")):
            for authorization in (f"Bearer {self.bearer}", f"Basic {self.basic}", "none"):
                lines = f"Authorization: {authorization}\r\n{self.lines()}"
                for name, body in self._bodies(field).items():
                    kind = authorization.partition(" ")[0]
                    address = self._with_query(path)
                    yield f"{path} {name} {kind}", request(address, body, lines + _JSON)
            for kind in ("text/plain", "application/json; charset=utf-16"):
                typed = f"{self.lines()}Content-Type: {kind}\r\n"
                yield f"{path} {kind}", request(path, self._bodies(field)["good"], typed)
            late = f"{self.lines()}{_JSON}ION-Deadline-Ms: 1\r\n"
            yield f"{path} late", request(path, self._bodies(field)["good"], late)
            bad = f"{self.lines()}{_JSON}ION-Deadline-Ms: {self.cookie}\r\n"
            yield f"{path} deadline", request(path, self._bodies(field)["good"], bad)
        yield from self._odd()

    def _odd(self) -> Iterator[tuple[str, bytes]]:
        lines = f"Host: localhost\r\n{self.lines()}\r\n"
        for start in (
            f"GET {self._with_query('/nowhere')} HTTP/1.1",
            f"DELETE {self._with_query('/chat')} HTTP/1.1",
            f"GET {self._with_query('/api/v2/nowhere')} HTTP/1.1",
            f"GET {self._with_query('/api/v2/personas/nobody')} HTTP/1.1",
            f"CONNECT {self.address}:80 HTTP/1.1",
            f"GET /{self.query} HTTP/7.7",
            f"{self.bearer} / HTTP/1.1",
        ):
            yield start[:12], f"{start}\r\n{lines}".encode()
        yield "broken header", f"GET / HTTP/1.1\r\nCookie {self.cookie}\r\n\r\n".encode()
        yield (
            "broken length",
            f"POST /chat HTTP/1.1\r\nContent-Length: {self.query}\r\n\r\n".encode(),
        )
        chunk = f"Host: localhost\r\n{_JSON}Transfer-Encoding: chunked\r\n\r\n{self.query}\r\n"
        yield "broken chunk", f"POST /chat HTTP/1.1\r\n{chunk}".encode()
        yield "expectation", f"POST /chat HTTP/1.1\r\nExpect: {self.query}\r\n{lines}".encode()

    def _with_query(self, path: str) -> str:
        return f"{path}?api_key={self.query}&key={self.query}"

    def _bodies(self, field: str) -> Mapping[str, bytes]:
        good = {field: f"{self.prompt}, and I am {self.address}", "user_id": self.address}
        documents = {
            "good": good,
            "nobody": {**good, "persona": "nobody"},
            "wrong type": {**good, field: {"a": self.prompt}},
            "unknown member": {**good, self.query: self.query},
            "too long": {field: "x" * 40_000 + self.prompt},
            "deep": {field: [[[[self.prompt]]]]},
            "missing": {"user_id": self.address},
        }
        found = {name: json.dumps(document).encode() for name, document in documents.items()}
        return {
            **found,
            "cut off": found["good"][:-2],
            "NUL": found["good"].replace(b"canary", b"canary\\u0000"),
            "not UTF-8": found["good"].replace(b",", b"\xff", 1),
            "no JSON": self.prompt.encode(),
            "empty": b"",
        }


def without_echo(body: bytes) -> bytes:
    """An error's body without what API v1 gives back to a caller of the caller's own words.

    The member ``input`` of its validation errors is part of its contract.
    """
    try:
        document = json.loads(body)
        for item in document["detail"]:
            item.pop("input", None)
    except (ValueError, TypeError, KeyError, AttributeError):
        return body
    return json.dumps(document).encode()
