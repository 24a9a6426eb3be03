"""Writes a fitted model into the files that ion-resonance ships."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs
import numpy as np

from perf.training.features import Matrix
from perf.training.fitting import Fit

STEPS_PER_DEVIATION = 4.0
"""Units of a byte per standard deviation of the weights. Finer steps change no reading that we
could find; coarser ones shrink the files, because zlib then meets the same bytes more often."""


@attrs.frozen
class Packed:
    """One table of the model as bytes.

    Attributes:
        name: ``mentor-tone`` and so on; the file is ``<name>.z``.
        scale: what a unit of a byte is worth.
        biases: a constant per column.
        compressed: the columns one after the other, signed bytes, by zlib.
        digest: SHA-256 of the compressed bytes.
    """

    name: str
    scale: float
    biases: tuple[float, ...]
    compressed: bytes
    digest: str


def pack(name: str, fitted: Fit, coarser: float = 1.0) -> Packed:
    """Round the weights to bytes, each column around its own zero.

    Args:
        name: name of the table.
        fitted: its weights and biases.
        coarser: how many times larger a step is than `STEPS_PER_DEVIATION` says.
    """
    scale = coarser * float(fitted.weights.std()) / STEPS_PER_DEVIATION or 1.0
    steps = np.clip(np.rint(fitted.weights / scale), -127, 127).astype(np.int8)
    compressed = zlib.compress(np.ascontiguousarray(steps.T).tobytes(), 9)
    biases = tuple(round(float(bias), 6) for bias in fitted.biases)
    return Packed(name, scale, biases, compressed, hashlib.sha256(compressed).hexdigest())


def unpacked(packed: Packed, rows: int) -> Fit:
    """What the analyser will compute with, for evaluation after rounding."""
    raw = np.frombuffer(zlib.decompress(packed.compressed), dtype=np.int8)
    weights: Matrix = raw.reshape(-1, rows).T.astype(np.float64) * packed.scale
    return Fit(weights, np.asarray(packed.biases))


def write(
    folder: Path,
    tables: Iterable[Packed],
    temperatures: Mapping[str, Mapping[str, float]],
    familiar: Sequence[str],
    record: Sequence[str],
) -> None:
    """Write the tables and their description.

    Args:
        folder: where to.
        tables: the tables.
        temperatures: per side and component.
        familiar: lines of TOML about the familiar sources.
        record: lines of TOML about where the weights come from.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Written by `python -m perf.training`; do not edit. LICENSES.md says what may be done",
        "# with each file.",
        "",
    ]
    for each in tables:
        (folder / f"{each.name}.z").write_bytes(each.compressed)
        lines += _described(each)
    for side, heats in temperatures.items():
        lines += [f"[temperatures.{side}]"]
        lines += [f"{component} = {heat:.4f}" for component, heat in heats.items()]
        lines += [""]
    text = "\n".join([*lines, *familiar, "", *record])
    (folder / "model.toml").write_text(text.rstrip() + "\n", encoding="utf-8")


def _described(packed: Packed) -> list[str]:
    return [
        f"[tables.{packed.name}]",
        f"scale = {packed.scale!r}",
        f"biases = {json.dumps(packed.biases)}",
        f'sha256 = "{packed.digest}"',
        "",
    ]
