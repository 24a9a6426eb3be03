"""Any key and value in the tiers, where the cache of replies has digests and answers."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

import attrs

from ion_framework.pipeline.cache import CachedRefusal, CachedReply
from ion_framework.pipeline.chunks import Usage
from ion_two_tier_cache.entry import Entry, Freshness
from ion_two_tier_cache.owed_values import OwedValues

if TYPE_CHECKING:
    from collections.abc import Callable

    from ion_framework.clock import Clock
    from ion_two_tier_cache.redis_tokens import Tokens
    from ion_two_tier_cache.tiers import Mark, Tiers

LONGEST_SHARED_S = 7 * 86400.0
"""Seconds for which a value without a time is kept where processes share a tier."""

GONE = CachedRefusal("key_values", "deleted", "", repeatable=True)
"""Stands in the tier that processes share for a value that was deleted."""


@attrs.frozen
class Key:
    """A key within a namespace; no two pairs of namespace and name are one key.

    Attributes:
        owner: what else it must not be mixed up with in this process.
        namespace: the namespace, empty for none.
        name: the name.
    """

    owner: int
    namespace: str
    name: str

    @property
    def digest(self) -> str:
        """SHA-256 over the length-prefixed parts."""
        space, name = self.namespace.encode(), self.name.encode()
        digest = hashlib.sha256(len(space).to_bytes(8, "big"))
        digest.update(space)
        digest.update(name)
        return digest.hexdigest()

    @property
    def tags(self) -> tuple[str, ...]:
        """What the key is found by when its namespace is cleared."""
        return (tag_of(self.namespace),)


def tag_of(namespace: str) -> str:
    """The tag of a namespace."""
    return f"namespace:{namespace}"


@attrs.frozen
class Held:
    """A value that is held.

    Attributes:
        value: the value, an object of its own.
        expires_at: when it is gone, in seconds since the Unix epoch.
    """

    value: Any
    expires_at: float


@attrs.frozen
class _Seen:
    """What was noted before a value was read or made: what the next one is stored with.

    Attributes:
        tokens: of the tier that processes share, None without one.
        mark: whether invalidations by others were heard of.
    """

    tokens: Tokens | None
    mark: Mark


class KeyValues:
    """Keys and values over the tiers.

    What is read is made from text each time, so that no two callers hold the same object.

    What is set or deleted while the tier that processes share is out of order is owed to it: here
    it holds at once, for others when it was paid. Not owed is what that tier has queued: where it
    fails between the queue and the store, the old value is back once the new one has left memory.

    Args:
        tiers: the tiers, of which this is the only user.
        clock: where the time comes from.
    """

    def __init__(self, tiers: Tiers, clock: Clock) -> None:
        self._tiers = tiers
        self._now = clock.time
        self._owed = OwedValues(tiers, clock)

    @property
    def owed(self) -> int:
        """How many values and deletions the tier that processes share was not told of yet."""
        return len(self._owed)

    def go_on(self) -> None:
        """Pay what is owed in this event loop from now on."""
        self._owed.go_on()

    async def close(self) -> int:
        """Give up what is still owed; returns how much that was."""
        return await self._owed.close()

    async def read(self, key: Key) -> Held | None:
        """The value, None where there is none."""
        held, _ = await self._find(key)
        return held

    async def write(self, key: Key, value: Any, ttl_s: float | None) -> bool:
        """Store a value for so many seconds, or without end; returns whether it is kept or owed.

        Raises:
            TypeError: the value is nothing that text can hold exactly.
            ValueError: the time is negative or no number.
        """
        text, fresh_s = _text(value), self._fresh_s(ttl_s)
        seen = await self._see(key)
        return self._keep(key, text, fresh_s, seen)

    async def add(self, key: Key, value: Any, ttl_s: float | None) -> bool:
        """Store a value where there is none; returns False where there is one.

        Only one of those who do so at once in this process succeeds.
        """
        text, fresh_s = _text(value), self._fresh_s(ttl_s)
        held, seen = await self._find(key)
        return held is None and self._keep(key, text, fresh_s, seen)

    async def swap(self, key: Key, value: Any, ttl_s: float | None, expected: Any) -> bool:
        """Store a value in place of the expected one; returns False where there is another."""
        text, fresh_s = _text(value), self._fresh_s(ttl_s)
        held, seen = await self._find(key)
        if held is None or held.value != expected:
            return False
        return self._keep(key, text, fresh_s, seen)

    async def change(self, key: Key, change: Callable[[Any], Any]) -> Any:
        """Replace a value by what a function makes of it, for what is left of its time.

        In this process no change is lost to another at the same time.

        Args:
            key: the key.
            change: is given the value, or None where there is none.

        Returns:
            the new value.
        """
        held, seen = await self._find(key)
        value = change(None if held is None else held.value)
        left_s = math.inf if held is None else held.expires_at - self._now()
        self._keep(key, _text(value), self._fresh_s(None if left_s == math.inf else left_s), seen)
        return value

    async def expire(self, key: Key, ttl_s: float | None) -> bool:
        """Give a value another time; returns False where there is none."""
        fresh_s = self._fresh_s(ttl_s)
        held, seen = await self._find(key)
        return held is not None and self._keep(key, _text(held.value), fresh_s, seen)

    async def delete(self, key: Key, expected: Any = None) -> int:
        """Delete a value, or only the expected one; returns how many are known to be, 0 or 1.

        0 also where it could be neither deleted nor noted for when that is possible again.
        """
        held, seen = await self._find(key)
        if expected is not None and (held is None or held.value != expected):
            return 0
        asked = seen.tokens is None or seen.tokens.known
        if held is None and asked:
            return 0
        self._tiers.memory.drop(key.digest)
        if self._tiers.remote is None:
            return 1
        # What is queued, what others still hold, and what could not be asked for, must not come
        # back.
        gone = Entry(GONE, key.tags, self._now(), LONGEST_SHARED_S, 0.0, 0.0, 0.0)
        return int(self._store(key.digest, gone, seen) and held is not None)

    async def clear(self, namespace: str | None) -> None:
        """Drop what is in a namespace, and in no other that begins alike; None: everything."""
        tag = None if namespace is None else tag_of(namespace)
        self._owed.drop_all(tag)
        await self._tiers.invalidate(tag, lambda _: None)

    async def _find(self, key: Key) -> tuple[Held | None, _Seen]:
        """What is held, and what a new value is stored with.

        Nothing is awaited after memory was read, so that whoever writes at once loses nothing.
        """
        mark, remote = self._tiers.mark(), self._tiers.remote
        if remote is None:
            return _held(self._tiers.memory.get(key.digest), self._now()), _Seen(None, mark)
        found = await remote.get(key.digest, key.tags)
        entry = self._owed.find(key.digest) or self._tiers.memory.get(key.digest)
        if entry is None and found.entry is not None:
            entry = found.entry
            self._tiers.promote(key.digest, entry, found.tokens, mark)
        return _held(entry, self._now()), _Seen(found.tokens, mark)

    async def _see(self, key: Key) -> _Seen:
        mark, remote = self._tiers.mark(), self._tiers.remote
        if remote is None:
            return _Seen(None, mark)
        return _Seen((await remote.get(key.digest, key.tags)).tokens, mark)

    def _keep(self, key: Key, text: str, fresh_s: float, seen: _Seen) -> bool:
        now = self._now()
        body = CachedReply(text, Usage(), "", "key_values", now)
        return self._store(key.digest, Entry(body, key.tags, now, fresh_s, 0.0, 0.0, 0.0), seen)

    def _store(self, digest: str, entry: Entry, seen: _Seen) -> bool:
        """Keep an entry in both tiers, or owe it; returns False where neither was possible."""
        kept = self._tiers.promote(digest, entry, seen.tokens, seen.mark)
        remote = self._tiers.remote
        if remote is None or seen.tokens is None:
            return kept
        if remote.put(digest, entry, seen.tokens):
            self._owed.drop(digest)
            return True
        return self._owed.add(digest, entry)

    def _fresh_s(self, ttl_s: float | None) -> float:
        longest_s = math.inf if self._tiers.remote is None else LONGEST_SHARED_S
        if not ttl_s:
            return longest_s
        if not ttl_s > 0:
            raise ValueError(
                f"a time to live is above 0 seconds, or 0 or None for no end: {ttl_s!r}"
            )
        return min(float(ttl_s), longest_s)


def _held(entry: Entry | None, now: float) -> Held | None:
    """What an entry holds; nothing where it is gone, stands for a deletion, or is not of ours."""
    if entry is None or not isinstance(entry.body, CachedReply):
        return None
    if entry.state(now) is not Freshness.FRESH:
        return None
    try:
        return Held(_value(entry.body.content), entry.expires_at)
    except (ValueError, RecursionError):
        return None


def _text(value: Any) -> str:
    """A value as text: what it is stands in the first letter."""
    if isinstance(value, str):
        return "t" + value
    if isinstance(value, bytes | bytearray | memoryview):
        return "b" + base64.b64encode(value).decode("ascii")
    try:
        text = json.dumps(value)
        same = _same(json.loads(text), value)
    except (TypeError, ValueError, RecursionError):
        same, text = False, ""
    if not same:
        raise TypeError(
            f"a {type(value).__name__} cannot be kept as it is: give the cache a serializer, such "
            "as aiocache.serializers.JsonSerializer, or values of str, bytes, numbers, lists, dicts"
        )
    return "j" + text


def _same(read: Any, value: Any) -> bool:
    """Whether what is read back is the value, down to the types."""
    if type(read) is not type(value):
        return False
    if isinstance(value, dict):
        return read.keys() == value.keys() and all(_same(read[name], value[name]) for name in value)
    if isinstance(value, list):
        return len(read) == len(value) and all(map(_same, read, value))
    return bool(read == value)


def _value(text: str) -> Any:
    kind, rest = text[:1], text[1:]
    if kind == "t":
        return rest
    if kind == "b":
        return base64.b64decode(rest, validate=True)
    if kind == "j":
        return json.loads(rest)
    raise ValueError("not a value")
