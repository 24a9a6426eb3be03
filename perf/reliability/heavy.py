"""Requests of up to a megabyte that are made to hold an event loop up."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from perf.reliability.malformed import request

SIZE = 1_000_000
_JSON = "Content-Type: application/json\r\n"


def heavy_requests(path: str, field: str) -> Iterator[tuple[str, bytes]]:
    """Each by its name, as it goes over the wire.

    Args:
        path: an endpoint that takes JSON.
        field: the member that holds its message.
    """
    start = f'{{"{field}":'.encode()
    for charset in ("punycode", "idna", "utf-7", "raw_unicode_escape", "hex"):
        yield charset, request(path, b"a-" * (SIZE // 2), f"{_JSON[:-2]}; charset={charset}\r\n")
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    yield "gzip", request(path, bomb, _JSON + "Content-Encoding: gzip\r\n")
    for name, body in _bodies(start).items():
        yield name, request(path, body[:SIZE], _JSON)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n{_JSON}\r\n"
    chunks = b'1\r\n"\r\n' + b"1\r\na\r\n" * 160_000
    yield "160,000 chunks", head.encode() + chunks + b"0\r\n\r\n"
    extension = b"1;" + b"x=y;" * 500 + b"\r\na\r\n"
    yield "extended chunks", head.encode() + extension * (SIZE // len(extension)) + b"0\r\n\r\n"
    get = "GET /health HTTP/1.1\r\nHost: localhost\r\n"
    yield "long query", f"GET /health?{'a=b&' * 1900} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    for name, value in _HEADERS.items():
        yield name, f"{get}{name}: {value}\r\n\r\n".encode()
    yield "pipeline", (get + "\r\n").encode() * 300


def _bodies(start: bytes) -> dict[str, bytes]:
    return {
        "deep": b"[" * SIZE,
        "pairs": start + b'"a","x":[' + b"[]," * (SIZE // 3 - 20) + b"1]}",
        "unbalanced": b"][}{" * (SIZE // 4),
        "bracket strings": b"[" * 70 + b'"["' * (SIZE // 3 - 40),
        "escapes": start + b'"' + rb"\"" * (SIZE // 2 - 20) + b'"}',
        "one escape more": start + rb'"\u0041' + rb"\n" * (SIZE // 2 - 20) + b'"}',
        "unterminated": start + b'"' + b"\\" * (SIZE - 40),
        "surrogates": start + b'"' + rb"\ud83d\ude00" * (SIZE // 12 - 5) + b'"}',
        "long int": start + b"9" * (SIZE - 40) + b"}",
        "long exponent": start + b"1e" + b"9" * (SIZE - 40) + b"}",
        "members": b"{" + b",".join(b'"k%d":1' % item for item in range(80_000)) + b"}",
        "many strings": start + b"[" + b'"",' * (SIZE // 3 - 20) + b'""]}',
        "blanks": b" " * SIZE,
        "long text": start + b'"' + "가".encode() * (SIZE // 3 - 20) + b'"}',
        "words": start + b'"' + b"why not? " * (SIZE // 9 - 20) + b'"}',
    }


_HEADERS = {
    "Accept-Language": "en-a;q=0.1," * 700,
    "Content-Type": "application/json;" + "a=b;" * 1900,
    "Accept": "a/b;q=0.1," * 780,
    "Cookie": "a=b; " * 1600,
    "If-None-Match": '"a",' * 2000,
    "Range": "bytes=" + "0-1," * 1900,
    "X-Forwarded-For": "1.2.3.4," * 1000,
    "Authorization": "Bearer " + "a." * 4000,
    "traceparent": "00-" * 2700,
    "X-Request-ID": "a" * 8000,
}
