"""Look-ups: an entry, whether somebody is making it, and the tokens of its tags, in one go."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ion_two_tier_cache.batching import Batcher
from ion_two_tier_cache.redis_entries import Known, RedisEntries
from ion_two_tier_cache.redis_errors import RedisTroubleError
from ion_two_tier_cache.redis_tokens import Tokens

if TYPE_CHECKING:
    from ion_two_tier_cache.entry import Entry
    from ion_two_tier_cache.envelope import Opened
    from ion_two_tier_cache.redis_context import RedisContext
    from ion_two_tier_cache.redis_invalidation import Invalidations
    from ion_two_tier_cache.redis_link import RedisLink, Value
    from ion_two_tier_cache.write_behind import WriteBehind

_LARGEST = 128
_AT_A_TIME = 3
_LATEST = 256


class Found(NamedTuple):
    """What a look-up found; no attrs class, as one is made for every look-up.

    Attributes:
        entry: the entry, if there is a valid one that is not gone.
        tokens: what an entry made from now on is to be stored with; `Tokens.unknown` where Redis
            is out of order.
        leased: whether somebody holds the lease of this digest just now.
    """

    entry: Entry | None
    tokens: Tokens
    leased: bool


NOTHING = Found(None, Tokens.unknown, leased=False)
"""What is found where Redis is out of order."""


_Question: TypeAlias = tuple[str, tuple[str, ...]]
"""A digest and its tags; no class, as one is made for every look-up."""


class _Spent:
    """How much of the time for a batch is spent, over all of its round trips.

    Args:
        waited_s: seconds spent before it began.
    """

    def __init__(self, waited_s: float) -> None:
        self._now = asyncio.get_running_loop().time
        self._begun = self._now() - waited_s

    @property
    def seconds(self) -> float:
        """Seconds spent so far."""
        return self._now() - self._begun


class _News:
    """The latest invalidations that were heard of.

    They come on another connection than the replies to look-ups. So one can be heard of before the
    reply that it overtook: what that holds must not be copied into memory any more.

    Attributes:
        heard: how many there were so far.
    """

    def __init__(self) -> None:
        self.heard = 0
        self._latest: deque[str | None] = deque(maxlen=_LATEST)

    def add(self, tag: str | None) -> None:
        """Another one."""
        self.heard += 1
        self._latest.append(tag)

    def concern(self, tags: tuple[str, ...], *, since: int) -> bool:
        """Whether one of those after the first so many made an entry with these tags invalid."""
        missed = self.heard - since
        if missed > len(self._latest):
            return True
        latest = [self._latest[-number] for number in range(1, missed + 1)]
        return None in latest or any(tag in latest for tag in tags)


class Lookups:
    """Asks Redis, many questions in a round trip.

    Args:
        context: what every part is given.
        link: the way to Redis.
        writer: removes what is no entry.
        invalidations: what Redis does not know to be invalid yet.
    """

    def __init__(
        self,
        context: RedisContext,
        link: RedisLink,
        writer: WriteBehind,
        invalidations: Invalidations,
    ) -> None:
        self._link = link
        self._keys = context.keys
        self._entries = RedisEntries(context, writer, invalidations)
        self._invalidations = invalidations
        self._token_life_ms = context.settings.token_life_ms
        self._counts = context.counts
        self._news = _News()
        self._batcher: Batcher[_Question, Found] = Batcher(
            self._answer, largest=_LARGEST, at_a_time=_AT_A_TIME
        )

    async def get(self, digest: str, tags: tuple[str, ...]) -> Found:
        """Look up; `NOTHING` where Redis is out of order. Never raises."""
        heard = self._news.heard
        try:
            if not self._link.answering:
                self._link.admit()
            found = await self._batcher.ask((digest, tags))
        except RedisTroubleError:
            found = NOTHING
        if heard != self._news.heard:
            found = self._still_valid(found, heard)
        if found.entry is not None:
            self._counts.hits += 1
        elif found is NOTHING:
            self._counts.failures += 1
        else:
            self._counts.misses += 1
        return found

    def hear(self, tag: str | None) -> None:
        """Somebody has invalidated a tag, or with None everything."""
        self._news.add(tag)

    async def close(self) -> None:
        """End what is under way."""
        await self._batcher.close()

    def _still_valid(self, found: Found, heard: int) -> Found:
        """What was found, without an entry that was invalidated meanwhile."""
        if found.entry is not None and self._news.concern(found.entry.tags, since=heard):
            return found._replace(entry=None)
        return found

    async def _answer(self, questions: Sequence[_Question], waited_s: float) -> list[Found]:
        wanted = dict(questions)
        asked = {own for _, own in questions}
        tags: list[str | None] = [None, *{tag for own in asked for tag in own}]
        spent = _Spent(waited_s)
        values = await self._link.read(self._names(wanted, tags), waited_s=waited_s)
        self._counts.batches += 1
        count = len(wanted)
        leases = dict(zip(wanted, values[count : 2 * count], strict=True))
        known = Known(
            await self._complete(dict(zip(tags, values[2 * count :], strict=True)), spent)
        )
        entries, others = self._entries.read(wanted, values[:count], known)
        if others:
            await self._learn_others(known, others.values(), spent)
            for digest, opened in others.items():
                entries[digest] = self._entries.valid(digest, opened, known)
        if self._invalidations.owed:
            self._leave_out_owed(entries)
        tokens = {own: known.tokens(own) for own in asked if not self._invalidations.concerns(own)}
        return [
            Found(entries.get(digest), tokens[own], isinstance(leases[digest], bytes))
            if own in tokens
            else NOTHING
            for digest, own in questions
        ]

    def _leave_out_owed(self, entries: dict[str, Entry | None]) -> None:
        """Take out what is owed to be invalid: an entry may have other tags than who asks for it.

        It is the last step of a batch, because tags may come to be owed while Redis is asked.
        """
        carried = {entry.tags for entry in entries.values() if entry is not None}
        concerned = {tags for tags in carried if self._invalidations.concerns(tags)}
        for digest, entry in entries.items():
            if entry is not None and entry.tags in concerned:
                entries[digest] = None

    def _names(self, digests: Iterable[str], tags: Iterable[str | None]) -> list[str]:
        """The keys of entries, of their leases, and of the tokens of tags, in this order."""
        entries, leases = self._keys.entries, self._keys.leases
        return [
            *[entries + digest for digest in digests],
            *[leases + digest for digest in digests],
            *map(self._keys.token, tags),
        ]

    async def _learn_others(self, known: Known, opened: Iterable[Opened], spent: _Spent) -> None:
        """Read the tokens of tags that an entry has and nobody asked for.

        The same answer may be asked for with other tags: they do not belong to its key.
        """
        others = tuple({tag for found in opened for tag in found.entry.tags} - known.keys())
        if not others:
            return
        try:
            tokens = await self._link.read(
                [self._keys.token(tag) for tag in others], waited_s=spent.seconds
            )
        except RedisTroubleError:
            return
        known.update(_texts(zip(others, tokens, strict=True)))

    async def _complete(
        self, tokens: Mapping[str | None, Value], spent: _Spent
    ) -> dict[str | None, str]:
        """The tokens as text, those made that are missing; without those that cannot be had."""
        known = _texts(tokens.items())
        missing = [tag for tag, token in tokens.items() if token is None]
        if missing:
            known |= await self._make(missing, spent)
        return known

    async def _make(self, tags: Iterable[str | None], spent: _Spent) -> dict[str | None, str]:
        names = {tag: self._keys.token(tag) for tag in tags}
        commands = [
            ("SET", name, secrets.token_hex(8), "NX", "PX", self._token_life_ms)
            for name in names.values()
        ]
        try:
            await self._link.write(commands, waited_s=spent.seconds)
            # Somebody else may have been quicker, or have invalidated the tag meanwhile.
            tokens = await self._link.read(tuple(names.values()), waited_s=spent.seconds)
        except RedisTroubleError:
            return {}
        return _texts(zip(names, tokens, strict=True))


def _texts(tokens: Iterable[tuple[str | None, Value]]) -> dict[str | None, str]:
    """The tokens that there are, as text."""
    return {
        tag: token.decode("ascii", "replace")
        for tag, token in tokens
        if isinstance(token, bytes) and token
    }
