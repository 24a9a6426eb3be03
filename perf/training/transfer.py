"""How well a source is read by a model that has not seen it.

The score that counts for a reader of strangers' messages: within a source a model learns the
source's habits, and they say nothing about the next one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from perf.analysis.measures import headline
from perf.training.corpus import LABELS, development_messages
from perf.training.experts import Recipe
from perf.training.features import Matrix, Table, table
from perf.training.model import Tables, fit_model

TWINS = ({"goemotions", "goemotions-ko-mt"},)
"""Sources that hold the same messages in two languages are left out together."""


def report(data: Path, tables: Tables, recipe: Recipe) -> str:
    """A Markdown table: macro-F1 per language of cues, of the model, and of it without the source.

    Args:
        data: folder of the public files, with ``tone_dev.tsv`` and ``intent_dev.tsv``.
        tables: all training messages.
        recipe: how the model is fitted.
    """
    lines = [
        "| component | language | messages | cues alone | source seen | source left out |",
        "|---|---|---|---|---|---|",
    ]
    whole = fit_model(tables, recipe)
    for component in tables:
        given = table(development_messages(data, component), component)
        systems = (
            given.cues,
            whole.scores(component, given),
            _left_out(component, given, tables, recipe),
        )
        for language in sorted({each.language for each in given.messages}):
            rows = np.flatnonzero([each.language == language for each in given.messages])
            figures = [f"{macro_f1(component, given, scores, rows):.3f}" for scores in systems]
            lines.append(f"| {component} | {language} | {len(rows)} | {' | '.join(figures)} |")
    return "\n".join(lines)


def macro_f1(component: str, given: Table, scores: Matrix, rows: Iterable[int]) -> float:
    """Macro-F1 of the highest scores over some of the messages."""
    names = LABELS[component]
    guesses = scores.argmax(axis=1)
    cells = Counter((names[given.labels[row]], names[guesses[row]]) for row in rows)
    return headline(cells).macro_f1


def _left_out(component: str, given: Table, tables: Tables, recipe: Recipe) -> Matrix:
    """Scores of every message by a model that has not seen its source."""
    scores = given.cues.copy()
    for source in sorted({each.source for each in given.messages}):
        family = next((twins for twins in TWINS if source in twins), {source})
        kept = {
            name: each.where([message.source not in family for message in each.messages])
            for name, each in tables.items()
        }
        rows = np.flatnonzero([each.source == source for each in given.messages])
        scores[rows] = fit_model(kept, recipe, component).scores(component, given.take(rows))
    return scores
