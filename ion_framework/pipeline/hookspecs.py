"""The map of the system: every hook, in the order in which a turn meets them.

A turn runs::

    ion_guard            may this be answered?                       guard
    ion_gather_context   what else is known?                         transform
    ion_analyze          how does the message read?                  decide -> Resonance
    ion_route            which persona fits?                         decide -> RoutingDecision
    ion_build_prompt     what is the model told?                     decide -> Prompt
    ion_render_prompt    last changes to the prompt                  transform
    (the cache is asked: a stored answer is sent as it is)
    ion_generate         the answer, as a stream                     decide -> async iterator
    ion_transform_stream the only place where text changes           transform
    ion_finish           last changes to the reply's metadata        transform
    (the cache stores what was sent, if it was complete)
    ion_observe          who wants to know?                          observe

and around all turns stand ``ion_provide_…``, ``ion_startup``, ``ion_shutdown`` and, for requests
to a host, ``ion_guard_request``, for its alerts ``ion_notify``: they are in
`ion_framework.pipeline.outer_hookspecs`.

A plugin implements a hook by a method of the same name, marked with `ion_framework.hookimpl`,
plain or ``async`` (where the hook says so), that takes any of the hook's arguments by name.
`ion_framework.pipeline.markers.Family` says what each family does with results and failures.
Every value is frozen; ``attrs.evolve`` makes a changed copy.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from ion_framework.domain.persona import Persona
from ion_framework.domain.prompt import Prompt
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingDecision
from ion_framework.manifest.model import Kind
from ion_framework.pipeline.analysis import Following
from ion_framework.pipeline.chunks import ChunkStream
from ion_framework.pipeline.events import Event
from ion_framework.pipeline.markers import Family, HookRules, hookspec
from ion_framework.pipeline.outer_hookspecs import (
    ion_guard_request,
    ion_notify,
    ion_provide_cache,
    ion_provide_personas,
    ion_provide_routes,
    ion_provide_secrets,
    ion_provide_store,
    ion_shutdown,
    ion_startup,
)
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import Turn, TurnContext
from ion_framework.pipeline.verdict import Refusal

__all__ = [
    "ion_analyze",
    "ion_build_prompt",
    "ion_finish",
    "ion_gather_context",
    "ion_generate",
    "ion_guard",
    "ion_guard_request",
    "ion_notify",
    "ion_observe",
    "ion_provide_cache",
    "ion_provide_personas",
    "ion_provide_routes",
    "ion_provide_secrets",
    "ion_provide_store",
    "ion_render_prompt",
    "ion_route",
    "ion_shutdown",
    "ion_startup",
    "ion_transform_stream",
]


@hookspec(HookRules(Family.GUARD, (Refusal,), kinds=(Kind.GUARD,)))
async def ion_guard(turn: Turn) -> Refusal | None:
    """Say whether a turn may be answered.

    Args:
        turn: the request; nothing is known of it yet.

    Returns:
        None to agree, a `Refusal` to refuse. One refusal is enough.

    A guard that raises, hangs or returns something else refuses the turn, with the code
    ``guard_failed``. One that cannot be activated is not asked at all: name a guard without which
    nothing may be answered in ``plugins.required``, and the start stops where it is missing.

    Example::

        class Example:
            @hookimpl
            def ion_guard(self, turn):
                if "open sesame" in turn.text:
                    return Refusal("magic_words", "Doors stay closed here.")
    """


@hookspec(HookRules(Family.TRANSFORM, (TurnContext,), kinds=(Kind.EXTENSION, Kind.STORE)))
async def ion_gather_context(turn: Turn) -> TurnContext | None:
    """Add to what is known: history, a running summary, retrieved passages.

    Args:
        turn: the request, with the context gathered so far.

    Returns:
        the new context (made with ``attrs.evolve``), or None to leave it as it is.

    What comes back is bounded by ``context`` in the settings; the oldest messages and the last
    passages go first. An implementation that fails is skipped, and the receipt says so.

    Example::

        class Example:
            @hookimpl
            async def ion_gather_context(self, turn):
                return attrs.evolve(turn.context, notes=("It is Friday.",))
    """


@hookspec(HookRules(Family.DECIDE, (Resonance,), kinds=(Kind.ANALYZER,)))
async def ion_analyze(turn: Turn, following: Following) -> Resonance | None:
    """Read a message's resonance: tone, pace, intent, and the evidence for them.

    Args:
        turn: the request and its context.
        following: gives the reading of the analysers after this one: ``await following()``.

    Returns:
        the reading, or None to leave it to the next analyser.

    The reading has to follow from the text alone: it is memoised by text, unless an analyser passed
    or failed. Not called where the caller names the key. A failure falls through to the next.

    Example::

        class Example:
            @hookimpl
            def ion_analyze(self, turn):
                key = ResonanceKey(Tone.CALM, Pace.MEDIUM, Intent.LEARNING)
                return Resonance.given(key, detect_language(turn.text))
    """


@hookspec(HookRules(Family.DECIDE, (RoutingDecision,), kinds=(Kind.ROUTER,)))
async def ion_route(turn: Turn, personas: tuple[Persona, ...]) -> RoutingDecision | None:
    """Decide which persona answers.

    Args:
        turn: the turn, with its resonance.
        personas: every active persona, by rank, then by name.

    Returns:
        the decision, or None to leave it to the next router.

    A failure falls through to the next router; a decision for an inactive persona is one.

    Example::

        class Example:
            @hookimpl
            def ion_route(self, turn, personas):
                return decide(turn.resonance.key, personas)
    """


@hookspec(HookRules(Family.DECIDE, (Prompt,), kinds=(Kind.EXTENSION,), persona=True))
async def ion_build_prompt(turn: Turn, persona: Persona) -> Prompt | None:
    """Build what the generator is told; a failure falls through to the next implementation.

    Args:
        turn: the turn, with resonance and decision.
        persona: the persona that answers.

    Returns:
        the prompt, or None to leave it to the next. A persona's own implementation goes first,
        the standard prompt of its manifest comes last.

    Example::

        class Example:
            @hookimpl
            def ion_build_prompt(self, turn, persona):
                return Prompt(name="terse", version="1", system="Answer in one word.",
                              history=(), user=turn.text, language=turn.resonance.language)
    """


@hookspec(HookRules(Family.TRANSFORM, (Prompt,), kinds=(Kind.EXTENSION,), persona=True))
async def ion_render_prompt(turn: Turn, prompt: Prompt) -> Prompt | None:
    r"""Make last changes to a prompt.

    Args:
        turn: the turn, with resonance, decision and persona.
        prompt: the prompt so far.

    Returns:
        the new prompt (made with ``attrs.evolve``), or None to leave it as it is.

    One that fails is skipped, and the receipt says so. What it changes is part of the cache key.

    Example::

        class Example:
            @hookimpl
            def ion_render_prompt(self, prompt):
                return attrs.evolve(prompt, system=prompt.system + "\nNever use emoji.")
    """


@hookspec(HookRules(Family.DECIDE, (AsyncIterator,), kinds=(Kind.GENERATOR,)))
async def ion_generate(turn: Turn, prompt: Prompt) -> ChunkStream | None:
    """Generate the answer as a stream of `TextChunk`, ended by one `Finish`.

    Args:
        turn: the turn; without a persona where a plugin asks. ``speak_by`` is when to begin by.
        prompt: what to answer, and as whom.

    Returns:
        an async iterator (usually by being an async generator), or None to leave it to the next.

    One deadline stands over all generators. A generator that fails (`GenerationError` tells why)
    before its first piece of text falls through to the next, and the reply is marked as degraded;
    later the answer ends as ``truncated``. A stream without a `Finish` was cut off. The attribute
    ``model`` of the plugin object is read once, at activation, and is part of the cache key; where
    answers depend on more (an address), ``cache_identity: str`` says it all, and is in its place.

    Example::

        class Example:
            model = "parrot-1"

            @hookimpl
            async def ion_generate(self, prompt):
                yield TextChunk("You said: ")
                yield TextChunk(prompt.user)
                yield Finish()
    """


@hookspec(
    HookRules(Family.TRANSFORM, (AsyncIterator,), kinds=(Kind.EXTENSION, Kind.GUARD), persona=True)
)
async def ion_transform_stream(turn: Turn, chunks: ChunkStream) -> ChunkStream | None:
    """Change the text of an answer while it streams: the only place where text changes.

    Args:
        turn: the turn, with resonance, decision and persona.
        chunks: the stream so far.

    Returns:
        the new stream (usually by being an async generator), or None to leave it as it is.

    The persona comes first, then what ``order`` lists, then extensions, then guards. One that
    fails, or takes longer than ``turn.next_token_s`` for a piece (waiting for ``chunks`` does not
    count), is skipped: what it had taken in since its last piece of text is passed on unchanged.
    A guard that fails ends the answer. Not called for an answer from the cache.

    Example::

        class Example:
            @hookimpl
            async def ion_transform_stream(self, chunks):
                async for chunk in chunks:
                    if isinstance(chunk, TextChunk):
                        chunk = TextChunk(chunk.text.replace("utilise", "use"))
                    yield chunk
    """


@hookspec(HookRules(Family.TRANSFORM, (Reply,), kinds=(Kind.EXTENSION, Kind.MONITOR), persona=True))
async def ion_finish(reply: Reply, turn: Turn) -> Reply | None:
    """Add to the metadata of a complete reply.

    Args:
        reply: the reply as it will be sent.
        turn: what it answers, with its decision and persona.

    Returns:
        the reply with more metadata, as `Reply.with_metadata` makes it, or None to leave it as it
        is. Any other change, and metadata that is no JSON object, counts as a failure.

    An implementation that fails is skipped, and the receipt says so.

    Example::

        class Example:
            @hookimpl
            def ion_finish(self, reply):
                words = len(reply.content.split())
                return reply.with_metadata({"words": words})
    """


@hookspec(HookRules(Family.OBSERVE, kinds=(Kind.MONITOR, Kind.EXTENSION, Kind.STORE)))
async def ion_observe(event: Event) -> None:
    """Be told what happened, after it happened.

    Args:
        event: one of the classes in `ion_framework.pipeline.events`.

    Never awaited by a turn: events wait in a queue of 1,000 per plugin, and what does not fit is
    dropped and counted. An observer that fails 5 times within 60 seconds is QUARANTINED for 60.

    Example::

        class Example:
            @hookimpl
            async def ion_observe(self, event):
                if isinstance(event, TurnCompleted):
                    print(event.reply.persona, event.duration_s)
    """
