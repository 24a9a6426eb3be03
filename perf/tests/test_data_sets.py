"""Our own labelled messages: what is measured on is in nothing that is learned or written from."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from ion_framework import Intent, Tone

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "perf" / "data"
LEXICON = ROOT / "plugins" / "resonance" / "src" / "ion_resonance" / "lexicon"
MEASURED = ("development", "held-out")
RUN = 5
"""Characters of a run; two messages are as alike as the share of runs that they have in common."""

TOO_ALIKE = 0.6
REGISTERS = ("casual", "polite", "formal", "slang", "typos")


def rows(part: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a part, each with its place. Messages are never shown in a failure."""
    for file in sorted((DATA / "mentor" / part).glob("*.tsv")):
        head, *lines = file.read_text("utf-8").rstrip("\n").split("\n")
        for number, line in enumerate(lines, 2):
            cells = line.split("\t")
            yield (
                f"{file.parent.name}/{file.name}:{number}",
                dict(zip(head.split("\t"), cells, strict=True)),
            )


def plain(text: str) -> str:
    """A text without case, punctuation and doubled spaces."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def strings(value: object) -> Iterator[str]:
    """Every string in a TOML document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


def runs(texts: list[str], numbers: dict[str, int]) -> sparse.csr_matrix:
    """A row per text that marks the runs of characters that it has."""
    ends, columns = [0], []
    for text in texts:
        found = {text[at : at + RUN] for at in range(max(1, len(text) - RUN + 1))}
        columns += [numbers.setdefault(run, len(numbers)) for run in found]
        ends.append(len(columns))
    shape = (len(texts), 1 << 20)
    return sparse.csr_matrix((np.ones(len(columns), dtype=np.float32), columns, ends), shape=shape)


@pytest.mark.parametrize("part", MEASURED)
def test_no_measured_message_is_learned_from(part: str):
    """No message of the development set or of the held-out third is a training message."""
    learned = {plain(row["text"]) for _, row in rows("training")}
    found = [place for place, row in rows(part) if plain(row["text"]) in learned]

    assert not found


@pytest.mark.parametrize("part", MEASURED)
def test_no_measured_message_is_nearly_learned_from(part: str):
    """No measured message shares 60 % of its runs of five characters with a training message."""
    numbers: dict[str, int] = {}
    measured, learned = (
        runs([plain(row["text"]) for _, row in rows(name)], numbers) for name in (part, "training")
    )
    common = (measured @ learned.T).tocoo()
    sizes = measured.getnnz(1)[common.row] + learned.getnnz(1)[common.col] - common.data
    places = [place for place, _ in rows(part)]

    assert not [places[row] for row in common.row[common.data / sizes >= TOO_ALIKE]]


@pytest.mark.parametrize("part", MEASURED)
def test_no_measured_message_is_a_cue(part: str):
    """No cue of the lexicon is, or holds, a message of the development set or held-out third."""
    cues = "\n".join(
        plain(text)
        for file in sorted(LEXICON.rglob("*.toml"))
        for text in strings(tomllib.loads(file.read_text("utf-8")))
    )
    found = [place for place, row in rows(part) if plain(row["text"]) in cues]

    assert cues
    assert not found


def test_the_measured_parts_share_no_message():
    """No message stands twice in what is measured on."""
    texts = Counter(plain(row["text"]) for part in MEASURED for _, row in rows(part))

    assert 1 == max(texts.values())


@pytest.mark.parametrize("part", [*MEASURED, "training"])
def test_every_row_is_labelled(part: str):
    """Every row has a text, the language of its file, a tone, an intent, a topic and a register."""
    wrong = [
        place
        for place, row in rows(part)
        if not row["text"].strip()
        or row["lang"] != Path(place).name[:2]
        or row["tone"] not in set(Tone)
        or row["intent"] not in set(Intent)
        or not row["topic"]
        or row["register"] not in REGISTERS
    ]

    assert not wrong


def test_both_readers_agree_on_every_measured_message():
    """The second reader's labels are the writer's, on all 756 messages, as the README says."""
    measured = [row for part in MEASURED for _, row in rows(part)]
    agreed = [
        row
        for row in measured
        if (row["tone"], row["intent"]) == (row["second_tone"], row["second_intent"])
    ]

    assert (756, 756) == (len(measured), len(agreed))


def test_the_readme_counts_the_messages():
    """The README's table of files is what the files hold, by register."""
    stated = re.findall(
        r"^\| `(\S+\.tsv)` \| (.+) \|$", (DATA / "README.md").read_text(), re.MULTILINE
    )
    counts: dict[str, Counter[str]] = {}
    for part in (*MEASURED, "training"):
        for place, row in rows(part):
            counts.setdefault(place.partition(":")[0], Counter())[row["register"]] += 1

    assert {
        file: [f"{count.total():,}", *(str(count[register]) for register in REGISTERS)]
        for file, count in counts.items()
    } == {file: cells.split(" | ") for file, cells in stated}
