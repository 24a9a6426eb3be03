"""``ion analyze``."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import tempfile
from pathlib import Path

import attrs

from ion_framework.cli.reading import abstained, ranked, spans
from ion_framework.domain.resonance import ABSTAINED, Evidence
from ion_framework.testing import make_resonance
from tests.test_cli_process import ION, environment, ion

ANGRY = "이거 진짜 답답해요! 왜 안 되는 거죠?"
KEYS = ["text", "resonance_key", "tone", "pace", "intent", "persona", "confidence", "evidence"]
WITHOUT_UTF8 = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def test_every_line_of_input_has_its_line_of_output() -> None:
    """``--jsonl -`` writes an object with exactly the promised keys for each message."""
    ran = ion("analyze", "--jsonl", "-", stdin=f"{ANGRY}\nCompare both plans.\r\n".encode())

    first, second = ran.objects()
    assert 0 == ran.code
    assert KEYS == list(first) == list(second)
    assert (ANGRY, "Compare both plans.") == (first["text"], second["text"])
    assert ("frustrated", "lua") == (first["tone"], first["persona"])
    assert first["resonance_key"] == "-".join((first["tone"], first["pace"], first["intent"]))


def test_lines_without_a_message_keep_their_place() -> None:
    """A blank line and one that is not UTF-8 become objects with an error; the rest goes on."""
    ran = ion("analyze", "--jsonl", "-", stdin=b"hello\n\n\xff\nworld")

    objects = ran.objects()
    assert 1 == ran.code
    assert [None, "the line is blank", "not valid UTF-8 at byte 0", None] == [
        item.get("error") for item in objects
    ]
    assert KEYS == list(objects[1])[:-1]
    assert ["hello", "", None, "world"] == [item["text"] for item in objects]


def test_output_is_utf8_in_a_locale_that_has_none() -> None:
    """Korean comes through unharmed in the C locale, from input and from arguments."""
    lines = ion("analyze", "--jsonl", "-", stdin=ANGRY.encode(), **WITHOUT_UTF8)
    argument = ion("analyze", "--json", ANGRY, **WITHOUT_UTF8)

    assert ANGRY == lines.objects()[0]["text"] == argument.json()["text"]


def test_lines_are_answered_as_they_come_in() -> None:
    """The first object is written before the second line of input exists."""
    with (
        tempfile.TemporaryDirectory() as empty,
        subprocess.Popen(
            (*ION, "analyze", "--jsonl", "-"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=empty,
            env=environment(),
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"one\n")
        process.stdin.flush()
        first = json.loads(process.stdout.readline())
        process.stdin.write(b"two\n")
        process.stdin.close()
        second = json.loads(process.stdout.readline())

    assert ("one", "two") == (first["text"], second["text"])


def test_interrupt_ends_the_wait_for_a_line() -> None:
    """One Ctrl-C is enough while the command waits for input."""
    with (
        tempfile.TemporaryDirectory() as empty,
        subprocess.Popen(
            (*ION, "analyze", "--jsonl", "-"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=empty,
            env=environment(),
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"one\n")
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)

        assert 130 == process.wait(20)
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


def test_people_see_the_key_the_runner_ups_and_the_marked_words() -> None:
    """In a pipe the passages that spoke stand in brackets, without colour or frame."""
    ran = ion("analyze", ANGRY)

    assert 0 == ran.code
    assert re.search(r"\[[^\]]*답답", ran.out.splitlines()[0])
    assert "frustrated-burst-problem_solving" in ran.out
    assert re.search(r"^tone +frustrated +[01]\.\d\d +[a-z]+ +[01]\.\d\d$", ran.out, re.MULTILINE)
    assert "runner-up" in ran.out
    assert "persona: lua" in ran.out
    assert "nothing was likely enough" not in ran.out
    assert not {"\x1b", "─", "│"} & set(ran.out)


def test_evidence_is_shown_with_its_kind() -> None:
    """Every row of evidence says whether it is a cue, a word or a measure of the whole message."""
    rows = evidence_rows(ion("analyze", ANGRY).out)

    assert {"cue", "measure"} <= {row[2] for row in rows} <= {"cue", "word", "measure"}
    assert {row[2] == "measure" for row in rows if row[-1] == "whole"} == {True}
    assert ["tone", "frustrated", "cue", "답답"] == rows[0][:4]


def test_evidence_for_what_was_chosen_comes_first() -> None:
    """Tone, pace and intent follow each other, in each the chosen value, the weightiest first."""
    rows = evidence_rows(ion("analyze", ANGRY).out)

    components = [row[0] for row in rows]
    assert sorted(components, key=["tone", "pace", "intent"].index) == components
    for component, value in (("tone", "frustrated"), ("intent", "problem_solving")):
        of_it = [row for row in rows if row[0] == component]
        chosen = [float(row[-2]) for row in of_it if row[1] == value]
        assert [value] * len(chosen) == [row[1] for row in of_it[: len(chosen)]]
        assert sorted(chosen, reverse=True) == chosen


def test_only_what_spoke_for_the_choice_is_marked() -> None:
    """Passages that spoke for another value, or against the chosen one, are not marked."""
    resonance = attrs.evolve(
        make_resonance("frustrated-burst-learning"),
        evidence=(
            Evidence("tone", "frustrated", "ab", 2.0, 0, 2),
            Evidence("tone", "frustrated", "bc", 0.3, 1, 3, kind="word"),
            Evidence("tone", "curious", "d", 3.0, 4, 5),
            Evidence("tone", "frustrated", "e", -1.0, 6, 7, kind="word"),
            Evidence("pace", "burst", "!", 1.0, 8, 9),
            Evidence("intent", "learning", "how", 1.0, 10, 13),
            Evidence("intent", "learning", "starting point", 1.0, kind="measure"),
        ),
    )

    assert [(0, 3), (8, 9), (10, 13)] == spans(resonance)


def test_evidence_is_ranked_without_the_abstention() -> None:
    """That an analyser abstained is told on its own, in the order of the components."""
    resonance = attrs.evolve(
        make_resonance("calm-burst-learning"),
        evidence=(
            Evidence("intent", "learning", "how", 0.5, 0, 3),
            Evidence("tone", "curious", "hm", 9.0, 4, 6),
            Evidence("tone", "calm", "so", -0.5, 7, 9, kind="word"),
            Evidence("intent", "learning", ABSTAINED, 0.0, kind="measure"),
            Evidence("pace", "burst", "length", 1.0, kind="measure"),
            Evidence("tone", "calm", "starting point", 0.1, kind="measure"),
            Evidence("tone", "calm", ABSTAINED, 0.0, kind="measure"),
        ),
    )

    assert ["starting point", "so", "hm", "length", "how"] == [
        item.cue for item in ranked(resonance)
    ]
    assert ["tone", "intent"] == abstained(resonance)


def test_an_abstention_is_told_in_words(tmp_path: Path) -> None:
    """Where nothing is likely enough the output says so, and what would have won is runner-up."""
    config = tmp_path / "ion.toml"
    config.write_text("[plugin.resonance]\nabstain_below = 1\n", "utf-8")

    ran = ion("analyze", ANGRY, "--config", str(config))

    assert "calm-burst-learning" in ran.out
    assert "\ntone: nothing was likely enough; calm stands in\n" in ran.out
    assert "\nintent: nothing was likely enough; learning stands in\n" in ran.out
    assert re.search(r"^tone +calm +\S+ +frustrated +\S+$", ran.out, re.MULTILINE)
    assert "abstained" not in ran.out


def test_json_of_one_message_adds_what_else_is_known() -> None:
    """``--json`` has the keys of a line, and the judgements behind them."""
    document = ion("analyze", "--json", ANGRY).json()

    assert KEYS == list(document)[: len(KEYS)]
    assert "ko" == document["language"]
    assert "frustrated" == document["analysis"]["tone"]["primary"]
    assert document["confidence"] == document["routing"]["confidence"]
    for item in document["evidence"]:
        assert item["kind"] in {"cue", "word", "measure"}
        if item["start"] is not None:
            assert item["cue"] == ANGRY[item["start"] : item["end"]]


def evidence_rows(out: str) -> list[list[str]]:
    """The rows of the table of evidence, cell by cell."""
    _, _, table = out.partition("\nevidence for ")
    return [re.split(r" {2,}", line) for line in table.splitlines()[1:]]


def test_message_is_read_where_nobody_could_answer_it() -> None:
    """Without a persona there is a key and no persona, and the reason is given."""
    personas = [f"--disable={name}" for name in ("lua", "elro", "riri", "nana")]

    document = ion("analyze", "--json", ANGRY, *personas).json()

    assert "frustrated" == document["tone"]
    assert document["persona"] is document["confidence"] is None
    assert document["problem"]


def test_message_and_lines_together_are_a_usage_error() -> None:
    """One of the two has to be given, and a blank message is none."""
    assert [2, 2, 2] == [
        ion("analyze").code,
        ion("analyze", "hello", "--jsonl", "-").code,
        ion("analyze", "  ").code,
    ]


def test_missing_analyzer_is_told_with_the_remedy() -> None:
    """Without an analyser the error says what to install."""
    ran = ion("analyze", "hello", "--disable", "resonance")

    assert 1 == ran.code
    assert "no analyser is active: install ion-resonance" in ran.err
