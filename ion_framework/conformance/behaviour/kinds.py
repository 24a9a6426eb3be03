"""What each kind of plugin promises, tried in a running `Ion`.

The contract classes of `ion_framework.testing` hold a plugin to more, with its author's own servers
and settings; this is what can be tried without them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping

import attrs

from ion_framework.conformance.behaviour.world import ORDINARY
from ion_framework.domain.key import ALL_KEYS
from ion_framework.domain.language import Language
from ion_framework.domain.resonance import Resonance
from ion_framework.ion import Ion
from ion_framework.manifest.model import Kind
from ion_framework.pipeline.cache import CachedReply, CacheKey, Hit, Miss, TurnCache
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_framework.pipeline.reply import ReplyDelta, ReplyDone
from ion_framework.pipeline.turn import TurnRequest

_KEY = CacheKey(
    tenant="conformance",
    principal="p",
    persona="companion",
    persona_version="1",
    prompt="companion/standard",
    prompt_version="1",
    generator="g@m",
    parameters="",
    text="hello",
    tags=("persona:companion",),
)
_REPLY = CachedReply("an answer", Usage(1, 2), "m", "g", 1_000_000.0)


async def broken_promises(ion: Ion, plugin: str, kind: Kind) -> AsyncIterator[str]:
    """What a plugin does not keep of what its kind promises, one sentence each.

    Args:
        ion: open, with the plugin in it.
        plugin: the plugin.
        kind: one of its kinds.
    """
    if kind in _PROMISES:
        async for sentence in _PROMISES[kind](ion, plugin):
            yield sentence


async def _router(ion: Ion, plugin: str) -> AsyncIterator[str]:
    known = {persona.name for persona in ion.personas}
    for key in ALL_KEYS:
        reading = Resonance.given(key, Language.ENGLISH)
        decision, again = [await ion.route("a message", reading) for _ in range(2)]
        if decision.primary != again.primary:
            yield f"asked twice about {key} it names two personas"
            return
        if decision.primary not in known or not decision.reasons or decision.router != plugin:
            yield f"its decision for {key} lacks an active persona, a reason or its own name"
            return


async def _analyzer(ion: Ion, plugin: str) -> AsyncIterator[str]:
    for language, text in ORDINARY.items():
        first, second = await ion.analyze(text), await ion.analyze(text)
        if first.source == plugin and first.language is not language:
            yield f"it takes a message in {language.value} for one in {first.language.value}"
        if attrs.evolve(first, source="") != attrs.evolve(second, source=""):
            yield "it reads the same message twice in two ways"
        for item in first.evidence:
            inside = item.start is None or 0 <= item.start < (item.end or 0) <= len(text)
            if not inside:
                yield f"its evidence {item.start}-{item.end} lies outside of the message"


async def _generator(ion: Ion, plugin: str) -> AsyncIterator[str]:
    pieces: list[str] = []
    request = TurnRequest(text=ORDINARY[Language.ENGLISH], use_cache=False)
    async for event in ion.stream(request):
        if isinstance(event, ReplyDelta):
            pieces.append(event.text)
        elif isinstance(event, ReplyDone):
            reply = event.reply
            if reply.generator != plugin:
                yield f"it gave no answer; {reply.generator} did"
                return
            if reply.finish_reason is not FinishReason.STOP:
                yield f"its answer to an ordinary message ended with {reply.finish_reason.value}"
            if "".join(pieces) != reply.content:
                yield "the pieces of its stream do not make the whole answer"
            if not reply.model:
                yield "it does not say which model answered"


async def _cache(ion: Ion, _: str) -> AsyncIterator[str]:
    cache: TurnCache | None = ion.cache
    if cache is None:
        yield "it provides no cache, although its manifest says so"
        return
    found = await cache.lookup(_KEY)
    if not isinstance(found, Miss):
        yield "a look-up in an empty cache is no miss"
        return
    await found.lease.store(_REPLY, 600)
    again = await cache.lookup(_KEY)
    if not isinstance(again, Hit) or again.reply != _REPLY:
        yield "what was stored is not found"
    other = await cache.lookup(attrs.evolve(_KEY, principal="somebody else"))
    if isinstance(other, Hit):
        yield "an answer to one caller is served to another"
    elif isinstance(other, Miss):
        await other.lease.release()
    await cache.clear()
    after = await cache.lookup(_KEY)
    if isinstance(after, Hit):
        yield "a cleared cache still serves"
    elif isinstance(after, Miss):
        await after.lease.release()


async def _store(ion: Ion, _: str) -> AsyncIterator[str]:
    if not ion.provisions.stores:
        yield "it provides no store, although its manifest says so"
    for store in ion.provisions.stores:
        await store.ping()


_PROMISES: Mapping[Kind, Callable[[Ion, str], AsyncIterator[str]]] = {
    Kind.ROUTER: _router,
    Kind.ANALYZER: _analyzer,
    Kind.GENERATOR: _generator,
    Kind.CACHE: _cache,
    Kind.STORE: _store,
}
