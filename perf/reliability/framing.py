"""Requests that two readers may take apart differently, and heads that are nearly right.

What hides behind a request here carries a name of its own in ``X-Request-ID``; the host repeats
that name in its answer to whatever it took for a request.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

HIDDEN = b"hidden-request"
_HIDDEN = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: " + HIDDEN + b"\r\n\r\n"
_START = b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
_CHUNKED = b"Transfer-Encoding: chunked\r\n"
_LENGTH = b"Content-Length: "


def ambiguous() -> Iterator[tuple[str, bytes]]:
    """Requests of which a second one may be made, each with its name."""
    long = str(len(_HIDDEN)).encode()
    yield "length and chunks", _START + _LENGTH + b"4\r\n" + _CHUNKED + b"\r\n0\r\n\r\n" + _HIDDEN
    yield "chunks and length", _START + _CHUNKED + _LENGTH + b"4\r\n\r\n0\r\n\r\n" + _HIDDEN
    for value in _LENGTHS:
        yield f"length {value!r}", _START + _LENGTH + value + b"\r\n\r\n" + _HIDDEN
    yield "two lengths", _START + _LENGTH + b"0\r\n" + _LENGTH + long + b"\r\n\r\n" + _HIDDEN
    yield "two equal lengths", _START + (_LENGTH + b"0\r\n") * 2 + b"\r\n" + _HIDDEN
    for value in _ENCODINGS:
        line = b"Transfer-Encoding: " + value + b"\r\n"
        yield f"encoding {value!r}", _START + line + b"\r\n0\r\n\r\n" + _HIDDEN
    for name in (b"Transfer-Encoding ", b"Transfer_Encoding\x00", b" Transfer-Encoding"):
        yield f"name {name!r}", _START + name + b": chunked\r\n\r\n0\r\n\r\n" + _HIDDEN
    for chunk in _CHUNKS:
        yield f"chunk {chunk!r}", _START + _CHUNKED + b"\r\n" + chunk + _HIDDEN
    yield "folded header", _START + b"X-A: b\r\n " + _CHUNKED + b"\r\n0\r\n\r\n" + _HIDDEN
    yield "bare line feeds", _START.replace(b"\r\n", b"\n") + _CHUNKED + b"\n0\n\n" + _HIDDEN
    yield "bare carriage return", _START + b"X-A: b\r" + _CHUNKED + b"\r\n0\r\n\r\n" + _HIDDEN
    yield "NUL in a header", _START + b"X-A: \x00\r\n" + _CHUNKED + b"\r\n0\r\n\r\n" + _HIDDEN
    yield "chunks in HTTP/1.0", _OLD + _CHUNKED + b"\r\n0\r\n\r\n" + _HIDDEN
    yield "upgrade", _START + _UPGRADE + b"\r\n" + _HIDDEN
    yield "connect", b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n" + _HIDDEN
    yield "expectation", _START + b"Expect: 200-ok\r\n" + _LENGTH + long + b"\r\n\r\n" + _HIDDEN
    yield (
        "hidden in a body",
        b"GET /health/live" + _START[10:] + _LENGTH + long + b"\r\n\r\n" + _HIDDEN,
    )


_OLD = _START.replace(b"HTTP/1.1", b"HTTP/1.0")
_UPGRADE = b"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n"
_LENGTHS = (b"+2", b"-1", b"0x2", b"1_0", b"2,2", b"2 2", b"\xb2", b"9" * 30, b"", b"0b1", b"2;x")
_ENCODINGS = (
    b"xchunked",
    b"chunked, identity",
    b"identity, chunked",
    b"\x0bchunked",
    b"chunked;q=1",
    b"gzip, chunked",
    b"chunked, chunked",
    b'"chunked"',
)
_CHUNKS = (
    b"0x0\r\n\r\n",
    b"+0\r\n\r\n",
    b"-1\r\n\r\n",
    b"1_0\r\n\r\n",
    b"2\r\nabc\r\n0\r\n\r\n",
    b"1\na\r\n0\r\n\r\n",
    b"1;\n\r\na\r\n0\r\n\r\n",
    b"\r\n0\r\n\r\n",
    b"f" * 17 + b"\r\n\r\n",
)


def mutated(random: Random, number: int) -> Iterator[bytes]:
    """So many heads, each with one to three changes by chance.

    Args:
        random: of every choice.
        number: how many.
    """
    for _ in range(number):
        head = random.choice(_HEADS)
        for _ in range(random.randrange(1, 4)):
            head = _changed(random, head)
        yield head


def _changed(random: Random, head: bytes) -> bytes:
    at, until = sorted(random.randrange(len(head) + 1) for _ in range(2))
    noise = random.choice(_NOISE)
    return random.choice(
        (
            head[:at] + noise + head[at:],
            head[:at] + head[at + 1 :],
            head[:at] + bytes((random.randrange(256),)) + head[at + 1 :],
            head[:at] + head[at:until][:20] * 2 + head[until:],
            head.replace(b"\r\n", noise, 1),
            head.replace(b"HTTP/1.1", b"HTTP/" + noise, 1),
        )
    )


_HEADS = (
    b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nX-A: b\r\n\r\n",
    b"GET /api/v2/personas?a=b HTTP/1.1\r\nHost: localhost\r\nAccept-Language: ko\r\n\r\n",
    b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 16\r\n\r\n{"message":"hi"}',
    b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n\r\n",
)
_NOISE = (
    b"\x00", b"\r", b"\n", b"\t", b" ", b":", b"\xff\xfe", b"\x0b", b"0.9", b"2.0", b"1.", b"%00",
    b"%zz", b"//", b"a" * 9000, b"Host: x\r\n", b"\r\n ", b"../", b"\xc3\xa9", b"X: y\r\n" * 200,
)  # fmt: skip
