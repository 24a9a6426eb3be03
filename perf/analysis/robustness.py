"""How often another way to write a message changes what is read in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

import attrs

from ion_framework.domain.language import Language
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingTable
from perf.analysis.analyzers import Analyzer
from perf.analysis.parts import ALL
from perf.analysis.readings import Read
from perf.analysis.variants import Kind, variants

ANY = "any"

PROMISE = 0.10
"""The largest share of variants whose persona may change."""


@attrs.frozen
class Changed:
    """What became of one variant.

    Attributes:
        message: number of the message that it is a variant of.
        language: language of the message.
        kind: what was changed in it.
        persona: whether another persona would answer.
        tone: whether another tone is read.
        intent: whether another intent is read.
    """

    message: int
    language: Language
    kind: Kind
    persona: bool
    tone: bool
    intent: bool


@attrs.frozen
class Robustness:
    """How steady the readings are.

    Attributes:
        part: ``all`` or a language.
        kind: what was changed; ``all`` for every kind together; ``any`` counts messages, each as
            changed when at least one of its variants is.
        variants: number of variants, one per message and kind whose rule applies; of messages in
            ``any``.
        persona: share of them with another persona, 0 to 1; at most 0.10 of ``all`` is promised.
        tone: share of them with another tone, 0 to 1.
        intent: share of them with another intent, 0 to 1.
    """

    part: str
    kind: str
    variants: int
    persona: float
    tone: float
    intent: float


def changes(
    reads: Sequence[Read], analyzer: Analyzer, table: RoutingTable, seed: int
) -> tuple[Changed, ...]:
    """Read every variant of every message.

    The persona is that of the whole key as read, whatever the file labels: it is what a user of
    ION would see change.

    Args:
        reads: the messages with their first readings.
        analyzer: who reads the variants.
        table: who answers which key.
        seed: see `variants`.
    """
    return tuple(
        _changed(number, read, kind, analyzer(text), table)
        for number, read in enumerate(reads)
        for kind, text in variants(read.row.text, read.row.lang, seed).items()
    )


def summarize(changed: Sequence[Changed]) -> tuple[Robustness, ...]:
    """The shares per language and kind, all together first.

    Args:
        changed: the variants.
    """
    return tuple(_summaries(changed))


def _summaries(changed: Sequence[Changed]) -> Iterator[Robustness]:
    parts = {ALL: list(changed)}
    for language in sorted({one.language for one in changed}):
        parts[language.value] = [one for one in changed if one.language is language]
    for name, part in parts.items():
        if part:
            yield _summary(name, ALL, part)
            yield _summary(name, ANY, _by_message(part))
        for kind in Kind:
            chosen = [one for one in part if one.kind is kind]
            if chosen:
                yield _summary(name, kind.value, chosen)


def _by_message(part: Sequence[Changed]) -> list[Changed]:
    messages: dict[int, Changed] = {}
    for one in part:
        known = messages.get(one.message, one)
        messages[one.message] = attrs.evolve(
            known,
            persona=known.persona or one.persona,
            tone=known.tone or one.tone,
            intent=known.intent or one.intent,
        )
    return list(messages.values())


def _summary(part: str, kind: str, chosen: Sequence[Changed]) -> Robustness:
    return Robustness(
        part=part,
        kind=kind,
        variants=len(chosen),
        persona=fmean(one.persona for one in chosen),
        tone=fmean(one.tone for one in chosen),
        intent=fmean(one.intent for one in chosen),
    )


def _changed(
    number: int, read: Read, kind: Kind, varied: Resonance, table: RoutingTable
) -> Changed:
    before, after = read.resonance.key, varied.key
    return Changed(
        message=number,
        language=read.row.lang,
        kind=kind,
        persona=table[before].primary != table[after].primary,
        tone=before.tone is not after.tone,
        intent=before.intent is not after.intent,
    )
