"""How a persona stands among others: which of the 216 resonance keys it wins, and by how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import attrs

from ion_framework.conformance.catalogue import found
from ion_framework.conformance.findings import Finding
from ion_framework.domain.key import ALL_KEYS, Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.persona import NEUTRAL, Affinities, Persona
from ion_framework.domain.routing import RoutingDecision, RoutingTable, score

SWALLOWS_FROM = Decimal("0.5")
"""Share of the keys above which a persona leaves too little to two or more others."""

SWALLOWS_ONE_FROM = Decimal("0.9")
"""The same beside a single other, of whom half is a fair share."""


@attrs.frozen
class Place:
    """One key.

    Attributes:
        key: the key.
        winner: who answers.
        rival: the best of the others.
        margin: score of the persona less that of its best rival: above 0 it wins, below 0 it
            loses, at 0 rank and name decide.
    """

    key: ResonanceKey
    winner: str
    rival: str
    margin: Decimal


@attrs.frozen
class Standing:
    """A persona among others.

    Attributes:
        persona: the persona.
        others: who it is compared with.
        places: all 216 keys, in the order of `ALL_KEYS`.
        among_installed: keys that it wins beside the personas that are installed here; None where
            there is none.
    """

    persona: str
    others: tuple[str, ...]
    places: tuple[Place, ...]
    among_installed: int | None = None

    @property
    def won(self) -> tuple[Place, ...]:
        """The keys that it wins."""
        return tuple(place for place in self.places if place.winner == self.persona)

    @property
    def lost(self) -> tuple[Place, ...]:
        """The keys that others win, the narrowest loss first."""
        lost = (place for place in self.places if place.winner != self.persona)
        return tuple(sorted(lost, key=lambda place: -place.margin))

    @property
    def share(self) -> Decimal:
        """The part of the keys that it wins, 0 to 1."""
        return Decimal(len(self.won)) / len(ALL_KEYS)

    @property
    def best(self) -> Place:
        """The key with its largest margin."""
        return max(self.places, key=lambda place: place.margin)

    def against(self) -> Mapping[str, int]:
        """How many keys each persona wins, the persona first."""
        names = (self.persona, *self.others)
        return {name: sum(place.winner == name for place in self.places) for name in names}

    def document(self) -> dict[str, object]:
        """The standing for machines: plain values."""
        return {
            "persona": self.persona,
            "others": self.others,
            "won": len(self.won),
            "share": self.share.quantize(Decimal("0.0001")),
            "winners": self.against(),
            "among_installed": self.among_installed,
            "keys": [
                {
                    "key": place.key,
                    "winner": place.winner,
                    "rival": place.rival,
                    "margin": place.margin,
                }
                for place in self.places
            ],
        }


def standing_of(
    persona: Persona, others: Sequence[Persona], here: Sequence[Persona] = ()
) -> Standing:
    """Compare a persona with others.

    Args:
        persona: the persona.
        others: the others, at least one.
        here: those that are installed beside it.
    """
    table = RoutingTable((persona, *others)).decisions()
    places = tuple(_place(persona, key, decision) for key, decision in table.items())
    among = None
    if here:
        beside = RoutingTable((persona, *here)).decisions().values()
        among = sum(decision.primary == persona.name for decision in beside)
    return Standing(persona.name, tuple(other.name for other in others), places, among)


def routing_findings(
    persona: Persona, others: Sequence[Persona], standing: Standing
) -> Iterator[Finding]:
    """What is odd about a persona's place among the others, and about its profile."""
    if _flat(persona.affinities):
        yield found("routing-neutral", _WHERE)
    yield from _odd(persona, others, standing, "routing-")


def installed_findings(persona: Persona, here: Sequence[Persona]) -> Iterator[Finding]:
    """What is odd about its place among the installed personas: notes, whoever they are.

    Args:
        persona: the persona.
        here: the others that are installed.
    """
    if here:
        yield from _odd(persona, here, standing_of(persona, here), "routing-here-")


_WHERE = "persona.affinities"


def _odd(
    persona: Persona, others: Sequence[Persona], standing: Standing, code: str
) -> Iterator[Finding]:
    for other in others:
        if _profile(other.affinities) == _profile(persona.affinities):
            yield found(f"{code}duplicate", _WHERE, other=other.name)
    names, won = ", ".join(standing.others), len(standing.won)
    limit = SWALLOWS_FROM if len(standing.others) > 1 else SWALLOWS_ONE_FROM
    if not won:
        best = standing.best
        gap = f"{-best.margin.normalize():f}"
        yield found(
            f"{code}unreachable", _WHERE, others=names, key=best.key, gap=gap, winner=best.rival
        )
    elif standing.share > limit:
        share = f"{100 * standing.share:.0f}"
        yield found(f"{code}swallows", _WHERE, won=won, share=share, others=names)


def _place(persona: Persona, key: ResonanceKey, decision: RoutingDecision) -> Place:
    rival = next(name for name in decision.scores if name != persona.name)
    margin = score(persona, key) - decision.scores[rival]
    return Place(key, decision.primary, rival, margin)


def _profile(affinities: Affinities) -> tuple[Decimal, ...]:
    """The nineteen affinities, what is not stated filled in."""
    return (
        *(affinities.tone.get(tone, NEUTRAL) for tone in Tone),
        *(affinities.pace.get(pace, NEUTRAL) for pace in Pace),
        *(affinities.intent.get(intent, NEUTRAL) for intent in Intent),
    )


def _flat(affinities: Affinities) -> bool:
    """Whether every key gets the same score."""
    parts = (
        {affinities.tone.get(tone, NEUTRAL) for tone in Tone},
        {affinities.pace.get(pace, NEUTRAL) for pace in Pace},
        {affinities.intent.get(intent, NEUTRAL) for intent in Intent},
    )
    return all(len(part) == 1 for part in parts)
