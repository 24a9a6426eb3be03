"""Writing the reply and its receipt from what a turn has noted."""

from __future__ import annotations

from decimal import Decimal

import attrs

from ion_framework.domain.prompt import Prompt
from ion_framework.domain.resonance import Evidence, Resonance
from ion_framework.pipeline.cache import CachedReply
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_framework.pipeline.generation import Generation
from ion_framework.pipeline.receipt import CacheOutcome, Receipt
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.trace import Trace
from ion_framework.pipeline.turn import Turn


@attrs.frozen
class Answer:
    """The text of an answer and how it came about, from a generator or from the cache."""

    content: str
    finish_reason: FinishReason
    usage: Usage
    model: str
    generator: str
    degraded: str

    @classmethod
    def generated(cls, generation: Generation, content: str, degraded: str) -> Answer:
        """The answer that a generation made."""
        finish = generation.finish
        return cls(
            content=content,
            # Without a Finish a transformation ended the stream before the generator did.
            finish_reason=finish.reason if finish else FinishReason.OTHER,
            usage=finish.usage if finish else Usage(),
            model=generation.model,
            generator=generation.plugin,
            degraded=degraded,
        )

    @classmethod
    def cached(cls, reply: CachedReply) -> Answer:
        """The answer that the cache had: a stored one, or one that another turn shared."""
        return cls(
            content=reply.content,
            finish_reason=reply.finish_reason,
            usage=reply.usage,
            model=reply.model,
            generator=reply.generator,
            degraded=reply.degraded,
        )

    def for_others(self, now: float) -> CachedReply:
        """The answer as other turns may get it.

        Args:
            now: seconds since the Unix epoch.
        """
        return CachedReply(
            content=self.content,
            usage=self.usage,
            model=self.model,
            generator=self.generator,
            created_at=now,
            finish_reason=self.finish_reason,
            degraded=self.degraded,
        )


def write_reply(
    turn: Turn, prompt: Prompt, answer: Answer, cache: CacheOutcome, trace: Trace
) -> Reply:
    """The reply with its receipt, as far as the turn has come."""
    assert turn.persona and turn.decision and turn.resonance  # noqa: S101, PT018  every answered turn has them
    decision = turn.decision
    receipt = Receipt(
        request_id=turn.request.request_id,
        key=turn.resonance.key,
        scores=decision.scores,
        margin=decision.margin,
        confidence=Decimal(decision.confidence),
        reasons=decision.reasons,
        evidence=_described(turn.text, turn.resonance),
        plugins=tuple(trace.participations),
        cache=cache,
        attempts=tuple(trace.attempts),
        finish_reason=answer.finish_reason,
        usage=answer.usage,
        stages=tuple(trace.stages),
        prompt=f"{prompt.name}@{prompt.version}",
        deadline_ms=trace.limit_s * 1000,
        spent_ms=trace.spent_ms(),
        lore=prompt.lore,
    )
    return Reply(
        content=answer.content,
        persona=turn.persona.name,
        language=prompt.language,
        resonance=turn.resonance,
        decision=decision,
        finish_reason=answer.finish_reason,
        usage=answer.usage,
        model=answer.model,
        generator=answer.generator,
        degraded=answer.degraded,
        receipt=receipt,
    )


def complete(reply: Reply, trace: Trace) -> Reply:
    """The reply with the last of its turn in its receipt: who finished it, and all times."""
    done = reply.receipt
    # Written out: every turn needs it, and attrs.evolve takes three times as long.
    receipt = Receipt(
        done.request_id,
        done.key,
        done.scores,
        done.margin,
        done.confidence,
        done.reasons,
        done.evidence,
        tuple(trace.participations),
        done.cache,
        done.attempts,
        done.finish_reason,
        done.usage,
        tuple(trace.stages),
        done.prompt,
        done.deadline_ms,
        trace.spent_ms(),
        done.lore,
    )
    return reply.with_receipt(receipt)


def _described(text: str, resonance: Resonance) -> tuple[str, ...]:
    """As `describe_evidence`, remembered for the readings that the engine remembers."""
    known = _known.get(id(resonance))
    if known is not None and known[0] is resonance and known[1] == text:
        return known[2]
    told = describe_evidence(text, resonance)
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[id(resonance)] = (resonance, text, told)
    return told


_MOST_KNOWN = 256
_known: dict[int, tuple[Resonance, str, tuple[str, ...]]] = {}
"""By the identity of the reading, which is held, too, so that no other one can take its id."""


def describe_evidence(text: str, resonance: Resonance) -> tuple[str, ...]:
    """The evidence as text for people: ``tone frustrated: "답답" (+1.50)``.

    Only what stands in the message, or names something in it, is in quotation marks.
    """
    return tuple(_describe(text, item) for item in resonance.evidence)


def _describe(text: str, item: Evidence) -> str:
    seen = text[item.start : item.end] if item.start is not None else item.cue
    shown = seen if item.kind == "measure" else f'"{seen}"'
    return f"{item.component} {item.value}: {shown} ({item.weight:+.2f})"
