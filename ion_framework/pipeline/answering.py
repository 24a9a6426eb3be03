"""Making the answer of a turn, and telling the cache what came of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import attrs

from ion_framework.clock import Clock
from ion_framework.domain.hints import REFUSALS
from ion_framework.domain.persona import Persona
from ion_framework.domain.prompt import Prompt
from ion_framework.errors import HookError, NoAnswerError, TurnError, TurnRefusedError
from ion_framework.pipeline.cache import CachedRefusal, Lease, Miss, Settled, Stale
from ion_framework.pipeline.chunks import FinishReason, TextChunk
from ion_framework.pipeline.generation import RETRY_AFTER_S, Generation
from ion_framework.pipeline.parts import Parts
from ion_framework.pipeline.receipt import CacheOutcome, CacheStatus
from ion_framework.pipeline.replay import pieces
from ion_framework.pipeline.reply import ReplyDelta
from ion_framework.pipeline.reply_writing import Answer
from ion_framework.pipeline.storing import why_not_stored
from ion_framework.pipeline.trace import Trace
from ion_framework.pipeline.turn import Turn

SAFETY = "safety"
"""Code of a turn that the model declined."""


@attrs.frozen
class Slot:
    """What the cache has for a turn.

    Attributes:
        digest: digest of the key, empty where none was made.
        found: what was found under it, None where the turn goes on without the cache.
        bypass: why it does.
        degraded: why what was found is second best, empty where it is not.
    """

    digest: str = ""
    found: Settled | None = None
    bypass: str = ""
    degraded: str = ""


@attrs.frozen
class Order:
    """An answer to be made.

    Attributes:
        turn: the turn, with its persona.
        prompt: the prompt.
        slot: what the cache has for it: a `Miss`, or nothing to do with it.
    """

    turn: Turn
    prompt: Prompt
    slot: Slot


class Answering:
    """One answer in the making.

    Attributes:
        answer: the answer, None before its end.
        outcome: what the cache did, None before the end.

    Args:
        parts: what there is to work with.
        clock: the clock.
        trace: the turn's notes.
        order: what is to be made.
    """

    def __init__(self, parts: Parts, clock: Clock, trace: Trace, order: Order) -> None:
        self.answer: Answer | None = None
        self.outcome: CacheOutcome | None = None
        self._parts = parts
        self._clock = clock
        self._trace = trace
        self._turn = order.turn
        self._prompt = order.prompt
        self._slot = order.slot
        self._generation = self._begin()

    async def deltas(self) -> AsyncGenerator[ReplyDelta, None]:
        """The answer piece by piece; afterwards `answer` and `outcome` are there.

        Raises:
            TurnError: there is no answer.
        """
        sent = ""
        try:
            async with aclosing(self._generated()) as deltas:
                async for delta in deltas:
                    sent += delta.text
                    yield delta
            self.answer = self._complete(sent)
            self.outcome = await self._keep(self.answer)
        except TurnError as error:
            await self._tell_refusal(error)
            spare = self._spare(error)
            if spare is None:
                raise
            self._serve(spare)
            for piece in pieces(spare.reply.content):
                yield ReplyDelta(piece)
        finally:
            # A lease that was used ignores this; one that was not must not keep others waiting.
            if self._lease is not None and self._parts.cache is not None:
                await self._parts.cache.release(self._lease, self._trace)

    @property
    def _lease(self) -> Lease | None:
        return self._slot.found.lease if isinstance(self._slot.found, Miss) else None

    def _begin(self) -> Generation:
        hooks = self._parts.hooks
        if isinstance(self._slot.found, Miss) and self._slot.found.spare is not None:
            # An answer of the preferred generator, even an old one, goes before a stand-in's.
            return hooks.generation(self._trace, hooks.of("ion_generate")[:1])
        return hooks.generation(self._trace)

    async def _generated(self) -> AsyncGenerator[ReplyDelta, None]:
        with self._trace.stage("generate"):
            source = self._generation.chunks({"turn": self._turn, "prompt": self._prompt})
            chunks = self._parts.hooks.transform_stream(self._turn, source, self._trace)
            async with aclosing(chunks):
                async for chunk in chunks:
                    if isinstance(chunk, TextChunk):
                        began_ms = self._trace.now_ms()
                        try:
                            yield ReplyDelta(chunk.text)
                        finally:
                            self._trace.held_since(began_ms)

    def _complete(self, content: str) -> Answer:
        generation = self._generation
        finish = generation.finish
        if not content.strip():
            if finish is not None and finish.reason is FinishReason.SAFETY:
                raise TurnRefusedError(
                    generation.plugin,
                    SAFETY,
                    refusal_text(self._turn.persona, self._prompt),
                    # The preferred model might answer what its stand-in declines.
                    repeatable=finish.repeatable and self._by_preferred,
                )
            raise NoAnswerError(
                "generate",
                "nothing was left of the answer after its transformation",
                RETRY_AFTER_S,
            )
        own = finish.degraded if finish is not None else ""
        degraded = "; ".join(filter(None, (*generation.failures, own, self._parts.degraded)))
        return Answer.generated(generation, content, degraded)

    @property
    def _by_preferred(self) -> bool:
        finish = self._generation.finish
        return self._generation.by_preferred and not (finish and finish.degraded)

    async def _keep(self, answer: Answer) -> CacheOutcome:
        cache, lease, digest = self._parts.cache, self._lease, self._slot.digest
        if cache is None or lease is None:
            return CacheOutcome(CacheStatus.BYPASS, digest, reason=self._slot.bypass)
        reply = answer.for_others(self._clock.time())
        refused = why_not_stored(answer, self._generation, self._trace)
        if refused:
            await cache.share(lease, reply, self._trace)
            return CacheOutcome(CacheStatus.MISS, digest, reason=refused)
        persona = self._turn.persona
        assert persona is not None  # noqa: S101  the turn has one by now
        try:
            await cache.store(lease, reply, persona.cache.ttl_s, self._trace)
        except HookError as error:
            reason = f"the cache failed: {error.reason}"
            return CacheOutcome(CacheStatus.MISS, digest, reason=reason)
        return CacheOutcome(CacheStatus.MISS, digest, stored=True)

    async def _tell_refusal(self, error: TurnError) -> None:
        cache, lease = self._parts.cache, self._lease
        if cache is None or lease is None:
            return
        if self._trace.shortened and isinstance(error, NoAnswerError) and error.late:
            # Its caller had too little time, which is no news for those who have more.
            await cache.release(lease, self._trace)
            return
        refusal = refusal_of(error)
        if self._spare(error) is not None:
            # Remembered, it would be served in place of the old answer.
            refusal = attrs.evolve(refusal, repeatable=False)
        await cache.refuse(lease, refusal, self._trace)

    def _spare(self, error: TurnError) -> Stale | None:
        """The old answer that is served in place of a failure, None where there is none."""
        failed = isinstance(error, NoAnswerError) and self._generation.failures
        found = self._slot.found
        return found.spare if failed and isinstance(found, Miss) else None

    def _serve(self, spare: Stale) -> None:
        degraded = "; ".join(self._generation.failures)
        self.answer = attrs.evolve(Answer.cached(spare.reply), degraded=degraded)
        self.outcome = CacheOutcome(
            CacheStatus.STALE,
            self._slot.digest,
            spare.age_s,
            reason="no generator could make a new answer",
        )


def refusal_text(persona: Persona | None, prompt: Prompt) -> str:
    """What a persona says where its model declined: its own words, or the framework's."""
    own = persona.voice.refusal.get(prompt.language, ()) if persona else ()
    return own[0] if own else REFUSALS[prompt.language]


def refusal_of(error: TurnError) -> CachedRefusal:
    """Why there is no answer, as other turns that ask the same may get it."""
    if isinstance(error, TurnRefusedError):
        return CachedRefusal(error.guard, error.code, str(error), repeatable=error.repeatable)
    if isinstance(error, NoAnswerError):
        return CachedRefusal(
            error.stage, error.code, str(error), error.retry_after_s, error.repeatable
        )
    return CachedRefusal("turn", error.code, str(error))


def error_of(refusal: CachedRefusal) -> TurnError:
    """The error that another turn's refusal is to this one."""
    if refusal.code == NoAnswerError.code:
        return NoAnswerError(
            refusal.source,
            refusal.message,
            refusal.retry_after_s,
            repeatable=refusal.repeatable,
        )
    return TurnRefusedError(
        refusal.source, refusal.code, refusal.message, repeatable=refusal.repeatable
    )
