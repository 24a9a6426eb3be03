"""How many bytes an entry counts for against the byte bound.

An entry counts for its strings and a fixed overhead; walking the object graph at every store
would cost more than it tells. The constants were fitted with `tracemalloc` on CPython 3.11, and a
test holds them: once the replies have been sent, what is counted is 0.8 to 1.5 times what the
interpreter allocates, over short and long replies, refusals, ASCII and Korean, no tags, shared tags
and tags that no other entry has. A reply that is not ASCII and was never sent counts up to twice
its size.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ion_framework.pipeline.cache import CachedReply

if TYPE_CHECKING:
    from ion_two_tier_cache.entry import Entry

ENTRY_OVERHEAD = 1100
"""Bytes of an entry without its strings: objects, numbers, its places in table, order, queue and
index, and its share of the frequency sketch."""

_ASCII_OVERHEAD = sys.getsizeof("")
"""Bytes of a string of ASCII characters besides those."""

TAG_OVERHEAD = 180
"""Bytes of a tag without its text: its place in the index, alone or shared."""


def text_bytes(text: str) -> int:
    """Bytes that a string takes once it has been sent.

    CPython keeps the UTF-8 form of a string that is not ASCII beside it as soon as a C extension
    (a JSON encoder, a socket) asks for it. A stored reply is sent over and over, so that form is
    counted from the start. Lone surrogates, which UTF-8 forbids, count like any other character.
    """
    if text.isascii():
        return sys.getsizeof(text)
    return sys.getsizeof(text) + len(text.encode("utf-8", "surrogatepass")) + 1


def entry_bytes(digest: str, entry: Entry) -> int:
    """Bytes that an entry counts for."""
    body = entry.body
    if isinstance(body, CachedReply):
        texts = (digest, body.content, body.model, body.generator, body.degraded, *entry.tags)
    else:
        texts = (digest, body.message, body.code, body.source, *entry.tags)
    whole = "".join(texts)
    size = ENTRY_OVERHEAD + len(entry.tags) * TAG_OVERHEAD
    if whole.isascii():
        # As below, without a look at each.
        return size + len(texts) * _ASCII_OVERHEAD + len(whole)
    return size + sum(map(text_bytes, texts))
