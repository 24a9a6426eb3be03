"""The two tiers as one: what is kept where, and for how long."""

from __future__ import annotations

import random as random_module
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeGuard

import attrs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from ion_framework.clock import Clock
    from ion_two_tier_cache.entry import Entry
    from ion_two_tier_cache.memory import MemoryTier
    from ion_two_tier_cache.redis_tokens import Tokens
    from ion_two_tier_cache.remote_lease import RemoteLease

DEAF_S = 5.0
"""Seconds that an entry stays in memory at most while invalidations by others are not heard of."""

LEAVE_S = 2.5
"""Seconds within which leaves what was there when that was noticed. A peer that falls silent is
noticed after two, so that nothing is served for longer than five that others have invalidated."""

LEAVE_EARLIER = 0.1
"""Share of its residence by which an entry leaves memory earlier, at random at most: what came in
one second does not leave in one."""


Mark: TypeAlias = tuple[int | None, float]
"""Whether invalidations by others were heard of when something began: the number
`RemoteTier.hearing_epoch` of that moment, None where they were not heard of, and that moment on the
monotonic clock. No class, as one is made for every look-up."""


class RemoteFound(Protocol):
    """What a look-up in the tier that processes share found."""

    @property
    def entry(self) -> Entry | None:
        """The entry, if there is a valid one that is not gone."""

    @property
    def tokens(self) -> Tokens:
        """What an entry made from now on is to be stored with."""

    @property
    def leased(self) -> bool:
        """Whether somebody holds the lease of this digest just now."""


class RemoteTier(Protocol):
    """The tier that processes share: `RedisTier`, or one that keeps its promises.

    Nothing of it raises for an outage, and nothing waits for one longer than some tenths of a
    second.
    """

    @property
    def coherent(self) -> bool:
        """Whether invalidations by other processes are heard of just now."""

    @property
    def hearing_epoch(self) -> int:
        """A number that is raised whenever `coherent` changes."""

    async def open(self) -> None:
        """Begin to work."""

    async def close(self) -> None:
        """Write what is queued and close every connection."""

    def get(self, digest: str, tags: tuple[str, ...]) -> Awaitable[RemoteFound]:
        """Look up."""

    def put(
        self, digest: str, entry: Entry, tokens: Tokens, lease: RemoteLease | None = None
    ) -> bool:
        """Queue an entry to be written, after which the lease is given back in every case."""

    async def acquire(self, digest: str) -> RemoteLease | None:
        """Take the lease of a digest; None: somebody else has it."""

    async def tell(self, tag: str | None) -> bool:
        """Make every entry with this tag, or with None every entry, invalid in every process.

        Returns whether it could be told. Either way this process finds no such entry any more.
        """

    async def sweep(self, tag: str | None) -> int:
        """Remove what `tell` has made invalid, which may take seconds; returns how many."""

    def stats(self) -> attrs.AttrsInstance:
        """The figures so far."""


class RemoteFoundMany(Protocol):
    """What look-ups found that travelled together."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The valid entries that are not gone, by digest."""

    def of(self, digest: str, tags: tuple[str, ...]) -> RemoteFound:
        """What was found for one of the questions."""


class FindsMany(Protocol):
    """A tier that processes share which looks many up in the time of one."""

    async def find_many(
        self, questions: Sequence[tuple[str, tuple[str, ...]]], waited_s: float
    ) -> RemoteFoundMany:
        """Look up digests with their tags; never raises for an outage.

        What is found is valid at the moment in which this goes on: who copies it into memory does
        so before anything else can happen.

        Args:
            questions: digests and tags.
            waited_s: seconds of the time for it that are spent already.
        """


def finds_many(remote: object) -> TypeGuard[FindsMany]:
    """Whether a tier is a `FindsMany`."""
    return hasattr(remote, "find_many")


