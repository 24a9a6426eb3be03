"""Who holds a conversation: thin margins hand nothing over, lasting or clear ones do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ion_framework.domain.handover import Holding, Thresholds, held
from ion_framework.domain.routing import RoutingDecision

STANDARD = Thresholds(Decimal("0.50"), Decimal("0.15"), Decimal("0.5"))


def decision(**scores: str) -> RoutingDecision:
    """What a router decides by these scores."""
    ranked = sorted(scores.items(), key=lambda item: -Decimal(item[1]))
    return RoutingDecision(
        primary=ranked[0][0],
        secondary=ranked[1][0],
        confidence=Decimal("0.7"),
        scores={name: Decimal(score) for name, score in ranked},
        reasons=("by the scores",),
    )


def past(**scores: str) -> dict[str, Decimal]:
    """The scores of an earlier message."""
    return {name: Decimal(score) for name, score in scores.items()}


def test_a_first_message_is_decided_by_its_scores():
    """Nobody holds a conversation before its first answer."""
    found = decision(lua="0.9", elro="0.4")
    assert held(found, None, STANDARD) is found


def test_a_thin_margin_hands_nothing_over():
    """A persona that is ahead by little does not take over, and the reason says so."""
    found = held(decision(riri="0.84", elro="0.80"), Holding("elro"), STANDARD)
    assert (found.primary, found.secondary) == ("elro", "riri")
    assert found.reasons[-1].startswith(
        "elro keeps the conversation: riri is ahead by 0.04, hand-over needs 0.5 at once, or 0.15"
    )
    assert found.confidence == Decimal("0.3") * Decimal("-0.04") + Decimal("0.7") * Decimal("0.80")


def test_a_clear_lead_hands_over_at_once():
    """One message is enough where the lead is as large as the settings ask."""
    found = held(decision(lua="0.9", elro="0.4"), Holding("elro"), STANDARD)
    assert found.primary == "lua"
    assert "takes the conversation over from elro: ahead by 0.5" in found.reasons[-1]


def test_a_lead_that_lasts_hands_over():
    """A middling lead in two messages in a row is enough, one after the opposite is not."""
    ahead = past(elro="0.9", lua="0.6")
    found = decision(elro="0.9", lua="0.6")
    assert held(found, Holding("lua", (ahead,)), STANDARD).primary == "elro"
    behind = past(elro="0.5", lua="0.9")
    assert held(found, Holding("lua", (behind,)), STANDARD).primary == "lua"


def test_moods_in_turns_hand_nothing_over():
    """However often two moods alternate, the one who holds the conversation keeps it."""
    earlier: tuple[dict[str, Decimal], ...] = ()
    for number in range(20):
        scores = {"elro": "0.95", "lua": "0.5"} if number % 2 else {"lua": "0.9", "elro": "0.5"}
        found = held(decision(**scores), Holding("lua", earlier[-4:]), STANDARD)
        assert found.primary == "lua"
        earlier = (*earlier, past(**scores))


@pytest.mark.parametrize("holder", ["gone", ""])
def test_a_persona_without_a_score_holds_nothing(holder):
    """A persona that is no longer installed keeps no conversation."""
    found = decision(lua="0.9", elro="0.8")
    assert held(found, Holding(holder), STANDARD) is found


def test_the_mean_is_exact():
    """Decimals decide at the threshold itself: a mean lead of exactly 0.15 hands over."""
    found = decision(elro="0.80", lua="0.65")
    earlier = (past(elro="0.80", lua="0.65"),)
    assert held(found, Holding("lua", earlier), STANDARD).primary == "elro"
    less = (past(elro="0.79999", lua="0.65"),)
    assert held(found, Holding("lua", less), STANDARD).primary == "lua"
