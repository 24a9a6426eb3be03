"""A message read and routed, without being answered."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ion_framework.domain.resonance import ABSTAINED, Evidence, Resonance
from ion_framework.domain.routing import RoutingDecision
from ion_framework.errors import NoAnswerError
from ion_framework.ion import Ion


@attrs.frozen
class Reading:
    """What is known of a message before anybody answers it.

    Attributes:
        text: the message.
        resonance: its reading.
        decision: which persona it goes to, None where nobody decides.
        problem: why there is no decision, empty otherwise.
    """

    text: str
    resonance: Resonance
    decision: RoutingDecision | None
    problem: str = ""


async def read(ion: Ion, text: str) -> Reading:
    """Read a message and route it.

    Raises:
        NoAnswerError: no analyser could read it.
    """
    resonance = await ion.analyze(text)
    try:
        return Reading(text, resonance, await ion.route(text, resonance))
    except NoAnswerError as error:
        return Reading(text, resonance, None, str(error))


def line_of(reading: Reading) -> dict[str, object]:
    """The object that ``ion analyze --jsonl`` writes for a message."""
    key, decision = reading.resonance.key, reading.decision
    return {
        "text": reading.text,
        "resonance_key": key,
        "tone": key.tone,
        "pace": key.pace,
        "intent": key.intent,
        "persona": decision.primary if decision else None,
        "confidence": decision.confidence if decision else None,
        "evidence": reading.resonance.evidence,
    }


def failed_line(text: str | None, error: str) -> dict[str, object]:
    """The object for a line that could not be read: the same keys, empty, and ``error``."""
    keys = ("resonance_key", "tone", "pace", "intent", "persona", "confidence")
    return {"text": text, **dict.fromkeys(keys), "evidence": [], "error": error}


def document_of(reading: Reading) -> dict[str, object]:
    """The object that ``ion analyze --json`` writes: that of a line, and everything else known."""
    resonance, decision = reading.resonance, reading.decision
    return {
        **line_of(reading),
        "language": resonance.language,
        "analysis": {
            "source": resonance.source,
            "confidence": resonance.confidence,
            "tone": resonance.tone,
            "intent": resonance.intent,
            "rhythm": resonance.rhythm,
        },
        "routing": decision,
        **({"problem": reading.problem} if reading.problem else {}),
    }


def chosen(resonance: Resonance) -> Mapping[str, str]:
    """What was chosen for each component of the key."""
    key = resonance.key
    return {"tone": key.tone.value, "pace": key.pace.value, "intent": key.intent.value}


def ranked(resonance: Resonance) -> list[Evidence]:
    """The evidence by component; first what concerns the value chosen, the weightiest first.

    That an analyser abstained is none: see `abstained`.
    """
    made = chosen(resonance)
    order = list(made)
    return sorted(
        (item for item in resonance.evidence if not _is_abstention(item)),
        key=lambda item: (
            order.index(item.component),
            item.value != made[item.component],
            -item.weight,
        ),
    )


def abstained(resonance: Resonance) -> list[str]:
    """The components for which nothing was likely enough."""
    found = {item.component for item in resonance.evidence if _is_abstention(item)}
    return [component for component in chosen(resonance) if component in found]


def _is_abstention(item: Evidence) -> bool:
    return item.kind == "measure" and item.cue == ABSTAINED


def spans(resonance: Resonance) -> list[tuple[int, int]]:
    """The passages of the message that spoke for what was chosen, joined where they overlap."""
    made = chosen(resonance)
    found = sorted(
        (item.start, item.end)
        for item in resonance.evidence
        if item.weight > 0 and item.value == made[item.component]
        if item.start is not None and item.end is not None and item.start < item.end
    )
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
