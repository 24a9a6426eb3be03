"""Labelled messages beside what the analyser reads in them.

The persona that a message should get is the one that its line names, and else the one that follows
from its labelled tone and intent.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from enum import StrEnum

import attrs

from ion_framework.cli.failures import sentence
from ion_framework.domain.frozen import frozen
from ion_framework.domain.key import Intent, ResonanceKey, Tone
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingTable
from ion_framework.errors import IonError
from ion_framework.ion import Ion
from ion_framework.settings.model import Settings
from perf.analysis.analyzers import Analyzer
from perf.analysis.rows import SHOWN_CHARS, InputError, Row

ASSUMED_INTENT = Intent.LEARNING
"""The intent of both sides of a persona where a file labels none, so that only tones differ."""


class Component(StrEnum):
    """What is compared: two parts of the key, and the persona that follows from the whole."""

    TONE = "tone"
    INTENT = "intent"
    PERSONA = "persona"


@attrs.frozen
class Judgement:
    """One component of one message.

    Attributes:
        gold: as it is labelled.
        read: as the analyser reads it.
        confidence: the analyser's own, 0 to 1.
    """

    gold: str
    read: str
    confidence: float

    @property
    def right(self) -> bool:
        """Whether it is read as labelled."""
        return self.gold == self.read


@attrs.frozen
class Read:
    """One message that was read.

    Attributes:
        row: the message with its labels.
        resonance: the reading.
        judgements: each component that the row has a label for.
        spent_us: microseconds that the reading took.
    """

    row: Row
    resonance: Resonance
    judgements: Mapping[Component, Judgement] = attrs.field(converter=frozen)
    spent_us: float = 0.0


def first_party_table() -> RoutingTable:
    """The routing table of the installed first-party personas.

    Only manifests are read, with default settings: what somebody disabled changes no figure.

    Raises:
        InputError: none is installed.
    """
    table = RoutingTable(
        record.manifest.persona
        for record in Ion(Settings(), environ={}).plugins
        if record.candidate.first_party and record.manifest and record.manifest.persona
    )
    if not table.personas:
        raise InputError(
            "no first-party persona is installed; install ion-persona-lua, -elro, -riri and -nana"
        )
    return table


def read_all(rows: Sequence[Row], analyzer: Analyzer, table: RoutingTable) -> tuple[Read, ...]:
    """Read every message once, in order, and time it.

    Args:
        rows: the messages.
        analyzer: who reads them.
        table: who answers which key.

    Raises:
        InputError: the analyser could not read one.
    """
    return tuple(_read(row, analyzer, table) for row in rows)


def _read(row: Row, analyzer: Analyzer, table: RoutingTable) -> Read:
    start = time.perf_counter_ns()
    try:
        resonance = analyzer(row.text)
    except IonError as error:
        raise InputError(f"{row.file}:{row.line}: {sentence(error)}") from error
    spent = time.perf_counter_ns() - start
    if row.persona is not None and row.persona not in table.personas:
        raise InputError(
            f"{row.file}:{row.line}: column persona: {row.persona[:SHOWN_CHARS]!r} is not valid; "
            f"valid are: {', '.join(table.personas)}; leave lines of other personas out"
        )
    return Read(row, resonance, _judgements(row, resonance, table), spent / 1000)


def _judgements(row: Row, resonance: Resonance, table: RoutingTable) -> dict[Component, Judgement]:
    tone, intent = resonance.tone, resonance.intent
    made: dict[Component, Judgement] = {}
    if row.tone is not None:
        made[Component.TONE] = Judgement(row.tone.value, tone.primary.value, tone.confidence)
    if row.intent is not None:
        made[Component.INTENT] = Judgement(
            row.intent.value, intent.primary.value, intent.confidence
        )
    if row.persona is not None:
        read = table[resonance.key].primary
        made[Component.PERSONA] = Judgement(row.persona, read, resonance.confidence)
    elif row.tone is not None:
        made[Component.PERSONA] = _persona(row.tone, row.intent, resonance, table)
    return made


def _persona(
    tone: Tone, intent: Intent | None, resonance: Resonance, table: RoutingTable
) -> Judgement:
    pace, labelled = resonance.rhythm.pace, intent is not None
    gold = ResonanceKey(tone, pace, intent or ASSUMED_INTENT)
    read_intent = resonance.intent.primary if labelled else ASSUMED_INTENT
    read = ResonanceKey(resonance.tone.primary, pace, read_intent)
    confidence = resonance.confidence if labelled else resonance.tone.confidence
    return Judgement(table[gold].primary, table[read].primary, confidence)
