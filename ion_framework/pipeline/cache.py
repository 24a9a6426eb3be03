"""The cache port: what the core asks of a cache plugin, and what the key of an answer holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Protocol, TypeAlias, runtime_checkable

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.pipeline.chunks import FinishReason, Usage

SCHEMA = 2
"""Version of what is stored; a change makes every earlier entry unreachable."""


@attrs.frozen(kw_only=True)
class CacheKey:
    """Everything that an answer depends on.

    Attributes:
        tenant: whose data.
        principal: who asked; empty for a persona whose answers are shared.
        persona: name of the persona.
        persona_version: its version.
        prompt: name of the prompt.
        prompt_version: its version.
        generator: first active generator, as ``name@model``.
        parameters: generation parameters, in a canonical form.
        text: the prompt in a canonical form: system, context, history and message.
        tags: what an entry is found by when it is invalidated (``persona:lua``); not part of
            the digest.
        schema: version of what is stored.
    """

    tenant: str
    principal: str
    persona: str
    persona_version: str
    prompt: str
    prompt_version: str
    generator: str
    parameters: str
    text: str
    tags: tuple[str, ...] = ()
    schema: int = SCHEMA

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the length-prefixed fields, so that no two keys run into each other."""
        whole: list[bytes] = []
        for field in (
            str(self.schema),
            self.tenant,
            self.principal,
            self.persona,
            self.persona_version,
            self.prompt,
            self.prompt_version,
            self.generator,
            self.parameters,
            self.text,
        ):
            data = field.encode()
            whole += (len(data).to_bytes(8, "big"), data)
        return hashlib.sha256(b"".join(whole)).hexdigest()


@attrs.frozen
class CachedReply:
    """An answer as it was sent, and how it came about.

    Attributes:
        content: the text.
        usage: tokens spent on it.
        model: the model that answered.
        generator: the plugin that generated.
        created_at: seconds since the Unix epoch.
        finish_reason: why it ended; ``stop`` for everything that is stored.
        degraded: why it is second best; empty for everything that is stored.
    """

    content: str
    usage: Usage
    model: str
    generator: str
    created_at: float
    finish_reason: FinishReason = FinishReason.STOP
    degraded: str = ""


@attrs.frozen
class CachedRefusal:
    """Why there was no answer, for turns that ask the same.

    Attributes:
        source: the plugin that refused, or the stage at which the turn ended.
        code: `ion_framework.errors.TurnError.code` of how the turn ended.
        message: the words for the caller.
        retry_after_s: seconds after which asking again makes sense, None where it makes none.
        repeatable: whether the same request would end like this again: only such a one is kept.
    """

    source: str
    code: str
    message: str
    retry_after_s: int | None = None
    repeatable: bool = False


class Lease(Protocol):
    """The right to make a missing answer; ends with the first of its calls.

    Any later call does nothing, so that the one who holds it may release it in ``finally``. No
    call raises for a cache that is out of order, and none keeps the turn waiting for a network.
    """

    async def store(self, reply: CachedReply, ttl_s: float) -> None:
        """Keep the answer as fresh for so many seconds, and hand it to those who wait for it."""

    async def share(self, reply: CachedReply) -> None:
        """Hand an answer that must not be kept to those who wait for it now."""

    async def refuse(self, refusal: CachedRefusal) -> None:
        """There is no answer. Those who wait learn it, or one of them tries again.

        Kept, for a short while, only where the refusal is repeatable.
        """

    async def release(self) -> None:
        """Give the right back without a word, because the caller left: another may try."""


@attrs.frozen
class Hit:
    """A fresh answer.

    Attributes:
        reply: the answer.
        age_s: its age in seconds.
        refresh: where it is so near its end that it should be made anew now, the right to do so
            behind the caller's back; None for everybody else.
    """

    reply: CachedReply
    age_s: float
    refresh: Lease | None = None


@attrs.frozen
class Stale:
    """An answer past its time that may still be served while a new one is made.

    Attributes:
        reply: the answer.
        age_s: its age in seconds.
        refresh: the right to make the new one behind the caller's back; None where another turn
            has it.
    """

    reply: CachedReply
    age_s: float
    refresh: Lease | None = None


@attrs.frozen
class Miss:
    """No answer; the lease is the right to make one.

    Attributes:
        lease: the right.
        spare: an answer long past its time, to be served only where making a new one fails.
    """

    lease: Lease
    spare: Stale | None = None


@attrs.frozen
class Refused:
    """What is known is that there is no answer."""

    refusal: CachedRefusal
    age_s: float


class Flight(Protocol):
    """An answer that another turn is making just now."""

    async def wait(self) -> Hit | Stale | Miss | Refused:
        """What came of it: its answer, its refusal, or the right to try in its place.

        Takes as long as it takes, and the caller sets a limit; a caller that stops waiting
        disturbs nobody.
        """


@attrs.frozen
class Pending:
    """Another turn is making this answer.

    Attributes:
        flight: what to wait for.
        spare: an old answer, to be served only where the turn has no time to wait any longer.
    """

    flight: Flight
    spare: Stale | None = None


Settled: TypeAlias = Hit | Stale | Miss | Refused
Lookup: TypeAlias = Settled | Pending


@attrs.frozen
class CacheStats:
    """Truthful figures of a cache since its start.

    Attributes:
        hits: look-ups answered.
        misses: look-ups not answered.
        entries: entries held now.
        bytes: bytes held now, as the cache counts them.
        evictions: entries put out for want of room.
        tiers: the same figures per tier, by the tier's name.
    """

    hits: int
    misses: int
    entries: int
    bytes: int
    evictions: int
    tiers: Mapping[str, Mapping[str, object]] = attrs.field(factory=dict, converter=frozen)


@runtime_checkable
class TurnCache(Protocol):
    """What a cache plugin returns from ``ion_provide_cache``."""

    async def lookup(self, key: CacheKey) -> Lookup:
        """Look an answer up. An outage is a miss, never an exception.

        Takes less than the setting ``turn.cache_s``, or the turn goes on without the cache. Where
        another turn is making this answer the result is `Pending`, on which the turn waits as long
        as it has time.
        """

    async def invalidate(self, tag: str) -> int:
        """Drop every entry with this tag; returns how many there were."""

    async def clear(self) -> int:
        """Drop every entry of this cache and of nobody else; returns how many there were."""

    def stats(self) -> CacheStats:
        """The figures so far."""
