"""Small, honest stand-ins for plugins: they do what they say, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from typing import Any

import attrs

from ion_framework.domain.key import ResonanceKey
from ion_framework.domain.language import detect_language
from ion_framework.domain.prompt import Prompt
from ion_framework.domain.resonance import Resonance
from ion_framework.pipeline.cache import (
    CachedRefusal,
    CachedReply,
    CacheKey,
    CacheStats,
    Hit,
    Lookup,
    Miss,
    TurnCache,
)
from ion_framework.pipeline.chunks import Chunk, Finish, FinishReason, TextChunk, Usage
from ion_framework.pipeline.events import Event
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.turn import Turn


class FixedAnalyzer:
    """An analyser that reads the same key out of every message.

    Args:
        key: the key.
    """

    def __init__(self, key: str = "calm-medium-learning") -> None:
        self._key = ResonanceKey.parse(key)

    @hookimpl
    def ion_analyze(self, turn: Turn) -> Resonance:
        """The fixed key, in the language of the message."""
        return attrs.evolve(Resonance.given(self._key, detect_language(turn.text)), source="")


class FakeGenerator:
    """A generator that streams fixed pieces and remembers the prompts it was given.

    Args:
        pieces: what it says; ``{user}`` becomes the message.
        reason: how it ends; None ends without a `Finish`, as a cut connection does.
        model: name of its model.
    """

    def __init__(
        self,
        pieces: tuple[str, ...] = ("You said: ", "{user}"),
        reason: FinishReason | None = FinishReason.STOP,
        model: str = "fake-1",
    ) -> None:
        self.model = model
        self.prompts: list[Prompt] = []
        self._pieces = pieces
        self._reason = reason

    @hookimpl
    async def ion_generate(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """The pieces, then the end."""
        self.prompts.append(prompt)
        for piece in self._pieces:
            yield TextChunk(piece.replace("{user}", prompt.user))
        if self._reason is not None:
            yield Finish(self._reason, Usage(len(prompt.user), len(self._pieces)), self.model)


class FailingGenerator:
    """A generator that says some pieces and then raises.

    Args:
        pieces: what it says before it fails.
        error: what it raises.
    """

    model = "failing-1"

    def __init__(self, pieces: tuple[str, ...] = (), error: BaseException | None = None) -> None:
        self._pieces = pieces
        self._error = error or ConnectionError("the upstream is down")

    @hookimpl
    async def ion_generate(self) -> AsyncGenerator[Chunk, None]:
        """The pieces, then the error."""
        for piece in self._pieces:
            yield TextChunk(piece)
        raise self._error


async def play_script(script: Iterable[object]) -> AsyncGenerator[Any, None]:
    """A stream of chunks by a script.

    Args:
        script: a number is a pause in seconds, a text a piece of the answer, an exception is
            raised; anything else is yielded as it is.
    """
    for step in script:
        if isinstance(step, int | float):
            await asyncio.sleep(step)
        elif isinstance(step, BaseException):
            raise step
        else:
            yield TextChunk(step) if isinstance(step, str) else step


class ScriptedGenerator:
    """A generator that plays a script, and counts how often its stream was closed.

    Args:
        script: the steps, as `play_script` reads them.
    """

    model = "scripted-1"

    def __init__(self, *script: object) -> None:
        self.calls = 0
        self.closed = 0
        self._script = script

    @hookimpl
    async def ion_generate(self) -> AsyncGenerator[Any, None]:
        """The script, from the beginning."""
        self.calls += 1
        try:
            async with aclosing(play_script(self._script)) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            self.closed += 1


class RecordingMonitor:
    """A monitor that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    @hookimpl
    def ion_observe(self, event: Event) -> None:
        """Keep the event."""
        self.events.append(event)


class DictCache:
    """The simplest cache that keeps the port's promises: a dictionary without bounds or time."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[CacheKey, CachedReply]] = {}
        self._hits = 0
        self._misses = 0

    async def lookup(self, key: CacheKey) -> Lookup:
        """The entry, or a lease to make it."""
        found = self._entries.get(key.digest)
        if found is None:
            self._misses += 1
            return Miss(_DictLease(self._entries, key))
        self._hits += 1
        return Hit(found[1], 0.0)

    async def invalidate(self, tag: str) -> int:
        """Drop the entries with this tag."""
        return self._drop([name for name, (key, _) in self._entries.items() if tag in key.tags])

    async def clear(self) -> int:
        """Drop everything."""
        return self._drop(list(self._entries))

    def stats(self) -> CacheStats:
        """The figures so far; bytes are those of the stored texts."""
        size = sum(len(reply.content.encode()) for _, reply in self._entries.values())
        return CacheStats(self._hits, self._misses, len(self._entries), size, 0)

    def _drop(self, names: list[str]) -> int:
        for name in names:
            del self._entries[name]
        return len(names)


class _DictLease:
    def __init__(self, entries: dict[str, tuple[CacheKey, CachedReply]], key: CacheKey) -> None:
        self._entries = entries
        self._key = key

    async def store(self, reply: CachedReply, ttl_s: float) -> None:
        if ttl_s > 0:
            self._entries[self._key.digest] = (self._key, reply)

    async def share(self, reply: CachedReply) -> None:
        """Nobody waits."""

    async def refuse(self, refusal: CachedRefusal) -> None:
        """Nobody waits."""

    async def release(self) -> None:
        """Nothing is held."""


class CacheProvider:
    """A plugin object that provides a cache.

    Args:
        cache: the cache.
    """

    def __init__(self, cache: TurnCache) -> None:
        self._cache = cache

    @hookimpl
    def ion_provide_cache(self) -> TurnCache:
        """The cache."""
        return self._cache


class NullStore:
    """A store that keeps nothing."""

    async def ping(self) -> None:
        """Always ready."""


@attrs.frozen
class NamedRoute:
    """A route that says where it is and nothing else."""

    method: str
    path: str


class MappingSecrets:
    """Secrets from a mapping.

    Args:
        secrets: the secrets by name.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = dict(secrets)

    def get(self, name: str) -> str | None:
        """The secret of this name."""
        return self._secrets.get(name)
