"""What the tier counts is what the interpreter allocates, within the stated factor."""

from __future__ import annotations

import gc
import sqlite3
import sys
import time
import tracemalloc

import attrs
import pytest
from ion_two_tier_cache.entry import Entry
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.sizes import ENTRY_OVERHEAD, TAG_OVERHEAD, entry_bytes, text_bytes

from ion_framework.clock import SystemClock
from ion_framework.pipeline.cache import CachedRefusal, CachedReply
from ion_framework.pipeline.chunks import Usage

ENTRIES = 500

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


def make_reply(content, i):
    """An answer as a model gives it."""
    usage = Usage(1000 + i, 2000 + i, 3000 + i)
    return CachedReply(content, usage, f"model-{i % 7}", "offline", 1.7e9 + i)


def make_refusal(content, i):
    """A refusal with a message as long as an answer."""
    return CachedRefusal("offline", f"code-{i % 7}", content, i, True)


def fill(make_body, content_of, tags_of, connection):
    """A tier that has seen twice as many bodies as it holds, each of them sent."""
    tier = MemoryTier(max_entries=ENTRIES, max_bytes=1 << 40, clock=SystemClock())
    now = time.time()
    for i in range(2 * ENTRIES):
        content = content_of(i)
        spans = (600.0 + i, 60.0 + i, 3600.0 + i, 0.5 + i)
        entry = Entry(make_body(content, i), tags_of(i), now + i, *spans)
        digest = f"{i:064x}"
        tier.get(digest)
        tier.put(digest, entry, 600.0 + i)
        send(connection, content)
    return tier


@pytest.mark.parametrize("tags", TAGS)
@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("body", [make_reply, make_refusal])
def test_counted_bytes_are_near_the_allocated_ones(body, content, tags):
    """Counted bytes are between 0.8 and 1.5 times what tracemalloc sees allocated."""
    connection = sqlite3.connect(":memory:")
    send(connection, "warm up")
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tier = fill(body, CONTENTS[content], TAGS[tags], connection)
        gc.collect()
        allocated = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        connection.close()

    assert tier.stats().entries == ENTRIES
    assert 0.8 <= tier.stats().bytes / allocated <= 1.5


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("body", [make_reply, make_refusal])
def test_an_entry_counts_for_every_text_of_it(body, content):
    """What an entry counts for is the overheads and what each of its texts counts for."""
    reply = body(CONTENTS[content](1), 1)
    texts = [value for value in attrs.astuple(reply, recurse=False) if isinstance(value, str)]
    texts = [text for text in texts if text is not getattr(reply, "finish_reason", None)]
    tags = ("persona:lua", "주인")

    counted = entry_bytes("d" * 64, Entry(reply, tags, 0.0, 1.0, 1.0, 1.0, 1.0))

    whole = sum(map(text_bytes, ("d" * 64, *texts, *tags)))
    assert counted == ENTRY_OVERHEAD + 2 * TAG_OVERHEAD + whole


def test_the_utf8_form_of_a_korean_text_is_counted_from_the_start():
    """A text that is not ASCII counts before it is sent for what it takes afterwards."""
    text = "답" * 500 + "!"
    counted = text_bytes(text)
    connection = sqlite3.connect(":memory:")
    size_before = sys.getsizeof(text)
    send(connection, text)
    connection.close()

    assert size_before < sys.getsizeof(text) == counted
