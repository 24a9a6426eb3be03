"""The cache port: what the core asks of a cache plugin, and what the key of an answer holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Protocol, TypeAlias, runtime_checkable

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.pipeline.chunks import Usage

SCHEMA = 1
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
        digest = hashlib.sha256()
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
            digest.update(len(data).to_bytes(8, "big"))
            digest.update(data)
        return digest.hexdigest()


@attrs.frozen
class CachedReply:
    """What is stored of an answer: what was sent, and how it came about.

    Attributes:
        content: the text as it was sent.
        usage: tokens spent on it.
        model: the model that answered.
        generator: the plugin that generated.
        created_at: seconds since the Unix epoch.
    """

    content: str
    usage: Usage
    model: str
    generator: str
    created_at: float


class Lease(Protocol):
    """The right to fill a missing entry; ends with the first of its two calls.

    Any later call does nothing, so that the one who holds it may release it in ``finally``.
    """

    async def store(self, reply: CachedReply, ttl_s: float) -> None:
        """Store the answer for so many seconds. Never raises for a cache that is out of order."""

    async def release(self) -> None:
        """Give the right back without an answer."""


@attrs.frozen
class Hit:
    """A fresh answer."""

    reply: CachedReply
    age_s: float


@attrs.frozen
class Stale:
    """An answer past its time that may still be served."""

    reply: CachedReply
    age_s: float


@attrs.frozen
class Miss:
    """No answer; the lease allows to store one."""

    lease: Lease


Lookup: TypeAlias = Hit | Stale | Miss


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

        Where another turn holds the lease of this entry, this may wait for its answer, for less
        than the setting ``turn.cache_s``: after that the turn goes on without the cache.
        """

    async def invalidate(self, tag: str) -> int:
        """Drop every entry with this tag; returns how many there were."""

    async def clear(self) -> int:
        """Drop every entry of this cache and of nobody else; returns how many there were."""

    def stats(self) -> CacheStats:
        """The figures so far."""
