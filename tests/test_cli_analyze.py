"""``ion analyze``."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile

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
    assert "[답답]" in ran.out.splitlines()[0]
    assert "frustrated-burst-problem_solving" in ran.out
    assert "runner-up" in ran.out
    assert "persona: lua" in ran.out
    assert not {"\x1b", "─", "│"} & set(ran.out)


def test_json_of_one_message_adds_what_else_is_known() -> None:
    """``--json`` has the keys of a line, and the judgements behind them."""
    document = ion("analyze", "--json", ANGRY).json()

    assert KEYS == list(document)[: len(KEYS)]
    assert "ko" == document["language"]
    assert "frustrated" == document["analysis"]["tone"]["primary"]
    assert document["confidence"] == document["routing"]["confidence"]
    for item in document["evidence"]:
        if item["start"] is not None:
            assert item["cue"] == ANGRY[item["start"] : item["end"]]


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
