"""Envelopes that came out of Redis: what they hold, and whether that is still valid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ion_two_tier_cache.entry import Entry, Freshness
from ion_two_tier_cache.envelope import (
    Expected,
    MadeLaterError,
    NotAnEnvelope,
    Opened,
    open_envelope,
)
from ion_two_tier_cache.redis_tokens import Tokens
from ion_two_tier_cache.write_behind import Write

if TYPE_CHECKING:
    from ion_two_tier_cache.redis_context import RedisContext
    from ion_two_tier_cache.redis_invalidation import Invalidations
    from ion_two_tier_cache.redis_link import Value
    from ion_two_tier_cache.write_behind import WriteBehind


class Known(dict[str | None, str]):
    """Tokens by tag, for one batch; None stands for everything."""

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

    def expected(self, tags: tuple[str, ...]) -> Expected | None:
        """What an entry with these tags begins with.

        None where a token is not known, where UTF-8 does not have the text of a tag, and where
        there are more tags than an entry has.
        """
        tokens = self.tokens(tags)
        if not tokens.known:
            return None
        try:
            return Expected(tags, tokens)
        except ValueError:
            # No entry is stored with such tags, but one with other tags may be under the digest.
            return None


class RedisEntries:
    """Reads envelopes, and removes what is none of ours or was made invalid.

    Args:
        context: what every part is given.
        writer: removes.
        invalidations: what Redis does not know to be invalid yet.
    """

    def __init__(
        self, context: RedisContext, writer: WriteBehind, invalidations: Invalidations
    ) -> None:
        self._longest_life_s = context.settings.longest_life_s
        self._most_bytes = context.settings.max_value_bytes
        self._keys = context.keys
        self._clock = context.clock
        self._counts = context.counts
        self._logger = context.logger
        self._writer = writer
        self._invalidations = invalidations

    def read(
        self, wanted: Mapping[str, tuple[str, ...]], envelopes: Iterable[Value], known: Known
    ) -> tuple[dict[str, Entry], dict[str, Opened]]:
        """What is in the envelopes, by digest; what is no entry of ours is counted and removed.

        Returns the entries that are valid, because they were stored with the tags that were asked
        for and the tokens of now, and what else there is, of which `is_valid` is to be asked.

        Args:
            wanted: digests and the tags that were asked for, in the order of the envelopes.
            envelopes: values as Redis gave them.
            known: the tokens of the tags.
        """
        now = self._clock.time()
        expected = {tags: known.expected(tags) for tags in set(wanted.values())}
        entries: dict[str, Entry] = {}
        others: dict[str, Opened] = {}
        size = 0
        for (digest, tags), envelope in zip(wanted.items(), envelopes, strict=True):
            if not isinstance(envelope, bytes):
                continue
            size += len(envelope)
            found = self._open(digest, envelope, now, expected[tags])
            if isinstance(found, Entry):
                if found.is_fresh(now) or found.state(now) is not Freshness.GONE:
                    entries[digest] = found
            elif found is not None and found.entry.state(now) is not Freshness.GONE:
                others[digest] = found
        self._counts.bytes_in += size
        return entries, others

    def is_valid(self, digest: str, opened: Opened, known: Known) -> bool:
        """Whether no tag of an entry was invalidated since, and the token of each is known."""
        tags = opened.entry.tags
        tokens = known.tokens(tags)
        if self._invalidations.concerns(tags) or not tokens.known:
            return False
        if opened.tokens == tokens.values:
            return True
        self._counts.outdated += 1
        self._remove(digest)
        return False

    def _open(
        self, digest: str, envelope: bytes, now: float, expected: Expected | None
    ) -> Entry | Opened | None:
        try:
            if len(envelope) > self._most_bytes:
                raise NotAnEnvelope("size")  # noqa: TRY301  counted like every other
            if expected is not None:
                entry = expected.open(digest, envelope, now, self._longest_life_s)
                if entry is not None:
                    return entry
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

    def _remove(self, digest: str) -> None:
        # Without room in the queue it stays, and is found out again.
        self._writer.offer(Write((("UNLINK", self._keys.entry(digest)),)))
