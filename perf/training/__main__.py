"""``python -m perf.training --data DIR``: train the linear model of ion-resonance.

DIR holds the public training files ``tone_train.tsv`` and ``intent_train.tsv`` (columns text, lang,
tone or intent, source); our own messages lie in ``perf/data/mentor/training``. With the same files
the command writes the same bytes. ``--leave-one-source-out`` writes nothing: it reports how well
each public source is read by a model that has not seen it (and needs ``tone_dev.tsv`` and
``intent_dev.tsv`` beside the training files).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from ion_resonance.familiar import SOURCES
from ion_resonance.packaged import COMMON, languages
from ion_resonance.tables import lexicon_digest

from perf.training.corpus import (
    OWN,
    PUBLIC_FILES,
    CorpusError,
    digest,
    own_files,
    own_messages,
    public_messages,
    source_facts,
)
from perf.training.experts import Recipe
from perf.training.features import Table, table
from perf.training.fitting import Fit
from perf.training.model import Model, fit_model, temperatures
from perf.training.packing import Packed, pack, write
from perf.training.transfer import report

COARSER = {"familiar": 1.25}
"""Tables whose bytes are coarser than others by a factor: they only have to tell sources apart."""

WEIGHTS = Path("plugins/resonance/src/ion_resonance/weights")


def main(arguments: list[str] | None = None) -> int:
    """Train, and write the weights; returns the exit code."""
    options = _options(arguments)
    try:
        _run(options)
    except (CorpusError, OSError) as error:
        print(f"python -m perf.training: {error}", file=sys.stderr)
        return 2
    return 0


def _run(options: argparse.Namespace) -> None:
    tables = {name: _table(options, name) for name in PUBLIC_FILES}
    recipe = Recipe()
    if options.leave_one_source_out:
        print(report(options.data, tables, recipe))
        return
    model = fit_model(tables, recipe)
    packed = [pack(name, fitted, COARSER.get(name, 1.0)) for name, fitted in _named(model).items()]
    heats = temperatures(tables, recipe)
    write(options.out, packed, heats, _familiar(model), _record(options, tables))
    _summarise(options.out, packed)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m perf.training", description="Train the linear model of ion-resonance."
    )
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="folder of the public files")
    add("--own", type=Path, default=OWN, metavar="DIR", help="folder of our own messages")
    add("--out", type=Path, default=WEIGHTS, metavar="DIR", help="folder that is written to")
    add("--seed", type=int, default=0, help="for drawing from the largest groups (default: 0)")
    add(
        "--leave-one-source-out",
        action="store_true",
        help="write nothing; report how well public sources that the model has not seen are read",
    )
    return parser.parse_args(arguments)


def _table(options: argparse.Namespace, component: str) -> Table:
    public = public_messages(options.data, component, options.seed)
    return table([*own_messages(component, options.own), *public], component)


def _named(model: Model) -> dict[str, Fit]:
    """The tables of the model by the names of their files."""
    sides = {
        f"{side}-{component}": getattr(experts, side)
        for side in ("mentor", "public")
        for component, experts in model.experts.items()
    }
    return {**sides, "gate": model.gate, "familiar": model.familiar.columns}


def _familiar(model: Model) -> list[str]:
    """What is known of the familiar sources besides the table, as TOML."""
    tone = model.experts["tone"]
    lines = ["[familiar]", f"uneven = {tone.uneven.max():.4f}"]
    lines += [f"shift = {tone.shift:.4f}", "", "[familiar.small]"]
    lines += [
        f"{name} = {more:.6f}" for name, more in zip(SOURCES, model.familiar.small, strict=True)
    ]
    lines += ["", "[familiar.starts]"]
    for name, starts in zip(SOURCES, tone.starts, strict=True):
        lines += [f"{name} = [{', '.join(f'{start:.6f}' for start in starts)}]"]
    return lines


def _record(options: argparse.Namespace, tables: dict[str, Table]) -> list[str]:
    """Where the weights come from, as TOML."""
    used = {
        name: Counter(message.source for message in given.messages)
        for name, given in tables.items()
    }
    lines = ["[training]", f"seed = {options.seed}"]
    lines += [f'{name} = "{version(name)}"' for name in ("numpy", "scipy")]
    # The weights say what these cues leave open; they serve other cues, less well.
    lines += ["", "[training.lexicons]"]
    lines += [f'{name} = "{lexicon_digest(name)}"' for name in (*languages(), COMMON)]
    lines += ["", "[training.files]"]
    public = [options.data / name for name in PUBLIC_FILES.values()]
    lines += [f'"{path.name}" = "{digest(path)}"' for path in (*public, *own_files(options.own))]
    for name, facts in source_facts().items():
        lines += ["", "[[source]]", f'name = "{name}"', f'origin = "{facts.origin}"']
        lines += [f'licence = "{facts.licence}"']
        lines += [f"{component} = {counts[name]}" for component, counts in used.items()]
    return lines


def _summarise(folder: Path, packed: list[Packed]) -> None:
    for each in packed:
        print(f"{folder / each.name}.z  {len(each.compressed):7,} bytes")
    print(f"{sum(len(each.compressed) for each in packed):,} bytes in all")


if __name__ == "__main__":
    raise SystemExit(main())
