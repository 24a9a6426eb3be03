"""What somebody may write where our entries stand: damaged, forged, foreign, meant to harm."""

from __future__ import annotations

import math
import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

import attrs
import msgspec
from ion_two_tier_cache.envelope import VERSION

MAGIC = b"ION" + bytes((VERSION,))
CHECK_BYTES = 4
HUGE, HUGE_BYTES = "huge", 10_000_000
HUGE_EVERY = 500
"""One payload in so many is huge: a thousand of them would be ten gigabytes."""
DEEP = 10_000

Forge = Callable[[str, bytes, Random], bytes]
"""From the digest that it will stand under, a good envelope of another digest and chance."""


@attrs.frozen
class Trap:
    """What runs code as soon as somebody unpickles it: it makes a folder.

    Attributes:
        folder: the folder.
    """

    folder: Path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        """How pickle is told to call something."""
        return os.mkdir, (str(self.folder),)


@attrs.frozen
class Payload:
    """Bytes that must not be believed.

    Attributes:
        kind: what is wrong with them.
        content: the bytes.
    """

    kind: str
    content: bytes


def payloads(
    digests: Iterable[str], good: Sequence[bytes], trap: Path, random: Random
) -> Iterator[Payload]:
    """A payload for each digest, every kind in turn.

    Args:
        digests: what they will stand under.
        good: envelopes of other digests, as the cache writes them.
        trap: what exists if somebody has executed one.
        random: where chance comes from.
    """
    kinds = _kinds(trap)
    names = tuple(kinds)
    for number, digest in enumerate(digests):
        name = HUGE if number % HUGE_EVERY == 0 else names[number % len(names)]
        forge = _huge if name == HUGE else kinds[name]
        yield Payload(name, forge(digest, random.choice(good), random))


def _kinds(trap: Path) -> Mapping[str, Forge]:
    pickled = [pickle.dumps(Trap(trap), protocol) for protocol in range(6)]
    return {
        "pickle": lambda _, __, random: random.choice(pickled),
        "pickle in an envelope": lambda digest, _, random: sealed(
            _head(digest), random.choice(pickled)
        ),
        "truncated": lambda _, good, random: good[: random.randrange(len(good))],
        "bits flipped": _flipped,
        "random": lambda _, __, random: random.randbytes(random.randrange(2000)),
        "random behind our mark": lambda _, __, random: MAGIC + random.randbytes(200),
        "copied from another key": lambda _, good, __: good,
        "another version": _other_version,
        "something appended": lambda _, good, random: good + random.randbytes(8),
        "text": lambda _, __, random: random.choice((b"", b"null", b'{"content":"x"}', b"0")),
        "forged body": lambda digest, _, random: sealed(_head(digest), _wrong(random)),
        "forged head": _forged_head,
        "no UTF-8": lambda digest, _, random: _not_utf8(digest, random),
        "deeply nested": lambda digest, _, __: sealed(_head(digest), b"\x91" * DEEP),
    }


def sealed(head: bytes, body: bytes, length: int | None = None) -> bytes:
    """An envelope whose check is right, whatever it holds: its author has read our source.

    Args:
        head: its head.
        body: its body.
        length: what it says of the length of its head.
    """
    rest = (len(head) if length is None else length).to_bytes(4, "big") + head + body
    return MAGIC + crc32(rest).to_bytes(CHECK_BYTES, "big") + rest


def _head(digest: str) -> bytes:
    return msgspec.msgpack.encode([digest, [], ["0" * 16]])


def _flipped(_: str, good: bytes, random: Random) -> bytes:
    damaged = bytearray(good)
    for place in random.sample(range(len(good) * 8), random.randint(1, 8)):
        damaged[place // 8] ^= 1 << place % 8
    return bytes(damaged)


def _other_version(_: str, good: bytes, random: Random) -> bytes:
    version = random.choice([number for number in range(256) if number != VERSION])
    return MAGIC[:-1] + bytes((version,)) + good[len(MAGIC) :]


def _body() -> list[Any]:
    """A body of an entry, as its author would write it."""
    reply = ["reply", "text", "m", "g", 1.7e9, 1, 1, 0, None]
    return [1.7e9, 600.0, 60.0, 3600.0, 0.5, reply]


def _wrong(random: Random) -> bytes:
    """A body of the right shape with a value that no entry of ours has."""
    body = _body()
    reply = body[-1]
    spoil = random.choice(
        (
            lambda: body.__setitem__(random.randrange(5), math.nan),
            lambda: body.__setitem__(random.randrange(5), -1.0),
            lambda: body.__setitem__(random.randrange(5), math.inf),
            lambda: body.__setitem__(1, 1e12),
            lambda: body.__setitem__(5, ["code", "import os"]),
            lambda: body.append("more"),
            body.pop,
            lambda: reply.__setitem__(1, 7),
            lambda: reply.__setitem__(1, {"__class__": "os.system"}),
            lambda: reply.__setitem__(4, math.nan),
            lambda: reply.__setitem__(5, -1),
        )
    )
    spoil()
    encoded: bytes = msgspec.msgpack.encode(body)
    return encoded


def _not_utf8(digest: str, random: Random) -> bytes:
    """Text that is none, in the head or in the body."""
    head, body = _head(digest), msgspec.msgpack.encode(_body())
    text = b"\xa4text"
    wrong = b"\xa4" + random.choice((b"\xff\xfe\xfd\xfc", b"\xed\xa0\x80x", b"\xc0\x80ab"))
    if random.random() < 0.5:  # noqa: PLR2004  a coin
        return sealed(head, body.replace(text, wrong))
    tagged = msgspec.msgpack.encode([digest, ["text"], ["0" * 16, "0" * 16]])
    return sealed(tagged.replace(text, wrong), body)


def _forged_head(digest: str, _: bytes, random: Random) -> bytes:
    head, length = random.choice(
        (
            (_head(digest), 1 << 31),
            (_head(digest), 0),
            (msgspec.msgpack.encode(["another digest", [], ["0" * 16]]), None),
            (msgspec.msgpack.encode([digest, ["persona:lua"], []]), None),
            (msgspec.msgpack.encode([digest, [7], ["0" * 16, "0" * 16]]), None),
            (msgspec.msgpack.encode({"tags": []}), None),
            (b"\xdd\xff\xff\xff\xff", None),
            (random.randbytes(50), None),
        )
    )
    return sealed(head, b"\xc0", length)


def _huge(digest: str, good: bytes, random: Random) -> bytes:
    """Ten megabytes: of nothing, or behind a beginning of ours."""
    filling = bytes(HUGE_BYTES)
    return random.choice((filling, good + filling, sealed(_head(digest), filling)))
