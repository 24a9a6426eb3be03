"""Whatever stands in Redis where our entries should be: nobody fails, nothing runs."""

from __future__ import annotations

import asyncio
import pickle
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
from ion_two_tier_cache.keys import Keys
from redis.asyncio import Redis

from ion_framework.pipeline.cache import CacheKey, Hit, Miss
from ion_framework.testing.network.redis_server import RedisServer
from perf.reliability.cache_parts import OpenCache, look, make_key, open_cache, put
from perf.reliability.hostile_bytes import Payload, Trap, payloads
from perf.reliability.promise import Finding, Promise, Setting

PAYLOADS, AT_A_TIME = 10_000, 100
GOOD = 50
NAMESPACE = "ion"
LOOKS, PAUSE_S = 500, 0.01
PATIENT_S = 2.0


@attrs.define
class Seen:
    """What became of the payloads, by their kinds.

    Attributes:
        written: payloads that were looked up.
        raised: look-ups that raised.
        served: look-ups that got anything but a miss.
        left: payloads that stayed in Redis.
        errors: what was raised.
    """

    written: Counter[str] = attrs.field(factory=Counter)
    raised: Counter[str] = attrs.field(factory=Counter)
    served: Counter[str] = attrs.field(factory=Counter)
    left: Counter[str] = attrs.field(factory=Counter)
    errors: set[str] = attrs.field(factory=set)


async def check(setting: Setting) -> Sequence[Finding]:
    """Put payloads where entries should be, and look the entries up."""
    trap, seen = setting.folder / "executed", Seen()
    # A value of ten megabytes takes its time to arrive; what is measured is what is done with it.
    async with (
        RedisServer() as redis,
        open_cache(redis.url, namespace=NAMESPACE, timeout_s=PATIENT_S) as cache,
        Redis.from_url(redis.url) as client,
    ):
        keys = [make_key(f"hostile {number}") for number in range(setting.number(PAYLOADS, 200))]
        digests = (key.digest for key in keys)
        good = await _good(cache, client)
        hostile = payloads(digests, good, trap, setting.random("payloads"))
        for begin in range(0, len(keys), AT_A_TIME):
            some = keys[begin : begin + AT_A_TIME]
            await _play(cache, client, list(zip(some, hostile, strict=False)), seen)
        counted = cache.counts.hostile
        served = await _still_served(cache)
    bites = await asyncio.to_thread(_bites, setting.folder / "bitten")
    return [
        *_told(seen, counted, executed=trap.exists(), bites=bites),
        Finding("good entries served beside them", f"{GOOD}", f"{served}", served == GOOD),
    ]


async def _good(cache: OpenCache, client: Redis) -> list[bytes]:
    """Envelopes as the cache writes them."""
    keys = _good_keys()
    for key in keys:
        await put(cache.port, key, f"the answer to {key.text} " * 5)
    await cache.written(GOOD)
    found = await client.mget([_name(key) for key in keys])
    return [envelope for envelope in found if isinstance(envelope, bytes)]


def _good_keys() -> list[CacheKey]:
    return [make_key(f"good {number}", "persona:lua", "tenant:a") for number in range(GOOD)]


async def _still_served(cache: OpenCache) -> int:
    """How many good entries Redis serves after all that."""
    cache.memory.clear()
    return sum([isinstance(await look(cache.port, key), Hit) for key in _good_keys()])


async def _play(
    cache: OpenCache, client: Redis, played: Sequence[tuple[CacheKey, Payload]], seen: Seen
) -> None:
    """Write some payloads, look them up, and see what is left of them."""
    await client.mset({_name(key): payload.content for key, payload in played})
    found = await asyncio.gather(
        *(look(cache.port, key) for key, _ in played), return_exceptions=True
    )
    for (_, payload), result in zip(played, found, strict=True):
        seen.written[payload.kind] += 1
        if isinstance(result, BaseException):
            seen.raised[payload.kind] += 1
            seen.errors.add(repr(result))
        elif not isinstance(result, Miss):
            seen.served[payload.kind] += 1
    for key, payload in played:
        seen.left[payload.kind] += await _is_left(client, _name(key))


async def _is_left(client: Redis, name: str) -> bool:
    """Whether a payload is there for good: it is removed behind the caller's back."""
    for _ in range(LOOKS):
        if not await client.exists(name):
            return False
        await asyncio.sleep(PAUSE_S)
    return True


def _name(key: CacheKey) -> str:
    return Keys(NAMESPACE).entry(key.digest)


def _bites(folder: Path) -> bool:
    """Whether the trap is one: somebody who unpickles it makes the folder."""
    pickle.loads(pickle.dumps(Trap(folder)))  # noqa: S301  our own, to show what it would do
    return folder.exists()


def _told(seen: Seen, counted: int, *, executed: bool, bites: bool) -> Sequence[Finding]:
    number = seen.written.total()
    written = {f"payloads, {kind}": (float(count),) for kind, count in seen.written.items()}
    return (
        _none("look-ups that raised", seen.raised, number, f"{sorted(seen.errors)[:3]}", written),
        _none("look-ups that got anything but a miss", seen.served, number),
        Finding(
            "payloads executed",
            "0, by a trap that works",
            f"{'some' if executed else 0}, trap {'works' if bites else 'does not work'}",
            bites and not executed,
        ),
        Finding("payloads counted", str(number), str(counted), counted == number),
        _none("payloads that stayed in Redis", seen.left, number),
    )


def _none(
    what: str,
    found: Counter[str],
    number: int,
    detail: str = "",
    samples: Mapping[str, Sequence[float]] | None = None,
) -> Finding:
    bad = +found
    shown = f" {dict(bad)} {detail}" if bad else ""
    return Finding(what, "0", f"{bad.total()} of {number}{shown}", not bad, samples or {})


PROMISE = Promise(
    number=8,
    title="Hostile bytes in Redis are misses: nobody fails, nothing runs",
    check=check,
    seconds=12,
    fast=True,
)
