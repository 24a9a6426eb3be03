"""Bodies that are no valid request: broken, mislabelled, huge, deep, and in the wrong encoding."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from random import Random

PATHS = ("/chat", "/api/v2/process")
_TYPES = (
    "application/json",
    "application/json; charset=utf-8",
    "application/json; charset=punycode",
    "application/json; charset=utf-16",
    "application/json; charset=idna",
    "application/problem+json",
    "text/plain",
    "multipart/form-data; boundary=x",
    "",
)
_GOOD = {
    "/chat": {"message": "How are you today?", "user_id": "anna"},
    "/api/v2/process": {"user_input": "How are you today?", "use_cache": True},
}
_TOKENS = (
    b"NaN", b"1e999", b"-0", b"\\ud800", b"\\u0000", b"[[[[", b"}}", b'"', b"\xff", b"\xef\xbb\xbf",
    b"null", b"true", b"9" * 6000, b"\\x", b"\x00", b",,", b":", b"1_0", b"0x1", b"Infinity",
)  # fmt: skip


def bodies(random: Random, number: int) -> Iterator[tuple[str, bytes, str]]:
    """So many broken bodies: the path, the body and the further header lines.

    Args:
        random: of every choice.
        number: how many.
    """
    for _ in range(number):
        path = random.choice(PATHS)
        body = _broken(random, json.dumps(_GOOD[path]).encode())
        lines = _headers(random)
        if "gzip" in lines and random.random() < 0.5:  # noqa: PLR2004  half of them are what they say
            body = gzip.compress(body)
        yield path, body, lines


def request(path: str, body: bytes, lines: str) -> bytes:
    """A whole request with a body.

    Args:
        path: its target.
        body: its body.
        lines: further header lines, each with its end.
    """
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
    return head.encode("latin-1") + body


def _headers(random: Random) -> str:
    kind = random.choices(_TYPES, (20,) + (1,) * (len(_TYPES) - 1))[0]
    lines = f"Content-Type: {kind}\r\n" if kind else ""
    if random.random() < 0.05:  # noqa: PLR2004  a few claim to be compressed
        lines += f"Content-Encoding: {random.choice(('gzip', 'br', 'deflate', 'x'))}\r\n"
    return lines


def _broken(random: Random, good: bytes) -> bytes:
    """One body, of a kind drawn by chance."""
    at, token = random.randrange(len(good)), random.choice(_TOKENS)
    depth = random.randrange(60, 5000)
    value: object = random.choice((None, 1, 1.5, True, [], {}, "", " ", "x" * 2000))
    kinds: tuple[Callable[[], bytes], ...] = (
        lambda: good[:at],
        lambda: good[:at] + token + good[at:],
        lambda: good[:at] + token + good[at + 1 :],
        lambda: random.randbytes(random.randrange(1, 400)),
        lambda: b"[" * depth + b"]" * random.choice((depth, 0)),
        lambda: json.dumps(dict.fromkeys(("message", "user_input", "user_id"), value)).encode(),
        lambda: json.dumps({f"k{number}": number for number in range(at)}).encode(),
        lambda: good.decode().encode(random.choice(("utf-16", "utf-32", "utf-8-sig"))),
        lambda: b"x" * random.choice((300_000, 65_536, 1)),
        lambda: random.choice((b"", b" " * 100, b"null", b"[]", b'"text"', b"\xed\xa0\x80")),
    )
    return random.choice(kinds)()
