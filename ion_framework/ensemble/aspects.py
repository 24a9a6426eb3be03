"""The aspects of a message: what in it is whose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.domain.key import Tone
from ion_framework.domain.persona import Persona
from ion_framework.domain.resonance import Resonance
from ion_framework.ensemble.claims import Claim
from ion_framework.ensemble.message_parts import MessagePart, joined

PLACES = Decimal("0.0001")
SCORE_SHARE, CLAIM_SHARE = Decimal("0.75"), Decimal("0.25")
"""What the routing score and the claim of a persona count in how well it fits a part."""

_FEELINGS = frozenset({Tone.FRUSTRATED, Tone.ANXIOUS})
_FEELING = Decimal("1.5")
"""What a part counts more in which somebody is not well: such things are said in few words."""

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
        """How much the part counts: its length, by how sure the reading is of tone and intent.

        One and a half times that where the tone is frustrated or anxious.
        """
        sure = (self.resonance.tone.confidence + self.resonance.intent.confidence) / 2
        feeling = _FEELING if self.resonance.key.tone in _FEELINGS else 1
        loud = len(self.part.text) * Decimal(max(sure, _LEAST_CONFIDENCE)) * feeling
        return loud.quantize(PLACES)

    def best(self, personas: Sequence[Persona]) -> Persona:
        """The persona that fits best; ties go to the lower rank, then to the name."""
        return min(personas, key=lambda item: (-self.fits.get(item.name, 0), item.rank, item.name))


@attrs.frozen
class Aspect:
    """The parts of a message that one persona answers.

    Attributes:
        persona: name of the persona.
        weight: its share of what all chosen personas answer, 0 to 1; what it answers in place
            of others does not raise it.
        parts: the parts, in order.
        whole: whether it answers the whole message, as one that was asked in addition does.
        reason: why, one sentence.
        taken_over: of the parts those that fit a persona best that does not answer.
    """

    persona: str
    weight: Decimal
    parts: tuple[MessagePart, ...]
    whole: bool
    reason: str
    taken_over: tuple[MessagePart, ...] = ()

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
    found = shares(readings, personas)
    enough = [p for p in personas if found.get(p.name, Decimal(-1)) >= Decimal(share)]
    return tuple(sorted(enough, key=lambda item: (-found[item.name], item.rank, item.name)))


def shares(readings: Sequence[PartReading], personas: Sequence[Persona]) -> dict[str, Decimal]:
    """For each persona that fits a part best, what share of the message does, 0 to 1."""
    sums: dict[str, Decimal] = {}
    for reading in readings:
        name = reading.best(personas).name
        sums[name] = sums.get(name, Decimal(0)) + reading.loudness
    total = sum(sums.values(), Decimal(0))
    return {name: value / total for name, value in sums.items()}


def best_fits(readings: Sequence[PartReading], personas: Sequence[Persona]) -> tuple[Persona, ...]:
    """The personas by how well they fit the message as a whole, the best first."""

    def total(persona: Persona) -> Decimal:
        return sum((r.loudness * r.fits.get(persona.name, 0) for r in readings), Decimal(0))

    return tuple(sorted(personas, key=lambda item: (-total(item), item.rank, item.name)))


def divide(
    readings: Sequence[PartReading], chosen: Sequence[Persona], known: Sequence[Persona]
) -> tuple[Aspect, ...]:
    """The message divided among these personas, the heaviest share first: nothing is left out.

    A part that fits somebody best who is not chosen goes to whom of them it fits best, and weighs
    nothing there. A persona that no part is left for answers the whole message, with the weight of
    how well it fits that, beside the parts of the others.

    Args:
        readings: the message, part by part.
        chosen: who answers.
        known: everybody who could answer.
    """
    shared = {persona.name: _share_of(persona, readings, chosen, known) for persona in chosen}
    raw = {name: sum((r.loudness for r in mine.own), Decimal(0)) for name, mine in shared.items()}
    least = min((value for value in raw.values() if value), default=Decimal(1))
    for persona in chosen:
        if not raw[persona.name]:
            raw[persona.name] = least * _mean_fit(readings, persona)
    weights = _shares(raw)
    aspects = [_aspect(shared[name], weights[name], readings) for name in shared]
    ranks = {persona.name: (persona.rank, persona.name) for persona in chosen}
    return tuple(sorted(aspects, key=lambda item: (-item.weight, ranks[item.persona])))


@attrs.frozen
class _Share:
    """What falls to one persona: its own parts, and those of others by the names of these."""

    persona: str
    own: tuple[PartReading, ...]
    others: tuple[tuple[PartReading, str], ...]


def _share_of(
    persona: Persona,
    readings: Sequence[PartReading],
    chosen: Sequence[Persona],
    known: Sequence[Persona],
) -> _Share:
    names = {item.name for item in chosen}
    own, others = [], []
    for reading in readings:
        best = reading.best(known).name
        if best == persona.name:
            own.append(reading)
        elif best not in names and reading.best(chosen) is persona:
            others.append((reading, best))
    return _Share(persona.name, tuple(own), tuple(others))


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


def _aspect(share: _Share, weight: Decimal, readings: Sequence[PartReading]) -> Aspect:
    taken = {reading.part: name for reading, name in share.others}
    mine = {reading.part for reading in share.own} | taken.keys()
    parts = tuple(reading.part for reading in readings if reading.part in mine or not mine)
    return Aspect(
        persona=share.persona,
        weight=weight,
        parts=parts,
        whole=len(parts) == len(readings),
        reason=_reason(share, readings),
        taken_over=tuple(part for part in parts if part in taken),
    )


def _reason(share: _Share, readings: Sequence[PartReading]) -> str:
    name, own = share.persona, share.own
    if own:
        loudest = max(own, key=lambda reading: reading.loudness)
        claim = loudest.claims.get(name)
        words = claim.words[:_SHOWN] if claim else ()
        said = f"; its own words: {', '.join(words)}" if words else ""
        reason = (
            f"{name} fits {len(own)} of {len(readings)} parts, the loudest with "
            f"{loudest.fits[name].normalize():f} ({loudest.resonance.key}{said})"
        )
    else:
        fits = max(reading.fits.get(name, Decimal(0)) for reading in readings)
        reason = f"{name} fits the message next best ({fits.normalize():f})"
    if not share.others:
        return reason
    whose = " and ".join(dict.fromkeys(other for _, other in share.others))
    return f"{reason}; in place of {whose} it answers {_parts_of(len(share.others))} more"


def _parts_of(count: int) -> str:
    return "1 part" if count == 1 else f"{count} parts"


_SHOWN = 5
