"""What Redis does in one step: see what a caller has used, decide, and count.

Everything of a caller stands in one hash, so that one call of one script settles a request: no
other process can come between the look and the count. The time is that of Redis, because the
clocks of hosts differ. A log has the form of `ion_host_aiohttp.rates.window`, written as
``microseconds:number,`` for each pair.

The second key says which memory this is: a name that the first one to come leaves there. Where
Redis was started anew without its data, or flushed, it has another name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import attrs

from ion_host_aiohttp.rates.quota import DAY_S, Quota, Used
from ion_host_aiohttp.rates.window import TICK

PREFIX = "ion-rates:"
"""How every key begins; not ``ion:``, of which caches may have Redis announce every change."""
MEMORY = f"{PREFIX}memory"
MEMORY_S = 172_800
"""Seconds for which the name of the memory is kept after the latest request."""

MICRO = 1_000_000
_UNBOUNDED = -1
_LOST = -1

SCRIPT = files(__package__).joinpath("spend.lua").read_text("utf-8")
"""The script."""

SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
"""The name by which Redis knows the script once it has seen it."""


@attrs.frozen(kw_only=True)
class Order:
    """What the script is told.

    Attributes:
        key: the caller.
        quota: what it may do.
        cost: how many requests to count.
        decides: whether the quota decides; else the request is counted whatever it says.
        runs_turns: whether the budget of tokens must not be used up.
        owed_requests: requests of the day that were counted elsewhere.
        owed_tokens: the same of tokens.
    """

    key: bytes
    quota: Quota
    cost: int
    decides: bool = True
    runs_turns: bool = False
    owed_requests: int = 0
    owed_tokens: int = 0

    def name(self) -> str:
        """The caller's key in Redis."""
        return PREFIX + self.key.hex()

    def arguments(self, known: str, proposed: str) -> list[object]:
        """The arguments of the script.

        Args:
            known: the name of Redis's memory as it was last; empty for one who does not know.
            proposed: its name if it has none.
        """
        quota = self.quota
        return [
            int(self.decides),
            self.cost,
            quota.window_s * MICRO,
            int(quota.window_s * MICRO * TICK),
            _or_none(quota.limit),
            quota.grace,
            quota.remembers_s * MICRO,
            _or_none(quota.requests_per_day),
            _or_none(quota.tokens_per_day if self.runs_turns else None),
            self.owed_requests,
            self.owed_tokens,
            known,
            proposed,
            MEMORY_S,
        ]


@attrs.frozen
class Outcome:
    """What the script found.

    Attributes:
        memory: name of the memory of Redis.
        lost: whether it is another than was known; then nothing was decided or counted.
        granted: whether the request may pass.
        used: what the caller has used, with this request if it passes.
    """

    memory: str
    lost: bool
    granted: bool
    used: Used


def read_outcome(answer: Sequence[Any]) -> Outcome:
    """What the script's answer says."""
    granted, now, log, requests, tokens, memory = answer
    now_s = int(now) / MICRO
    pairs = (pair.split(b":") for pair in log.split(b",")) if log else ()
    flat = tuple(value for time, number in pairs for value in (int(time) / MICRO, int(number)))
    used = Used(now_s, flat, requests, tokens, DAY_S - now_s % DAY_S)
    return Outcome(memory.decode(), granted == _LOST, granted == 1, used)


def _or_none(number: int | None) -> int:
    return _UNBOUNDED if number is None else number
