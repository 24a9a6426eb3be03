"""What the tier counts is what the interpreter allocates, within the stated factor."""

from __future__ import annotations

import gc
import sqlite3
import sys
import tracemalloc

import pytest
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.sizes import text_bytes

from ion_framework.clock import SystemClock
from ion_framework.pipeline.cache import CachedReply
from ion_framework.pipeline.chunks import Usage

ENTRIES = 1500

CONTENTS = {
    "a word": lambda i: f"ok {i}",
    "English, 1 kB": lambda i: f"{i:06} " * 150,
    "English, 20 kB": lambda i: f"{i:06} " * 3000,
    "Korean, 500 syllables": lambda i: "답" * 500 + str(i),
}
TAGS = {
    "none": lambda _: (),
    "shared": lambda i: (f"persona:{i % 4}", f"key:{i % 216}", "tenant:local"),
    "of its own": lambda i: (f"conversation:{i}", f"principal:{i}"),
}


def send(connection, text):
    """Hand a string to a C extension that asks for its UTF-8 form."""
    connection.execute("select length(?)", (text,)).fetchone()


def fill(content_of, tags_of, connection):
    """A tier that has seen twice as many replies as it holds, each of them sent."""
    tier = MemoryTier(max_entries=ENTRIES, max_bytes=1 << 40, clock=SystemClock())
    for i in range(2 * ENTRIES):
        usage = Usage(1000 + i, 2000 + i, 3000 + i)
        reply = CachedReply(content_of(i), usage, f"model-{i % 7}", "offline", 1.7e9 + i)
        tier.put(f"{i:064x}", reply, 600.0, tags_of(i))
        send(connection, reply.content)
    return tier


@pytest.mark.parametrize("tags", TAGS)
@pytest.mark.parametrize("content", CONTENTS)
def test_counted_bytes_are_near_the_allocated_ones(content, tags):
    """Counted bytes are between 0.8 and 1.5 times what tracemalloc sees allocated."""
    connection = sqlite3.connect(":memory:")
    send(connection, "warm up")
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tier = fill(CONTENTS[content], TAGS[tags], connection)
        gc.collect()
        allocated = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        connection.close()

    assert tier.stats().entries == ENTRIES
    assert 0.8 <= tier.stats().bytes / allocated <= 1.5


def test_the_utf8_form_of_a_korean_text_is_counted_from_the_start():
    """A text that is not ASCII counts before it is sent for what it takes afterwards."""
    text = "답" * 500 + "!"
    counted = text_bytes(text)
    connection = sqlite3.connect(":memory:")
    size_before = sys.getsizeof(text)
    send(connection, text)
    connection.close()

    assert size_before < sys.getsizeof(text) == counted
