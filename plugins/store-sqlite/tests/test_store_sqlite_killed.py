"""What was acknowledged outlives the end of the process at any moment."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from collections import defaultdict

import pytest

from ion_framework.testing.contracts.store.values import ANN

KILLS = 10
NAMES = ("c0", "c1", "c2", "c3")

CHILD = """
import asyncio, itertools, sys, time
from pathlib import Path
from ion_framework.conversations.store import Begun
from ion_framework.testing.contracts.store.values import (
    ANN, after, make_conversation, make_stored_turn
)
from ion_store_sqlite.settings import StoreSettings
from ion_store_sqlite.store import SqliteStore

FILE, ROUND, *NAMES = sys.argv[1:]

async def chat(store, name):
    if await store.get(ANN, name) is None:
        await store.create(make_conversation(name))
    for number in itertools.count():
        said = f"{ROUND}-{number}"
        while True:
            right = await store.begin(
                ANN, name, idempotency_key=said, turns=1, lease_s=0.3, now=time.time()
            )
            if isinstance(right, Begun):
                break
            await asyncio.sleep(0.02)  # whoever was killed still holds the right
        turn = make_stored_turn(
            right.conversation.turn_count + 1, user_message=said, idempotency_key=said
        )
        if await store.append(after(right.conversation, turn), turn, right.token):
            print(name, said, flush=True)

async def main():
    settings = StoreSettings(path="", max_bytes=1 << 30, max_turns=10**6, busy_s=5.0)
    store = SqliteStore(Path(FILE), settings)
    await store.open()
    await asyncio.gather(*(chat(store, name) for name in NAMES))

asyncio.run(main())
"""


def killed(file, number, after_s):
    """The lines that a process wrote which was killed some time after its first one."""
    with subprocess.Popen(
        (sys.executable, "-P", "-c", CHILD, str(file), str(number), *NAMES),
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        lines = [child.stdout.readline()]
        timer = threading.Timer(after_s, child.send_signal, (signal.SIGKILL,))
        timer.start()
        lines += child.stdout.readlines()
        timer.join()
    assert -signal.SIGKILL == child.returncode
    return [line.split() for line in lines if line.endswith("\n")]


@pytest.mark.outage
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
async def test_no_acknowledged_turn_is_lost_or_doubled(open_store):
    """Ten times a process is killed that makes turns; each acknowledged one is there, in order."""
    chance, acknowledged = random.Random(), defaultdict(list)  # noqa: S311  when to kill
    for number in range(KILLS):
        for name, said in killed(open_store.file, number, chance.uniform(0.02, 0.4)):
            acknowledged[name].append(said)
    store = await open_store()
    for name in NAMES:
        turns = await store.turns(ANN, name, 10**6)
        said = [turn.user_message for turn in turns]
        conversation = await store.get(ANN, name)

        assert list(range(1, len(turns) + 1)) == [turn.number for turn in turns]
        assert conversation.turn_count == len(turns)
        assert len(set(said)) == len(said)
        kept = set(acknowledged[name])
        assert acknowledged[name] == [text for text in said if text in kept]
        assert len(said) - len(kept) <= KILLS
    assert sum(map(len, acknowledged.values())) > KILLS
