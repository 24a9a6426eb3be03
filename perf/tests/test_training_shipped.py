"""The weights that ion-resonance ships agree with their record and with this repository."""

import hashlib
import tomllib
from pathlib import Path

import pytest
from ion_resonance.model import COLUMNS, model, provenance

from perf.analysis.analyzers import resonance_training_sources
from perf.training.__main__ import WEIGHTS
from perf.training.corpus import PUBLIC_FILES, digest, own_files, source_facts

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / WEIGHTS
LARGEST = 300 * 1024
"""Bytes that the tables may have together: they are in every installation."""

AGAIN = "run python -m perf.training --data DIR"


def described() -> dict:
    """The record beside the weights."""
    return tomllib.loads((FOLDER / "model.toml").read_text("utf-8"))


def test_the_tables_are_those_of_the_record():
    """Every table that the analyser reads is in the record with its digest, and no other is."""
    found = {
        file.stem: hashlib.sha256(file.read_bytes()).hexdigest() for file in FOLDER.glob("*.z")
    }

    assert set(COLUMNS) == set(found)
    assert {name: stated["sha256"] for name, stated in described()["tables"].items()} == found
    assert model().read("fine").scores("tone")


def test_the_tables_are_small():
    """The tables together have 300 KB at most."""
    assert sum(file.stat().st_size for file in FOLDER.glob("*.z")) <= LARGEST


def test_every_source_is_stated_alike():
    """Names, origins and licences of the sources are those of sources.toml, and none is empty."""
    stated = {source.name: (source.origin, source.licence) for source in provenance()}

    assert {
        name: (facts.origin, facts.licence) for name, facts in source_facts().items()
    } == stated, AGAIN
    assert all(origin and licence for origin, licence in stated.values())
    assert all(source.tone + source.intent > 0 for source in provenance())


def test_the_evaluation_knows_the_sources():
    """Rows of exactly the sources that the weights were trained on count as seen."""
    assert resonance_training_sources() == source_facts().keys()


def test_every_source_is_attributed():
    """LICENSES.md names every table, and every source in a row with its origin and licence."""
    text = (FOLDER / "LICENSES.md").read_text("utf-8")
    rows = {line.split("|")[1].strip(" `"): line for line in text.splitlines() if "|" in line}

    assert not [name for name in COLUMNS if f"`{name}.z`" not in text]
    for source in provenance():
        assert source.origin in rows[source.name]
        assert source.licence in rows[source.name]


def test_the_weights_were_trained_on_our_messages_as_they_are():
    """The digests of our own training files in the record are those of the files here."""
    recorded = dict(described()["training"]["files"])
    public = [recorded.pop(name) for name in PUBLIC_FILES.values()]
    ours = {path.name: digest(path) for path in own_files()}
    differing = sorted(
        name for name in recorded.keys() | ours.keys() if recorded.get(name) != ours.get(name)
    )

    assert not differing, f"changed since the weights were trained: {differing}; {AGAIN}"
    assert all(public)


@pytest.mark.parametrize("side", ["mentor", "public"])
def test_temperatures_are_within_their_limits(side: str):
    """No temperature stands at a limit of the search, where it would not be a minimum."""
    assert all(0.31 < heat < 4.9 for heat in described()["temperatures"][side].values())
