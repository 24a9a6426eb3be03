"""What was acknowledged is there once, whatever happens to the server at any moment."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter

import pytest

from ion_framework.testing.contracts.store.values import ANN, make_conversation

pytestmark = pytest.mark.outage

KILLS = 4
CONVERSATIONS = 6

CHILD = """
import asyncio, json, sys, time
import structlog
from ion_framework.conversations.store import Begun, Repeated, StoreError
from ion_framework.testing.contracts.store.values import ANN, after, make_stored_turn
from ion_store_postgres.settings import StoreSettings
from ion_store_postgres.store import PostgresStore

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))

async def make_turn(store, name, key):
    right = await store.begin(
        ANN, name, idempotency_key=key, turns=1, lease_s=0.2, now=time.time()
    )
    if isinstance(right, Repeated):
        return right.turn.number
    if not isinstance(right, Begun):
        return None
    number = right.conversation.turn_count + 1
    turn = make_stored_turn(number, request_id=key, user_message=key, idempotency_key=key)
    kept = await store.append(after(right.conversation, turn), turn, right.token)
    return number if kept else None

async def chat(store, name):
    n = errors = 0
    while True:
        n += 1
        number = None
        while number is None:
            try:
                number = await make_turn(store, name, f"{name}-{n}")
            except StoreError:
                errors += 1
            if number is None:
                await asyncio.sleep(0.02)
        print(json.dumps([name, number, f"{name}-{n}", errors]), flush=True)

async def main(url, schema, names):
    store = PostgresStore(StoreSettings(url=url, schema=schema), structlog.get_logger())
    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(chat(store, name))

asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
"""


async def acknowledged(fragile, schema, names):
    """What a child process was told as kept while the server was killed at random."""
    chance = random.Random(7)  # noqa: S311  the same in every run
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", CHILD, fragile.url, schema, *names),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    reading = asyncio.create_task(child.stdout.read())
    try:
        for _ in range(KILLS):
            await asyncio.sleep(0.4 + chance.random() / 2)
            await asyncio.to_thread(fragile.restart)
        await asyncio.sleep(0.5)
    finally:
        child.kill()
        await child.wait()
    whole = (await reading).rpartition(b"\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


async def test_no_acknowledged_turn_is_lost_or_doubled(fragile, schema, opened):
    """Over several crashes of the server every acknowledged turn is there once and in order."""
    names = [f"c{n}" for n in range(CONVERSATIONS)]
    async with opened(fragile.url) as store:
        for name in names:
            await store.create(make_conversation(name))
    told = await acknowledged(fragile, schema, names)

    async with opened(fragile.url) as store:
        kept = {name: await store.turns(ANN, name, 100_000) for name in names}
    assert len(told) > CONVERSATIONS * KILLS
    for name, turns in kept.items():
        assert list(range(1, len(turns) + 1)) == [turn.number for turn in turns]
        assert not [text for text, n in Counter(t.user_message for t in turns).items() if n > 1]
        said = {turn.number: turn.user_message for turn in turns}
        assert all(said[number] == text for of, number, text, _ in told if of == name)
