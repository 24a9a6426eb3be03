"""Another process with the same Redis: ``python -m perf.reliability.peer --url redis://…``.

It reads one command a line and answers each with one JSON document a line:

* ``hold NAMES`` - look entries up until they are there, so that memory holds them.
* ``watch NAMES`` - answers ``{"watching": true}`` once memory has served them, and then, when none
  is served any longer, when that was found out of each; gives up after 15 seconds.
* ``coherent`` - wait until invalidations by others are heard of.

Instants are those of the monotonic clock, which all processes of one machine share.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence

from ion_framework.pipeline.cache import Hit
from perf.reliability.cache_parts import OpenCache, look, make_key, open_cache, until

EVERY_S = 0.0005
"""Seconds between two look-ups of an entry, times those that are watched: what is found out is late
by no more."""
PATIENCE_S = 15.0


async def serve(url: str) -> None:
    """Obey until the input ends."""
    loop = asyncio.get_running_loop()
    async with open_cache(url) as cache:
        _say({"ready": True})
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            command, *names = line.split()
            await _obey(cache, command, names)


async def _obey(cache: OpenCache, command: str, names: Sequence[str]) -> None:
    match command:
        case "hold":
            await _hold(cache, names)
            _say({"holding": True})
        case "watch":
            await _hold(cache, names)
            _say({"watching": True})
            every_s = EVERY_S * len(names)
            gone = await asyncio.gather(*(_gone(cache, name, every_s) for name in names))
            _say({"gone": gone})
        case "coherent":
            await until(lambda: cache.redis.coherent)
            _say({"coherent": True})
        case _:
            raise ValueError(f"no such command: {command!r}; valid are: hold, watch, coherent")


async def _hold(cache: OpenCache, names: Sequence[str]) -> None:
    for name in names:
        key = make_key(name)
        while not isinstance(await look(cache.port, key), Hit):  # noqa: ASYNC110  no event stands for it
            await asyncio.sleep(EVERY_S)


async def _gone(cache: OpenCache, name: str, every_s: float) -> float:
    """When a look-up began that did not get the entry, or when it was waited for no longer."""
    key, ends = make_key(name), time.monotonic() + PATIENCE_S
    while True:
        began = time.monotonic()
        if began >= ends or not isinstance(await look(cache.port, key), Hit):
            return began
        await asyncio.sleep(every_s)


def _say(answer: Mapping[str, object]) -> None:
    print(json.dumps(answer), flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m perf.reliability.peer", description=__doc__)
    parser.add_argument("--url", required=True, help="address of Redis")
    asyncio.run(serve(parser.parse_args(arguments).url))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
