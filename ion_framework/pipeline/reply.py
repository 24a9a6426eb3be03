"""What a turn gives back, whole or as a stream of events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.domain.language import Language
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingDecision
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_framework.pipeline.receipt import Receipt


@attrs.frozen
class Reply:
    """A complete answer.

    Attributes:
        content: the text.
        persona: name of the persona that answered.
        language: language of the answer.
        resonance: the reading of the message.
        decision: the routing decision.
        finish_reason: why the generation ended.
        usage: tokens spent; those of the original generation on a cache hit.
        model: the model that answered, as it names itself.
        generator: name of the plugin that generated.
        degraded: why the answer is second best (a preferred generator failed), empty otherwise.
        metadata: what ``ion_finish`` added: JSON values.
        receipt: the full reason why.
    """

    content: str
    persona: str
    language: Language
    resonance: Resonance
    decision: RoutingDecision
    finish_reason: FinishReason
    usage: Usage
    model: str
    generator: str
    degraded: str
    receipt: Receipt
    metadata: Mapping[str, object] = attrs.field(factory=dict, converter=frozen)

    def with_metadata(self, added: Mapping[str, object]) -> Reply:
        """The same reply with more metadata: what ``ion_finish`` returns.

        Args:
            added: JSON values by name; one of a name that is there already takes its place. What
                is added to many replies is best made once as `FrozenJson`.
        """
        return self._but(self.receipt, {**self.metadata, **added})

    def with_receipt(self, receipt: Receipt) -> Reply:
        """The same reply with another receipt."""
        return self._but(receipt, self.metadata)

    def _but(self, receipt: Receipt, metadata: Mapping[str, object]) -> Reply:
        # Written out: every turn needs it, and attrs.evolve takes three times as long.
        return Reply(
            self.content,
            self.persona,
            self.language,
            self.resonance,
            self.decision,
            self.finish_reason,
            self.usage,
            self.model,
            self.generator,
            self.degraded,
            receipt,
            metadata,
        )


@attrs.frozen
class ReplyStarted:
    """The first event of a stream: who will answer, before any text.

    Attributes:
        request_id: the turn.
        persona: the persona that answers.
        resonance: the reading of the message.
        decision: the routing decision.
    """

    request_id: str
    persona: str
    resonance: Resonance
    decision: RoutingDecision


@attrs.frozen
class ReplyDelta:
    """A piece of the answer."""

    text: str


@attrs.frozen
class ReplyDone:
    """The last event of a stream: the whole reply with its receipt."""

    reply: Reply


ReplyEvent: TypeAlias = ReplyStarted | ReplyDelta | ReplyDone
