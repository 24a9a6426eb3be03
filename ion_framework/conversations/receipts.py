"""Receipts as stores keep them: without the texts of plugins' failures, which may hold secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal

import attrs

from ion_framework.conversations.model import StoredTurn
from ion_framework.jsonable import to_json
from ion_framework.pipeline.receipt import Receipt


def kept_receipt(receipt: Receipt) -> str:
    """A receipt as JSON text: who failed, and not in what words."""
    shown = attrs.evolve(
        receipt,
        plugins=tuple(attrs.evolve(item, detail="") for item in receipt.plugins),
        attempts=tuple(attrs.evolve(item, error="") for item in receipt.attempts),
        # What follows a colon is what the cache said.
        cache=attrs.evolve(receipt.cache, reason=receipt.cache.reason.partition(":")[0]),
    )
    return to_json(shown)


def scores_of(turns: Iterable[StoredTurn]) -> tuple[dict[str, Decimal], ...]:
    """The scores of turns by their receipts, in the same order; those without any are left out."""
    found = (_scores(turn.receipt) for turn in turns)
    return tuple(scores for scores in found if scores)


def _scores(receipt: str) -> dict[str, Decimal]:
    document = json.loads(receipt, parse_float=Decimal)
    scores = document.get("scores") if isinstance(document, dict) else None
    if not isinstance(scores, dict):
        return {}
    return {name: Decimal(score) for name, score in scores.items()}
