"""The reading: rhythm and language as they were measured, tone and intent as the model judged."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import attrs

from ion_framework import Evidence, IntentReading, Resonance, ToneReading
from ion_llm_analyzer.answer import IntentJudgement, Judgement, ToneJudgement

MOST_QUOTES = 5
"""Quotes that count for one component; what stands in the message beyond them is dropped."""


def reading(measured: Resonance, judged: Judgement, text: str, source: str) -> Resonance:
    """Put both together.

    Args:
        measured: the reading of the analyser that measures.
        judged: what the model says.
        text: the message.
        source: name of the plugin, noted in the reading.
    """
    found = [
        *(item for item in measured.evidence if item.component == "pace"),
        *_evidence("tone", judged.tone, text),
        *_evidence("intent", judged.intent, text),
    ]
    return attrs.evolve(
        measured,
        tone=ToneReading(judged.tone.label, judged.tone.confidence),
        intent=IntentReading(judged.intent.label, judged.intent.confidence),
        evidence=tuple(sorted(found, key=_position)),
        source=source,
    )


def _evidence(
    component: str, judged: ToneJudgement | IntentJudgement, text: str
) -> Iterator[Evidence]:
    """The first quotes that really stand in the message, each where it stands first."""
    found = (quote for quote in dict.fromkeys(judged.quotes) if quote.strip() and quote in text)
    for quote in islice(found, MOST_QUOTES):
        start = text.index(quote)
        yield Evidence(
            component, judged.label.value, quote, judged.confidence, start, start + len(quote)
        )


def _position(item: Evidence) -> tuple[bool, int, int]:
    """Sort key: by position, measures of the whole message last."""
    return item.start is None, item.start or 0, item.end or 0
