"""Training as people run it, on a small corpus of its own."""

import os
import subprocess
import sys
import tomllib
import zlib
from pathlib import Path

import numpy as np
import pytest
from ion_resonance.familiar import SOURCES, Style, in_small_letters
from ion_resonance.grams import BUCKETS
from ion_resonance.model import COLUMNS, VALUES, LinearModel, assembled
from ion_resonance.voice import voice_of

from ion_framework import Intent, Tone
from perf.training.corpus import Message, digest
from perf.training.experts import Experts
from perf.training.familiar import Familiar
from perf.training.features import table
from perf.training.model import Model
from perf.training.packing import Packed, unpacked

ROOT = Path(__file__).resolve().parents[2]

THINGS = ("meadow", "harbour", "lantern", "orchard", "window", "kettle")
MARKS = ("azure", "bronze", "copper", "dusty", "ebony", "frosty", "golden", "hollow", "indigo")
"""A made-up word for each label, so that there is something to learn and no cue to find."""


def rows(values: list[str], source: str) -> list[str]:
    """Rows of one source, a few for each value, with a made-up word that gives it away."""
    return [
        f"{source} {thing} {MARKS[place]} {MARKS[place]}{thing}\ten\t{value}"
        for place, value in enumerate(values)
        for thing in THINGS
    ]


def write(folder: Path, name: str, head: str, lines: list[str]) -> None:
    """Write one file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join((head, *lines, "")), "utf-8")


def write_corpus(folder: Path) -> None:
    """Write public files, development files and our own files."""
    tones, intents = list(map(str, Tone)), list(map(str, Intent))
    for component, values in (("tone", tones), ("intent", intents)):
        lines = [f"{row}\t{name}" for name in ("kote", "clinc150") for row in rows(values, name)]
        head = f"text\tlang\t{component}\tsource"
        write(folder / "public", f"{component}_train.tsv", head, lines)
        write(folder / "public", f"{component}_dev.tsv", head, lines[::5])
    for name in ("en-mentor-a", "en-mentor-b", "en-everyday-d"):
        both = [
            f"{row}\t{intents[number % len(intents)]}"
            for number, row in enumerate(rows(tones, name))
        ]
        write(folder / "own", f"{name}.tsv", "text\tlang\ttone\tintent", both)


def run(*arguments: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "perf.training", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )


def train(folder: Path, out: str, *arguments: str, hash_seed: str = "0"):
    """Run the command on the corpus in a folder."""
    places = ["--data", str(folder / "public"), "--own", str(folder / "own")]
    return run(*places, "--out", str(folder / out), *arguments, hash_seed=hash_seed)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the corpus and what training on it wrote to ``weights``."""
    folder = tmp_path_factory.mktemp("training")
    write_corpus(folder)
    done = train(folder, "weights")
    assert (0, "") == (done.returncode, done.stderr)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder by name."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def loaded(folder: Path) -> tuple[dict, LinearModel]:
    """The description in a folder of weights, and the analyser's model of them."""
    described = tomllib.loads((folder / "model.toml").read_text("utf-8"))
    columns = {name: zlib.decompress((folder / f"{name}.z").read_bytes()) for name in COLUMNS}
    return described, assembled(described, columns)


def test_training_twice_writes_the_same_files(trained: Path):
    """Two processes write the same bytes from the same files, also where strings hash otherwise."""
    assert 0 == train(trained, "again", hash_seed="1").returncode

    first, second = contents(trained / "weights"), contents(trained / "again")
    assert {"model.toml", *(f"{name}.z" for name in COLUMNS)} == set(first)
    assert first == second


def test_the_record_names_files_and_sources(trained: Path):
    """The description holds the digest of every file and the messages used of every source."""
    described, _ = loaded(trained / "weights")
    files = [*(trained / "public").glob("*_train.tsv"), *(trained / "own").iterdir()]
    used = {source["name"]: (source["tone"], source["intent"]) for source in described["source"]}

    assert {file.name: digest(file) for file in files} == described["training"]["files"]
    assert {"kote": (54, 36), "mentor": (108, 108), "everyday": (54, 54)}.items() <= used.items()
    assert all(source["origin"] and source["licence"] for source in described["source"])


