"""Look-ups: an entry, whether somebody is making it, and the tokens of its tags, in one go."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import attrs

from ion_two_tier_cache.batching import Batcher
from ion_two_tier_cache.entry import Freshness
from ion_two_tier_cache.envelope import MadeLaterError, NotAnEnvelope, Opened, open_envelope
from ion_two_tier_cache.redis_errors import RedisTroubleError
from ion_two_tier_cache.redis_tokens import Tokens
from ion_two_tier_cache.write_behind import Write

if TYPE_CHECKING:
    from ion_two_tier_cache.entry import Entry
    from ion_two_tier_cache.redis_context import RedisContext
    from ion_two_tier_cache.redis_invalidation import Invalidations
    from ion_two_tier_cache.redis_link import RedisLink, Value
    from ion_two_tier_cache.write_behind import WriteBehind

_LARGEST = 128
_AT_A_TIME = 3
_LATEST = 256


@attrs.frozen
class Found:
    """What a look-up found.

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


class _Known(dict[str | None, str]):
    """Tokens by tag, for one batch."""

    def __init__(self, tokens: Mapping[str | None, str]) -> None:
        super().__init__(tokens)
        self._made: dict[tuple[str, ...], Tokens] = {}

    def tokens(self, tags: tuple[str, ...]) -> Tokens:
        """The tokens of tags, everything first; `Tokens.unknown` if one of them is not known."""
        made = self._made.get(tags)
        if made is None:
            values = tuple(self.get(tag, "") for tag in (None, *tags))
            made = self._made[tags] = Tokens(values) if all(values) else Tokens.unknown
        return made


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
        settings = context.settings
        self._link = link
        self._keys = context.keys
        self._writer = writer
        self._invalidations = invalidations
        self._longest_life_s = settings.longest_life_s
        self._token_life_ms = settings.token_life_ms
        self._most_bytes = settings.max_value_bytes
        self._clock = context.clock
        self._counts = context.counts
        self._logger = context.logger
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
            return attrs.evolve(found, entry=None)
        return found

    async def _answer(self, questions: Sequence[_Question], waited_s: float) -> list[Found]:
        keys = self._keys
        asked = {own for _, own in questions}
        tags: list[str | None] = [None, *{tag for own in asked for tag in own}]
        digests = tuple({digest: None for digest, _ in questions})
        names = (
            *map(keys.entry, digests),
            *map(keys.lease, digests),
            *map(keys.token, tags),
        )
        spent = _Spent(waited_s)
        values = await self._link.read(names, waited_s=spent.seconds)
        self._counts.batches += 1
        count = len(digests)
        opened = self._open_all(zip(digests, values[:count], strict=True))
        leases = dict(zip(digests, values[count : 2 * count], strict=True))
        known = _Known(
            await self._complete(dict(zip(tags, values[2 * count :], strict=True)), spent)
        )
        await self._learn_others(known, opened.values(), spent)
        entries = {digest: self._valid(digest, found, known) for digest, found in opened.items()}
        return [
            NOTHING
            if self._invalidations.concerns(own)
            else Found(entries.get(digest), known.tokens(own), isinstance(leases[digest], bytes))
            for digest, own in questions
        ]

    def _open_all(self, envelopes: Iterable[tuple[str, Value]]) -> dict[str, Opened]:
        """What is in the envelopes; what is no entry of ours is counted and removed."""
        now = self._clock.time()
        opened = {}
        for digest, envelope in envelopes:
            if not isinstance(envelope, bytes):
                continue
            self._counts.bytes_in += len(envelope)
            found = self._open(digest, envelope, now)
            if found is not None and found.entry.state(now) is not Freshness.GONE:
                opened[digest] = found
        return opened

    def _open(self, digest: str, envelope: bytes, now: float) -> Opened | None:
        try:
            _check_size(envelope, self._most_bytes)
            return open_envelope(digest, envelope, now=now, longest_life_s=self._longest_life_s)
        except MadeLaterError as error:
            # As likely this clock is wrong as the other, and then the entry is good for the others.
            if not self._counts.skewed:
                self._logger.warning("redis_clocks_differ", ahead_s=round(error.ahead_s))
            self._counts.skewed += 1
        except NotAnEnvelope:
            self._counts.hostile += 1
            self._remove(digest)
        return None

    async def _learn_others(self, known: _Known, opened: Iterable[Opened], spent: _Spent) -> None:
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

    def _valid(self, digest: str, opened: Opened, known: _Known) -> Entry | None:
        """The entry, unless one of its tags was invalidated since."""
        tags = opened.entry.tags
        tokens = known.tokens(tags)
        if self._invalidations.concerns(tags) or not tokens.known:
            return None
        if opened.tokens == tokens.values:
            return opened.entry
        self._counts.outdated += 1
        self._remove(digest)
        return None

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

    def _remove(self, digest: str) -> None:
        # Without room in the queue it stays, and is found out again.
        self._writer.offer(Write((("UNLINK", self._keys.entry(digest)),)))


def _check_size(envelope: bytes, most: int) -> None:
    if len(envelope) > most:
        raise NotAnEnvelope("size")


def _texts(tokens: Iterable[tuple[str | None, Value]]) -> dict[str | None, str]:
    """The tokens that there are, as text."""
    return {
        tag: token.decode("ascii", "replace")
        for tag, token in tokens
        if isinstance(token, bytes) and token
    }