class Tiers:
    """The memory tier, and the one that processes share, if there is one.

    Attributes:
        memory: the tier of this process.
        remote: the tier that processes share, None without one.

    Args:
        memory: the tier of this process.
        remote: the tier that processes share.
        l1_ttl_s: seconds that an entry stays in memory at most where there is another tier.
        remote_name: what that tier is called in the figures.
        clock: where the time comes from.
        random: a number from 0 to below 1.
    """

    def __init__(  # noqa: PLR0913  each is a part or a bound of its own
        self,
        memory: MemoryTier,
        remote: RemoteTier | None,
        l1_ttl_s: float,
        remote_name: str,
        *,
        clock: Clock,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self.memory = memory
        self.remote = remote
        self._l1_ttl_s = l1_ttl_s
        self._remote_name = remote_name
        self._now = clock.monotonic
        self._random = random

    def mark(self) -> Mark:
        """Note whether invalidations are heard of, before an answer is begun or looked for."""
        remote = self.remote
        heard = remote is not None and remote.coherent
        return remote.hearing_epoch if remote is not None and heard else None, self._now()

    def promote(
        self, digest: str, entry: Entry, tokens: Tokens | None = None, mark: Mark | None = None
    ) -> bool:
        """Keep an entry in memory; returns whether it had room, and may stay there at all.

        Args:
            digest: what it is found by.
            entry: the entry.
            tokens: what it is stored with in the other tier.
            mark: of before the tokens were read; None where the other tier was not asked.
        """
        return self.memory.put(digest, entry, self._residence_s(entry, tokens, mark))

    def promote_all(self, found: Sequence[tuple[str, Entry]], mark: Mark) -> None:
        """Keep in memory what the other tier has.

        Args:
            found: digests and entries.
            mark: of before they were looked for.
        """
        if self._hears_since(mark):
            ttl_s, random = self._l1_ttl_s, self._random
            stays = [ttl_s * (1 - LEAVE_EARLIER * random()) for _ in found]
        else:
            stays = [self._deaf_residence_s(mark)] * len(found)
        self.memory.put_all(found, stays)

    def keep(
        self,
        digest: str,
        entry: Entry,
        tokens: Tokens | None,
        lease: RemoteLease | None,
        mark: Mark | None,
    ) -> bool:
        """Keep a new entry in both tiers; the lease is given back after it was written.

        Returns whether one of them took it.
        """
        kept = self.promote(digest, entry, tokens, mark)
        if self.remote is not None and tokens is not None:
            kept = self.remote.put(digest, entry, tokens, lease) or kept
        return kept

    def forget(self, tag: str | None) -> int:
        """Drop from memory what carries a tag, or with None everything; returns how many."""
        return self.memory.clear() if tag is None else self.memory.invalidate(tag)

    def grow_deaf(self) -> None:
        """Serve what is in memory for some seconds more, because no invalidation is heard of.

        To drop everything at once would send everybody to the model service in the very moment in
        which the other tier is out of order.
        """
        self.memory.shorten(LEAVE_S)

    def figures(self) -> Mapping[str, Mapping[str, object]]:
        """The figures of each tier, by its name."""
        told = {"memory": attrs.asdict(self.memory.stats())}
        if self.remote is not None:
            told[self._remote_name] = attrs.asdict(self.remote.stats())
        return told

    async def invalidate(self, tag: str | None, void: Callable[[str | None], None]) -> int:
        """Make what carries a tag, or with None everything, invalid in both tiers.

        Memory is swept before, so that this process serves nothing outdated while the other tier
        is told, and after, because a look-up may have brought something back meanwhile. What is
        begun once that was told is up to date, however long the removal of the rest takes.

        Args:
            tag: the tag.
            void: voids what is being made for the tag.

        Returns:
            how many entries there were, as the tier counts that held more of them.
        """
        void(tag)
        dropped = self.forget(tag)
        if self.remote is None:
            return dropped
        remote = self.remote
        await remote.tell(tag)
        void(tag)
        self.forget(tag)
        return max(dropped, await remote.sweep(tag))

    def _residence_s(self, entry: Entry, tokens: Tokens | None, mark: Mark | None) -> float:
        """Seconds for which a new entry stays in memory."""
        if self.remote is None:
            return entry.lifetime_s
        if mark is not None and self._hears_since(mark):
            return self._l1_ttl_s * (1 - LEAVE_EARLIER * self._random())
        # Without tokens the other tier does not get it, and need not be asked before the others.
        known = tokens is not None and tokens.known
        return self._deaf_residence_s(mark if known else None)

    def _hears_since(self, mark: Mark) -> bool:
        """Whether no invalidation can have been missed since, as nearly every time."""
        remote = self.remote
        return remote is not None and remote.coherent and mark[0] == remote.hearing_epoch

    def _deaf_residence_s(self, mark: Mark | None) -> float:
        """Seconds for which an entry stays where an invalidation may have been missed.

        The other tier knows of it, and is asked when the entry has left.

        Args:
            mark: since when it may have been; None: from now on.
        """
        longest_s = min(self._l1_ttl_s, DEAF_S)
        return longest_s if mark is None else longest_s - (self._now() - mark[1])
