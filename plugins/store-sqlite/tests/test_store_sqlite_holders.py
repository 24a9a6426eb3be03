"""Rights whose holder is dead: they are taken over at once, and no other ones are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from ion_store_sqlite.holders import holder, is_dead, new_token

from ion_framework.conversations.store import Begun, Busy
from ion_framework.testing.contracts.store.values import (
    ANN,
    after,
    make_conversation,
    make_stored_turn,
)

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells when a process began"
)

LEASE_S = 600.0

CHILD = """
import asyncio, sys, time
from pathlib import Path
from ion_framework.testing.contracts.store.values import ANN
from ion_store_sqlite.settings import StoreSettings
from ion_store_sqlite.store import SqliteStore

async def main():
    settings = StoreSettings(path="", max_bytes=1 << 30, max_turns=10**6, busy_s=5.0)
    store = SqliteStore(Path(sys.argv[1]), settings)
    await store.open()
    right = await store.begin(
        ANN, "c1", idempotency_key="k", turns=1, lease_s=600.0, now=time.time()
    )
    print(right.token, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def begin(store):
    """What a caller gets who wants to make the next turn now."""
    return await store.begin(
        ANN, "c1", idempotency_key=None, turns=1, lease_s=LEASE_S, now=time.time()
    )


def started(file):
    """A process that takes the right and waits."""
    return subprocess.Popen(
        (sys.executable, "-P", "-c", CHILD, str(file)), stdout=subprocess.PIPE, text=True
    )


def killed(child):
    """A process is dead, and nobody has asked about it."""
    child.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)


@pytest.fixture
async def held(open_store):
    """A store, and another process that holds the right to the next turn of ``c1``."""
    store = await open_store()
    await store.create(make_conversation())
    with started(open_store.file) as child:
        token = child.stdout.readline().strip()
        assert token
        yield store, child, token
        child.kill()


async def test_a_killed_holder_holds_up_nobody(held):
    """The next caller goes on at once, also before anybody has asked how the process ended."""
    store, child, token = held
    busy = await begin(store)
    assert isinstance(busy, Busy)
    assert LEASE_S / 2 < busy.left_s <= LEASE_S
    killed(child)

    right = await begin(store)

    assert isinstance(right, Begun)
    assert token != right.token
    child.wait()
    turn = make_stored_turn(1)
    assert await store.append(after(right.conversation, turn), turn, right.token)
    assert isinstance(await begin(store), Begun)


async def test_a_stopped_holder_keeps_its_right(held):
    """A process that stands still is not dead: its right lasts until its time."""
    store, child, _ = held
    child.send_signal(signal.SIGSTOP)
    found = await begin(store)
    child.send_signal(signal.SIGCONT)
    assert isinstance(found, Busy)


def test_only_what_is_certain_counts_as_dead():
    """A number given anew is another process; another machine's or nobody's may well live."""
    token = new_token()
    place, _, _ = holder(os.getpid()).rpartition(":")
    boot, _, rest = holder(os.getpid()).partition(":")
    assert not is_dead(token)
    assert is_dead(f"x@{place}:1")
    assert is_dead(f"x@{place.rpartition(':')[0]}:{2**22 + 1}:1")
    assert not is_dead(f"x@{'0' * len(boot)}:{rest.rpartition(':')[0]}:1")
    here = f"x@{place.rpartition(':')[0]}"
    for unknown in ("", "x", "x@", "x@a", "x@:::", f"{here}:-1:1", f"{here}:{10**20}:1"):
        assert not is_dead(unknown)


def test_a_process_of_somebody_else_lives():
    """The first process of the machine, which may be nobody's to look at, is not taken for dead."""
    assert not is_dead(f"x@{holder(1)}")
