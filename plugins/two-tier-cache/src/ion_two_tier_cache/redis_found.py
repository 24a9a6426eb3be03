"""What look-ups in Redis found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ion_two_tier_cache.redis_tokens import Tokens

if TYPE_CHECKING:
    from ion_two_tier_cache.entry import Entry


class Found(NamedTuple):
    """What a look-up found; no attrs class, as one is made for many of them.

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


class FoundMany:
    """What look-ups found that travelled together.

    Attributes:
        entries: the valid entries that are not gone, by digest.

    Args:
        entries: those.
        tokens: by the tags that were asked for; without those of which nothing can be said.
        leased: digests of which somebody holds the lease just now, if that was asked.
    """

    __slots__ = ("_leased", "_tokens", "entries")

    def __init__(
        self,
        entries: Mapping[str, Entry],
        tokens: Mapping[tuple[str, ...], Tokens],
        leased: frozenset[str] | set[str],
    ) -> None:
        self.entries = entries
        self._tokens = tokens
        self._leased = leased

    def of(self, digest: str, tags: tuple[str, ...]) -> Found:
        """What was found for one of the questions."""
        tokens = self._tokens.get(tags)
        if tokens is None:
            return NOTHING
        return Found(self.entries.get(digest), tokens, digest in self._leased)

    def without(self, concerned: Callable[[tuple[str, ...]], bool]) -> FoundMany:
        """The same without entries that have certain tags.

        Args:
            concerned: whether these tags are such.
        """
        gone = {tags for tags in {entry.tags for entry in self.entries.values()} if concerned(tags)}
        left = {digest: entry for digest, entry in self.entries.items() if entry.tags not in gone}
        return FoundMany(left, self._tokens, self._leased)


NOTHING_AT_ALL = FoundMany({}, {}, frozenset())
"""What look-ups found where Redis is out of order."""
