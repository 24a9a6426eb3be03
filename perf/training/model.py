"""The whole model: both components' experts, the gate and what is familiar, fitted and applied."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import attrs
import numpy as np
from ion_resonance.familiar import LENIENCE

from perf.training.calibration import temperature
from perf.training.corpus import Message, source_facts
from perf.training.experts import (
    FUSION,
    Experts,
    Recipe,
    distinct,
    fit_experts,
    fit_gate,
)
from perf.training.familiar import Familiar, fit_familiar, nothing_familiar
from perf.training.features import Matrix, Table
from perf.training.fitting import Fit, balance

FOLDS = 4
"""Parts that are held out in turn for the temperatures: of our own messages one hand's in each
language, of the public ones a quarter."""

Tables = Mapping[str, Table]
"""The messages of each component."""


@attrs.frozen(eq=False)
class Model:
    """A fitted model of both components."""

    experts: Mapping[str, Experts]
    gate: Fit
    familiar: Familiar

    def scores(self, component: str, given: Table) -> Matrix:
        """Cues and model together, a row per message."""
        gate = self.gate.scores(given)[:, 0]
        lenient = 1.0 / (1.0 + np.exp(-gate[:, None] - LENIENCE))
        familiar = lenient * self.familiar.shares(given)
        return self.experts[component].fused(given, gate, familiar)


def fit_model(tables: Tables, recipe: Recipe, only: str = "") -> Model:
    """Fit everything to these messages.

    Args:
        tables: the messages of each component.
        recipe: how.
        only: the component to fit; the gate and, where the component asks for it, what is familiar
            learn from all messages nevertheless.
    """
    facts = source_facts()
    own = [name for name, each in facts.items() if each.own]
    mentor = [name for name, each in facts.items() if each.mentor]
    everything = list(tables.values())
    gate = fit_gate(everything, recipe, mentor)
    wanted = [name for name in tables if only in ("", name)]
    experts = {name: fit_experts(tables[name], name, recipe, own) for name in wanted}
    asked = any(FUSION[name].familiar for name in wanted)
    familiar = fit_familiar(distinct(everything, mentor)) if asked else nothing_familiar()
    return Model(experts, gate, familiar)


def temperatures(tables: Tables, recipe: Recipe) -> dict[str, dict[str, float]]:
    """Temperature per side and component, from messages that were held out in turn."""
    held: dict[str, list[tuple[Table, Matrix]]] = {name: [] for name in tables}
    for fold in range(FOLDS):
        model = fit_model(_parts(tables, fold, held_out=False), recipe)
        for name, given in _parts(tables, fold, held_out=True).items():
            held[name].append((given, model.scores(name, given)))
    mentor = {name for name, each in source_facts().items() if each.mentor}
    return {
        side: {name: _fitted(pairs, mentor, side == "mentor") for name, pairs in held.items()}
        for side in ("mentor", "public")
    }


def _parts(tables: Tables, fold: int, *, held_out: bool) -> dict[str, Table]:
    return {
        name: given.where([(_fold(each) == fold) == held_out for each in given.messages])
        for name, given in tables.items()
    }


def _fold(message: Message) -> int:
    """A hand's messages stay together: its turns of phrase would give the labels away."""
    if message.batch:
        return (ord(message.batch[-1]) - ord("a")) % FOLDS
    return zlib.crc32(message.text.encode()) % FOLDS


def _fitted(pairs: list[tuple[Table, Matrix]], mentor: set[str], wanted: bool) -> float:
    chosen = [
        (given.take(places), scores[places])
        for given, scores in pairs
        for places in (
            np.flatnonzero([(each.source in mentor) == wanted for each in given.messages]),
        )
    ]
    messages = [message for given, _ in chosen for message in given.messages]
    labels = np.concatenate([given.labels for given, _ in chosen])
    return temperature(np.vstack([scores for _, scores in chosen]), labels, balance(messages))
