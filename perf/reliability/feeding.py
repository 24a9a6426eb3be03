"""A process that feeds a memory tier and watches its bytes: ``python -m perf.reliability.feeding``.

It is a process of its own because only a fresh one tells by its resident memory what the cache
takes. It prints one JSON document.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Sequence
from random import Random

import attrs
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.memory import MemoryTier

from ion_framework.clock import SystemClock
from perf.processes import resident_mb
from perf.reliability.cache_parts import look, make_key, memory_tier, put

SMALLEST, LARGEST = 1_000, 1_000_000
"""Bytes of a value."""
SHORTEST_S, LONGEST_S = 0.001, 86_400.0
SHARE_WIDE = 0.25
"""Share of the values that are Korean: three bytes a character on the wire, two in memory."""
WIDE, NARROW = "가", "x"
RECENT = 50
"""Look-ups go to one of so many last keys, so that some are hits."""
WATCH_EVERY = 20


@attrs.frozen
class Fed:
    """What became of it.

    Attributes:
        fed_bytes: bytes of the values that were stored.
        values: how many they were.
        largest_bytes: most bytes that the tier ever held, as it counts them.
        resident_before_mb: resident memory before, in MB.
        resident_mb: resident memory while it was fed, every so many values, in MB.
    """

    fed_bytes: int
    values: int
    largest_bytes: int
    resident_before_mb: float
    resident_mb: tuple[float, ...]


async def feed(bound: int, amount: int, random: Random) -> Fed:
    """Store values of every size and for every time until so many bytes are through.

    Args:
        bound: of the tier, in bytes.
        amount: bytes of values to store.
        random: where chance comes from.
    """
    memory = memory_tier(max_bytes=bound)
    cache = TwoTierCache(memory, SystemClock())
    before, resident = _resident_mb(), []
    fed = number = largest = 0
    while fed < amount:
        size = round(_log_uniform(random, SMALLEST, LARGEST))
        ttl_s = _log_uniform(random, SHORTEST_S, LONGEST_S)
        await _store(cache, random, number, _text(random, size), ttl_s)
        fed += size
        largest = max(largest, _bytes(memory))
        if number % WATCH_EVERY == 0:
            resident.append(_resident_mb())
        number += 1
    return Fed(fed, number, largest, before, (*resident, _resident_mb()))


async def _store(cache: TwoTierCache, random: Random, number: int, text: str, ttl_s: float) -> None:
    """Store one more, and ask for one of the last."""
    await put(cache, make_key(f"{number}", f"tag:{number % 10}"), text, ttl_s)
    await look(cache, make_key(f"{max(0, number - random.randrange(RECENT))}"))


def _text(random: Random, size: int) -> str:
    if random.random() < SHARE_WIDE:
        return WIDE * (size // len(WIDE.encode()))
    return NARROW * size


def _log_uniform(random: Random, least: float, most: float) -> float:
    return float(least * (most / least) ** random.random())


def _bytes(memory: MemoryTier) -> int:
    return memory.stats().bytes


def _resident_mb() -> float:
    found = resident_mb(os.getpid())
    if found is None:
        raise OSError("this system has no /proc: resident memory can only be read on Linux")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m perf.reliability.feeding", description=__doc__)
    parser.add_argument("--bound", type=int, required=True, help="bound of the tier in bytes")
    parser.add_argument("--amount", type=int, required=True, help="bytes to feed it")
    parser.add_argument("--seed", required=True, help="of every random choice")
    given = parser.parse_args(arguments)
    random = Random(given.seed)  # noqa: S311  repeatable, not secret
    print(json.dumps(attrs.asdict(asyncio.run(feed(given.bound, given.amount, random)))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
