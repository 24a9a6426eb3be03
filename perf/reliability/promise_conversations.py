"""Conversations survive the end of their host: no acknowledged turn is lost, doubled or displaced.

Fifty clients hold conversations of twenty turns while the host is killed with SIGKILL ten times;
what gets no answer is sent again under its ``Idempotency-Key``. Afterwards the host is asked what
it has kept, and that is compared with what the clients were told. On SQLite, and on PostgreSQL
where its programs are installed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from ion_framework.testing.network.postgres_install import find_postgres
from ion_framework.testing.network.postgres_server import PostgresServer
from perf.reliability.mortal_host import MortalHost, mortal_host
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.talkers import Talk, Talker

CONVERSATIONS, TURNS, KILLS = 50, 20, 10
PAUSE_S = (0.4, 1.6)
"""Seconds that a host lives between two kills, drawn anew for each."""
REQUEST_S = 15.0


async def check(setting: Setting) -> Sequence[Finding]:
    """Play it on every store that there is."""
    found = await _on("SQLite", setting, {})
    if find_postgres() is None:
        return found
    server = PostgresServer()
    await asyncio.to_thread(server.start)
    try:
        return [*found, *await _on("PostgreSQL", setting, {"ION_POSTGRES_URL": server.url})]
    finally:
        await asyncio.to_thread(server.stop)


async def _on(store: str, setting: Setting, environ: Mapping[str, str]) -> list[Finding]:
    folder: Path = setting.folder / store
    folder.mkdir()  # noqa: ASYNC240  one call before anything runs
    count, turns = setting.number(CONVERSATIONS, 4), setting.number(TURNS, 4)
    async with mortal_host(folder, environ) as host, _client() as session:
        talkers = [
            Talker(session, host.url, f"talk-{number}", setting.random(f"{store}-{number}"))
            for number in range(count)
        ]
        talking = asyncio.gather(*(talker.talk(turns) for talker in talkers))
        kills = setting.number(KILLS, 2)
        await _kill(host, kills, setting.random(f"{store}-kills"), talking)
        talks = await talking
        kept = await asyncio.gather(
            *(talker.kept(talk) for talker, talk in zip(talkers, talks, strict=True))
        )
    return _findings(store, tuple(zip(talks, kept, strict=True)), turns, host.kills)


def _client() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=REQUEST_S),
    )


async def _kill(
    host: MortalHost, kills: int, chance: random.Random, talking: asyncio.Future[Any]
) -> None:
    """Kill it and start it again, until it was killed often enough or nobody talks any more."""
    while host.kills < kills and not talking.done():
        await asyncio.sleep(chance.uniform(*PAUSE_S))
        if talking.done():
            return
        await host.kill()
        await host.start()


Pair = tuple[Talk, Sequence[dict[str, Any]]]


def _findings(store: str, pairs: Sequence[Pair], turns: int, kills: int) -> list[Finding]:
    acknowledged = sum(len(talk.acknowledged) for talk, _ in pairs)
    wanted = len(pairs) * turns
    retries = sum(talk.retries for talk, _ in pairs)
    refused = [talk.refused for talk, _ in pairs if talk.refused]
    return [
        Finding(
            f"{store}: turns acknowledged through {kills} kills, {retries} sent again",
            f"{wanted}",
            f"{acknowledged} {refused[0] if refused else ''}".strip(),
            acknowledged == wanted,
        ),
        _count(store, "acknowledged turns lost", pairs, _lost),
        _count(store, "turns doubled", pairs, _doubled),
        _count(store, "conversations out of order", pairs, _disordered),
        Finding(f"{store}: kills", ">= 1", f"{kills}", kills >= 1),
    ]


def _count(store: str, what: str, pairs: Sequence[Pair], of: Any) -> Finding:
    number = sum(of(talk, kept) for talk, kept in pairs)
    return Finding(f"{store}: {what}", "0", f"{number}", number == 0)


def _lost(talk: Talk, kept: Sequence[dict[str, Any]]) -> int:
    """Acknowledged turns that are not kept under their number with their answer."""
    found = {(item["turn_number"], item["ai_response"]) for item in kept}
    return sum(turn not in found for turn in talk.acknowledged)


def _doubled(_: Talk, kept: Sequence[dict[str, Any]]) -> int:
    """Messages that are kept more than once; each was sent under one key."""
    return len(kept) - len({item["user_message"] for item in kept})


def _disordered(talk: Talk, kept: Sequence[dict[str, Any]]) -> int:
    """1 where numbers have gaps or messages stand in another order than they were sent."""
    numbers = [item["turn_number"] for item in kept]
    messages = [item["user_message"] for item in kept]
    in_order = numbers == list(range(1, len(kept) + 1)) and messages == talk.said[: len(kept)]
    return 0 if in_order else 1


PROMISE = Promise(
    number=33,
    title="50 conversations of 20 turns through 10 kills of the host: no turn lost or doubled",
    check=check,
    seconds=210,
)
