"""What several personas answer together."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import attrs

from ion_framework.domain.language import Language
from ion_framework.ensemble.contribution import Contribution
from ion_framework.ensemble.plan import MergeStrategy, Plan
from ion_framework.ensemble.voting import Vote
from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.reply import Reply

_PLACES = Decimal("0.000001")


@attrs.frozen(kw_only=True)
class JointReply:
    """An answer by several personas, or by one where one is enough.

    Attributes:
        content: the text.
        plan: who was to answer, and how.
        contributions: what each gave, in the order of the steps; empty where one answered alone.
        alone: the reply of the one persona that answered alone, else None.
        merged_by: how the answers became one in fact; None where only one is left to give.
        vote: how the vote went, None without one.
        synthesis: the reply in which the answers were written into one, None without.
        broken: replies that broke off: given to nobody, and spent all the same.
        language: the language of the answer.
        confidence: how sure the routing is of it, 0 to 1; see `joint_confidence`.
        degraded: why the answer is second best, empty where it is not.
        beside: tokens spent beside the replies, on votes.
    """

    content: str
    plan: Plan
    contributions: tuple[Contribution, ...] = ()
    alone: Reply | None = None
    merged_by: MergeStrategy | None = None
    vote: Vote | None = None
    synthesis: Reply | None = None
    broken: tuple[Reply, ...] = ()
    language: Language
    confidence: Decimal
    degraded: str = ""
    beside: tuple[Usage, ...] = ()

    @property
    def answered(self) -> tuple[Contribution, ...]:
        """The contributions that there are."""
        return tuple(item for item in self.contributions if item.reply is not None)

    @property
    def personas(self) -> tuple[str, ...]:
        """Names of those who answered, in the order of the steps."""
        if self.alone is not None:
            return (self.alone.persona,)
        return tuple(item.persona for item in self.answered)

    @property
    def replies(self) -> tuple[Reply, ...]:
        """Every reply that stands behind it, each with its receipt."""
        own = (self.alone, *(item.reply for item in self.contributions), self.synthesis)
        return tuple(reply for reply in own if reply is not None)


def joint_confidence(contributions: Sequence[Contribution]) -> Decimal:
    """How sure the routing is of a joint answer: 0 to 1, to six places.

    The mean of the confidences with which each part belongs to the persona that answered it, each
    by its aspect's weight. A part that nobody answered counts as 0.
    """
    total = sum((item.aspect.weight for item in contributions), Decimal(0))
    summed = sum(
        (
            item.aspect.weight * item.reply.decision.confidence
            for item in contributions
            if item.reply
        ),
        Decimal(0),
    )
    return (summed / total).quantize(_PLACES) if total else Decimal(0)
