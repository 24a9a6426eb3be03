"""The aspects of a message: what in it is whose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.domain.persona import Persona
from ion_framework.domain.resonance import Resonance
from ion_framework.ensemble.claims import Claim
from ion_framework.ensemble.message_parts import MessagePart, joined

PLACES = Decimal("0.0001")
SCORE_SHARE, CLAIM_SHARE = Decimal("0.75"), Decimal("0.25")
"""What the routing score and the claim of a persona count in how well it fits a part."""

_LEAST_CONFIDENCE = 0.05
"""What a reading counts at least, so that a message of which nothing is sure has aspects, too."""


@attrs.frozen
class PartReading:
    """A part of a message, read by itself.

    Attributes:
        part: the part.
        resonance: its reading.
        fits: how well each persona fits it, 0 to 1.
        claims: what each persona finds of itself in it.
    """

    part: MessagePart
    resonance: Resonance
    fits: Mapping[str, Decimal] = attrs.field(converter=frozen)
    claims: Mapping[str, Claim] = attrs.field(factory=dict, converter=frozen)

    @property
    def loudness(self) -> Decimal:
        """How much the part counts: its length, by how sure the reading is of tone and intent."""
        sure = (self.resonance.tone.confidence + self.resonance.intent.confidence) / 2
        return (len(self.part.text) * Decimal(max(sure, _LEAST_CONFIDENCE))).quantize(PLACES)

    def best(self, personas: Sequence[Persona]) -> Persona:
        """The persona that fits best; ties go to the lower rank, then to the name."""
        return min(personas, key=lambda item: (-self.fits.get(item.name, 0), item.rank, item.name))


@attrs.frozen
class Aspect:
    """The parts of a message that one persona answers.

    Attributes:
        persona: name of the persona.
        weight: its share of what all chosen personas answer, 0 to 1.
        parts: the parts, in order.
        whole: whether it answers the whole message, as one that was asked in addition does.
        reason: why, one sentence.
    """

    persona: str
    weight: Decimal
    parts: tuple[MessagePart, ...]
    whole: bool
    reason: str

    @property
    def text(self) -> str:
        """Its parts as one text."""
        return joined(self.parts)


def fit(score: Decimal, claim: Claim) -> Decimal:
    """How well a persona fits a part, 0 to 1: 0.75 x routing score + 0.25 x claim."""
    return (SCORE_SHARE * score + CLAIM_SHARE * claim.strength).quantize(PLACES)


def leading(
    readings: Sequence[PartReading], personas: Sequence[Persona], share: float
) -> tuple[Persona, ...]:
    """The personas for whom a large enough share of the message speaks, most of it first.

    Args:
        readings: the message, part by part.
        personas: who could answer.
        share: the share that is large enough, 0 to 1.
    """
    sums = _sums(readings, personas)
    total = sum(sums.values(), Decimal(0))
    found = [p for p in personas if p.name in sums and sums[p.name] >= Decimal(share) * total]
    return tuple(sorted(found, key=lambda item: (-sums[item.name], item.rank, item.name)))


def best_fits(readings: Sequence[PartReading], personas: Sequence[Persona]) -> tuple[Persona, ...]:
    """The personas by how well they fit the message as a whole, the best first."""

    def total(persona: Persona) -> Decimal:
        return sum((r.loudness * r.fits.get(persona.name, 0) for r in readings), Decimal(0))

    return tuple(sorted(personas, key=lambda item: (-total(item), item.rank, item.name)))


def divide(readings: Sequence[PartReading], chosen: Sequence[Persona]) -> tuple[Aspect, ...]:
    """The message divided among these personas, the heaviest share first: nothing is left out.

    A persona that no part is left for answers the whole message, with the weight of how well it
    fits that, beside the parts of the others.
    """
    own = {persona.name: _own(readings, chosen, persona) for persona in chosen}
    raw = {name: sum((r.loudness for r in mine), Decimal(0)) for name, mine in own.items()}
    least = min((value for value in raw.values() if value), default=Decimal(1))
    for persona in chosen:
        if not raw[persona.name]:
            raw[persona.name] = least * _mean_fit(readings, persona)
    weights = _shares(raw)
    aspects = [
        _aspect(persona, weights[persona.name], own[persona.name], readings) for persona in chosen
    ]
    ranks = {persona.name: (persona.rank, persona.name) for persona in chosen}
    return tuple(sorted(aspects, key=lambda item: (-item.weight, ranks[item.persona])))


def _sums(readings: Sequence[PartReading], personas: Sequence[Persona]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for reading in readings:
        name = reading.best(personas).name
        sums[name] = sums.get(name, Decimal(0)) + reading.loudness
    return sums


def _own(
    readings: Sequence[PartReading], chosen: Sequence[Persona], persona: Persona
) -> list[PartReading]:
    return [reading for reading in readings if reading.best(chosen) is persona]


def _mean_fit(readings: Sequence[PartReading], persona: Persona) -> Decimal:
    fits = [reading.fits.get(persona.name, Decimal(0)) for reading in readings]
    return max(PLACES, sum(fits, Decimal(0)) / max(1, len(fits)))


def _shares(raw: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The values as shares of their sum, to four places; what rounding loses is the largest's."""
    total = sum(raw.values(), Decimal(0))
    shares = {name: (value / total).quantize(PLACES) for name, value in raw.items()}
    largest = max(raw, key=lambda name: raw[name])
    shares[largest] += 1 - sum(shares.values(), Decimal(0))
    return shares


def _aspect(
    persona: Persona, weight: Decimal, own: list[PartReading], readings: Sequence[PartReading]
) -> Aspect:
    parts = tuple(reading.part for reading in own or readings)
    return Aspect(
        persona=persona.name,
        weight=weight,
        parts=parts,
        whole=len(parts) == len(readings),
        reason=_reason(persona.name, own, readings),
    )


def _reason(name: str, own: list[PartReading], readings: Sequence[PartReading]) -> str:
    if not own:
        fits = max(reading.fits.get(name, Decimal(0)) for reading in readings)
        return f"{name} fits the message next best ({fits.normalize():f})"
    loudest = max(own, key=lambda reading: reading.loudness)
    claim = loudest.claims.get(name)
    words = f"; its own words: {', '.join(claim.words[:_SHOWN])}" if claim and claim.words else ""
    return (
        f"{name} fits {len(own)} of {len(readings)} parts, the loudest with "
        f"{loudest.fits[name].normalize():f} ({loudest.resonance.key}{words})"
    )


_SHOWN = 5
