"""Requests as a cache meets them, and the simplest cache to compare others with."""

from __future__ import annotations

import bisect
import itertools
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from random import Random

KEYS = 50_000
REQUESTS = 400_000
ROOM = 500
SHARE_ONCE = 0.5

ONCE = "once "
"""How a request begins that never comes again."""


def trace(random: Random, requests: int = REQUESTS, keys: int = KEYS) -> Iterator[str]:
    """Requests of which half are for one of many keys (Zipf 1.0), half for what comes only once.

    Args:
        random: where chance comes from.
        requests: how many.
        keys: how many keys come again.
    """
    weights = list(itertools.accumulate(1 / rank for rank in range(1, keys + 1)))
    for number in range(requests):
        if random.random() < SHARE_ONCE:
            yield f"{ONCE}{number}"
        else:
            yield f"key {bisect.bisect(weights, random.random() * weights[-1])}"


def repeatable(request: str) -> bool:
    """Whether a request can be a hit at all: hit ratios are shares of these."""
    return not request.startswith(ONCE)


def lru_ratio(requests: Iterable[str], room: int) -> float:
    """The hit ratio of a cache that puts out what was not used for longest."""
    held: OrderedDict[str, None] = OrderedDict()
    hits = asked = 0
    for request in requests:
        asked += repeatable(request)
        if request in held:
            hits += 1
            held.move_to_end(request)
            continue
        held[request] = None
        if len(held) > room:
            held.popitem(last=False)
    return hits / asked
