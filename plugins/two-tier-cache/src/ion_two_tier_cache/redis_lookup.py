"""Look-ups: an entry, whether somebody is making it, and the tokens of its tags, in one go."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from ion_two_tier_cache.batching import Batcher, ClosedError
from ion_two_tier_cache.redis_entries import Known, RedisEntries
from ion_two_tier_cache.redis_errors import RedisTroubleError
from ion_two_tier_cache.redis_found import NOTHING, NOTHING_AT_ALL, Found, FoundMany

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


Question: TypeAlias = tuple[str, tuple[str, ...]]
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
        self._batcher: Batcher[Question, Found] = Batcher(
            self._answer_each, largest=_LARGEST, at_a_time=_AT_A_TIME
        )

    async def get(self, digest: str, tags: tuple[str, ...]) -> Found:
        """Look up; `NOTHING` where Redis is out of order. Never raises."""
        heard = self._news.heard
        try:
            if not self._link.answering:
                self._link.admit()
            found = await self._batcher.ask((digest, tags))
        except (RedisTroubleError, ClosedError):
            found = NOTHING
        if heard != self._news.heard:
            found = self._still_valid(found, heard)
        hit, nothing = found.entry is not None, found is NOTHING
        self._count(hits=hit, failures=nothing, misses=not (hit or nothing))
        return found

    async def find_many(self, questions: Sequence[Question], waited_s: float) -> FoundMany:
        """Look up many at once; never raises.

        Whether somebody holds a lease is not asked: nearly everything is found, and who has to make
        something learns it from trying to take the lease.

        What is found is valid at the moment in which this goes on: who copies it into memory does
        so before anything else can happen.

        Args:
            questions: digests and tags.
            waited_s: seconds of the time for it that are spent already.
        """
        heard = self._news.heard
        try:
            found = await self._answer(questions, waited_s, leases=False)
        except RedisTroubleError:
            self._count(failures=len(questions))
            return NOTHING_AT_ALL
        if heard != self._news.heard:
            found = found.without(lambda tags: self._news.concern(tags, since=heard))
        hits, failures = len(found.entries), 0
        if hits < len(questions):
            failures = sum(found.of(*question) is NOTHING for question in questions)
        self._count(hits=hits, failures=failures, misses=len(questions) - hits - failures)
        return found

    def hear(self, tag: str | None) -> None:
        """Somebody has invalidated a tag, or with None everything."""
        self._news.add(tag)

    async def close(self) -> None:
        """End what is under way."""
        await self._batcher.close()

    def _count(self, *, hits: int = 0, failures: int = 0, misses: int = 0) -> None:
        self._counts.hits += hits
        self._counts.failures += failures
        self._counts.misses += misses

    def _still_valid(self, found: Found, heard: int) -> Found:
        """What was found, without an entry that was invalidated meanwhile."""
        if found.entry is not None and self._news.concern(found.entry.tags, since=heard):
            return found._replace(entry=None)
        return found

    async def _answer_each(self, questions: Sequence[Question], waited_s: float) -> list[Found]:
        found = await self._answer(questions, waited_s, leases=True)
        return [found.of(digest, own) for digest, own in questions]

    async def _answer(
        self, questions: Sequence[Question], waited_s: float, *, leases: bool
    ) -> FoundMany:
        wanted = dict(questions)
        asked = {own for _, own in questions}
        tags: list[str | None] = [None, *{tag for own in asked for tag in own}]
        spent = _Spent(waited_s)
        names = self._names(wanted, tags, leases=leases)
        values = await self._link.read(names, waited_s=waited_s)
        self._counts.batches += 1
        count = len(wanted)
        known = Known(
            await self._complete(dict(zip(tags, values[-len(tags) :], strict=True)), spent)
        )
        entries, others = self._entries.read(wanted, values[:count], known)
        if others:
            await self._learn_others(known, others.values(), spent)
            for digest, opened in others.items():
                if self._entries.is_valid(digest, opened, known):
                    entries[digest] = opened.entry
        if self._invalidations.owed:
            self._leave_out_owed(entries, wanted)
        concerns = self._invalidations.concerns
        tokens = {own: known.tokens(own) for own in asked if not concerns(own)}
        held = zip(wanted, values[count : 2 * count], strict=True) if leases else ()
        return FoundMany(entries, tokens, {digest for digest, by in held if isinstance(by, bytes)})

    def _leave_out_owed(
        self, entries: dict[str, Entry], wanted: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Take out what is owed to be invalid: an entry may have other tags than who asks for it.

        It is the last step of a batch, because tags may come to be owed while Redis is asked.
        """
        carried = {(entry.tags, wanted[digest]) for digest, entry in entries.items()}
        concerns = self._invalidations.concerns
        concerned = {both for both in carried if any(map(concerns, both))}
        for digest, entry in tuple(entries.items()):
            if (entry.tags, wanted[digest]) in concerned:
                del entries[digest]

    def _names(
        self, digests: Iterable[str], tags: Iterable[str | None], *, leases: bool
    ) -> list[str]:
        """The keys of entries, of their leases, and of the tokens of tags, in this order."""
        entry, lease = self._keys.entries, self._keys.leases
        names = [entry + digest for digest in digests]
        if leases:
            names += [lease + digest for digest in digests]
        names += map(self._keys.token, tags)
        return names

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
