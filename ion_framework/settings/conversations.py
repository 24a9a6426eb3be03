"""Settings of conversations: how long they live, what a prompt carries of them, who holds them."""

from __future__ import annotations

from decimal import Decimal

import attrs

from ion_framework.settings.checks import seconds

_RANGE = attrs.validators
_SHARE = (_RANGE.ge(Decimal(0)), _RANGE.le(Decimal(1)))


@attrs.frozen
class HandoverSettings:
    """When a conversation passes from one persona to another; scores are 0 to 1.

    `ion_framework.domain.handover` has the formula.

    Attributes:
        clear_lead: lead in the scores of one message that is enough by itself, 0 to 1; 1 turns
            it off.
        mean_lead: mean lead that is enough where the other persona led in the message before as
            well, 0 to 1.
        weight: how much the latest message counts in the mean, above 0 and up to 1.
    """

    clear_lead: Decimal = attrs.field(default=Decimal("0.50"), validator=_SHARE)
    mean_lead: Decimal = attrs.field(default=Decimal("0.15"), validator=_SHARE)
    weight: Decimal = attrs.field(
        default=Decimal("0.5"), validator=[_RANGE.gt(Decimal(0)), _RANGE.le(Decimal(1))]
    )


@attrs.frozen
class ConversationSettings:
    """Conversations.

    Attributes:
        ttl_hours: hours without a turn after which one expires, 1 to 720, unless its beginner
            says otherwise.
        keep_hours: hours for which an expired one is kept before it is deleted, 0 to 8760.
        turns: turns of one conversation at most, 1 to 10000.
        context_turns: latest turns that a prompt carries word for word at most, 0 to 50.
        context_tokens: tokens of those turns at most, as ``conversations/tokens.py`` estimates
            them, 0 to 100000.
        lease_s: seconds for which a turn may be silent before another process may make it anew;
            the process that makes it renews its right three times within that time.
        wait_s: seconds for which a turn waits for the one before it, or for itself.
        sweep_s: seconds between two searches for what has expired.
        model_summary: whether the language model writes the running summary of a long one.
        handover: when another persona takes over.
    """

    ttl_hours: int = attrs.field(default=24, validator=[_RANGE.ge(1), _RANGE.le(720)])
    keep_hours: int = attrs.field(default=24, validator=[_RANGE.ge(0), _RANGE.le(8760)])
    turns: int = attrs.field(default=200, validator=[_RANGE.ge(1), _RANGE.le(10_000)])
    context_turns: int = attrs.field(default=5, validator=[_RANGE.ge(0), _RANGE.le(50)])
    context_tokens: int = attrs.field(default=3000, validator=[_RANGE.ge(0), _RANGE.le(100_000)])
    lease_s: float = attrs.field(default=15.0, validator=seconds)
    wait_s: float = attrs.field(default=5.0, validator=seconds)
    sweep_s: float = attrs.field(default=300.0, validator=seconds)
    model_summary: bool = True
    handover: HandoverSettings = attrs.field(factory=HandoverSettings)