def test_the_analyser_computes_what_was_trained(trained: Path):
    """The written weights, read by the analyser, give the scores of the training's own model."""
    described, model = loaded(trained / "weights")
    fits = {
        name: unpacked(
            Packed(
                name,
                stated["scale"],
                tuple(stated["biases"]),
                (trained / "weights" / f"{name}.z").read_bytes(),
                stated["sha256"],
            ),
            BUCKETS,
        )
        for name, stated in described["tables"].items()
    }
    known = described["familiar"]
    starts = np.asarray([known["starts"][name] for name in SOURCES])
    uneven = known["uneven"] * np.asarray([value == "calm" for value in VALUES["tone"]])
    experts = {
        "tone": Experts(fits["mentor-tone"], fits["public-tone"], starts, uneven, known["shift"]),
        "intent": Experts(fits["mentor-intent"], fits["public-intent"]),
    }
    small = np.asarray([known["small"][name] for name in SOURCES])
    whole = Model(experts, fits["gate"], Familiar(fits["familiar"], small))

    for text in (
        "An azure meadow, and a golden kettle!",
        "kote lantern dusty dustylantern",
        "",
        "네",
    ):
        for component, values in VALUES.items():
            given = table([Message(text, "en", values[0], "mentor")], component)
            surface = voice_of(text)
            style = Style(in_small_letters(surface), not given.uneven[0])
            reading = model.read(surface.text, style)
            expected = whole.scores(component, given)[0] - given.cues[0]
            assert reading.scores(component) == pytest.approx(list(expected), abs=1e-9)


def test_what_was_to_be_learned_is_learned(trained: Path):
    """The trained model tells the labels by the words that mark them, in sentences it never saw."""
    _, model = loaded(trained / "weights")
    guesses = [
        int(np.argmax(model.read(voice_of(f"kote {mark} {mark}window").text).scores("tone")))
        for mark in MARKS
    ]

    assert list(range(len(Tone))) == guesses


def test_leaving_a_source_out_writes_nothing(trained: Path):
    """--leave-one-source-out prints macro-F1 per component and language, and writes no weights."""
    done = train(trained, "unwritten", "--leave-one-source-out")

    cells = [line.split(" | ") for line in done.stdout.splitlines()[2:]]
    assert [["| tone", "en", "22"], ["| intent", "en", "15"]] == [row[:3] for row in cells]
    assert (0, "") == (done.returncode, done.stderr)
    assert not (trained / "unwritten").exists()


def test_an_unusable_corpus_exits_with_2(tmp_path: Path):
    """A bad row or a missing file is one message, exit code 2, and nothing is written."""
    write_corpus(tmp_path)
    bad = tmp_path / "own" / "en-mentor-c.tsv"
    write(tmp_path / "own", bad.name, "text\tlang\ttone\tintent", ["Fine.\ten\tgood\tlearning"])
    bad_row = train(tmp_path, "weights")
    bad.unlink()
    (tmp_path / "public" / "intent_train.tsv").unlink()
    missing = train(tmp_path, "weights")

    assert [(2, ""), (2, "")] == [(done.returncode, done.stdout) for done in (bad_row, missing)]
    assert "en-mentor-c.tsv:2: " in bad_row.stderr
    assert "intent_train.tsv" in missing.stderr
    assert [1, 1] == [len(done.stderr.splitlines()) for done in (bad_row, missing)]
    assert not (tmp_path / "weights").exists()


def test_the_folder_of_the_public_files_has_to_be_given():
    """Without --data the command exits with 2 and says so, and no traceback."""
    done = run()

    assert (2, "") == (done.returncode, done.stdout)
    assert "--data" in done.stderr
    assert "Traceback" not in done.stderr
