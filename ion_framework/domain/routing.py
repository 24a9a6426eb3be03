"""Resonance routing: which persona a key belongs to, in exact decimals.

    score(p)   = 0.5 x tone affinity + 0.3 x pace affinity + 0.2 x intent affinity
    confidence = clamp(0.3 x (first - second) + 0.7 x first, 0, 1)

Ties go to the lower rank, then to the name. Decimals make a tie a tie: with binary floats three
of the 216 keys of the four first personas would be decided by rounding noise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.domain.key import ALL_KEYS, ResonanceKey
from ion_framework.domain.persona import Persona
from ion_framework.errors import UnknownPersonaError

TONE_WEIGHT = Decimal("0.5")
PACE_WEIGHT = Decimal("0.3")
INTENT_WEIGHT = Decimal("0.2")
MARGIN_WEIGHT = Decimal("0.3")
SCORE_WEIGHT = Decimal("0.7")

_ZERO, _ONE = Decimal(0), Decimal(1)


def score(persona: Persona, key: ResonanceKey) -> Decimal:
    """How well a persona fits a key: 0 to 1, exact."""
    tone, pace, intent = persona.affinities.of(key)
    return TONE_WEIGHT * tone + PACE_WEIGHT * pace + INTENT_WEIGHT * intent


def confidence(first: Decimal, second: Decimal) -> Decimal:
    """How sure a decision is, 0 to 1, from the two best scores (second is 0 without a rival)."""
    return min(_ONE, max(_ZERO, MARGIN_WEIGHT * (first - second) + SCORE_WEIGHT * first))


@attrs.frozen
class RoutingDecision:
    """Which persona answers, and why.

    Attributes:
        primary: name of the persona that answers.
        secondary: name of the runner-up, None with a single persona.
        confidence: 0 to 1.
        scores: every persona's score, best first.
        reasons: one sentence each.
        router: name of the plugin that decided.
        forced: the caller asked for the persona, whatever the scores say.
    """

    primary: str
    secondary: str | None
    confidence: Decimal
    scores: Mapping[str, Decimal] = attrs.field(converter=frozen)
    reasons: tuple[str, ...] = ()
    router: str = ""
    forced: bool = False

    @cached_property
    def margin(self) -> Decimal:
        """Score of the primary less score of the secondary (negative where it was forced)."""
        if self.secondary is None:
            return self.scores.get(self.primary, _ZERO)
        return self.scores.get(self.primary, _ZERO) - self.scores.get(self.secondary, _ZERO)


def decide(key: ResonanceKey, personas: Iterable[Persona]) -> RoutingDecision:
    """Score every persona for a key and decide.

    Raises:
        UnknownPersonaError: there is no persona at all.
    """
    ranked = sorted(
        ((score(persona, key), persona) for persona in personas),
        key=lambda pair: (-pair[0], pair[1].rank, pair[1].name),
    )
    if not ranked:
        raise UnknownPersonaError("any", ())
    first_score, first = ranked[0]
    second_score, second = ranked[1] if len(ranked) > 1 else (_ZERO, None)
    return RoutingDecision(
        primary=first.name,
        secondary=second.name if second else None,
        confidence=confidence(first_score, second_score),
        scores={persona.name: value for value, persona in ranked},
        reasons=_reasons(key, first, first_score, second, second_score),
    )


def _reasons(
    key: ResonanceKey,
    first: Persona,
    first_score: Decimal,
    second: Persona | None,
    second_score: Decimal,
) -> tuple[str, ...]:
    tone, pace, intent = first.affinities.of(key)
    reasons = [
        f"{first.name} scores {first_score.normalize():f} for {key}: tone {key.tone.value} {tone}, "
        f"pace {key.pace.value} {pace}, intent {key.intent.value} {intent}"
    ]
    if second is None:
        reasons.append("there is no other persona")
    elif first_score == second_score:
        by_rank = f"rank {first.rank} goes before rank {second.rank}"
        by_name = "of equal rank, so the name decides"
        tie = by_name if first.rank == second.rank else by_rank
        reasons.append(f"equal to {second.name}; {tie}")
    else:
        margin = (first_score - second_score).normalize()
        reasons.append(f"{margin:f} ahead of {second.name} ({second_score.normalize():f})")
    return tuple(reasons)


class RoutingTable:
    """The decisions for all 216 keys, computed once and looked up per turn."""

    def __init__(self, personas: Iterable[Persona]) -> None:
        known = tuple(personas)
        self.personas: tuple[str, ...] = tuple(persona.name for persona in known)
        self._decisions = {key: decide(key, known) for key in ALL_KEYS} if known else {}

    def __getitem__(self, key: ResonanceKey) -> RoutingDecision:
        try:
            return self._decisions[key]
        except KeyError:
            raise UnknownPersonaError("any", ()) from None

    def decisions(self) -> Mapping[ResonanceKey, RoutingDecision]:
        """All 216 decisions in the order of `ALL_KEYS`; empty without a persona."""
        return dict(self._decisions)
