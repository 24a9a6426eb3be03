"""What redaction does to readings, by the installed analyser."""

from __future__ import annotations

from itertools import cycle

import pytest

from ion_framework.recording.redaction import redact
from tests.support.repository import ROOT

pytest.importorskip("ion_resonance", reason="ion-resonance is not installed")

PRIVATE = (
    "john.smith@gmail.com",
    "010-1234-5678",
    "900101-1234567",
    "4111 1111 1111 1111",
    "10.1.2.3",
    "sk-proj-a8Fj39dkLs02mNqPz71xTYu4",
)


def messages() -> list[str]:
    """The labelled messages to develop on, in both languages."""
    folder = ROOT / "perf" / "data" / "mentor" / "development"
    return [
        line.split("\t")[0]
        for language in ("en", "ko")
        for line in (folder / f"{language}.tsv").read_text("utf-8").splitlines()[1:]
    ]


def with_something_private() -> list[str]:
    """The same messages, with an address, a number or a key in the middle of each."""
    found = []
    for message, private in zip(messages(), cycle(PRIVATE), strict=False):
        words = message.split(" ")
        half = len(words) // 2
        found.append(" ".join((*words[:half], private, *words[half:])))
    return found


def test_messages_without_anything_private_stay():
    """In none of the labelled messages is anything taken out."""
    assert [] == [text for text in messages() if redact(text).marks]


def test_marks_change_few_readings():
    """At most one message in twenty is read otherwise with marks than with what they stand for."""
    from ion_resonance.analyzer import analyze

    texts = with_something_private()
    marked = [redact(text).text for text in texts]
    other = [
        text
        for text, mark in zip(texts, marked, strict=True)
        if analyze(text, source="").key != analyze(mark, source="").key
    ]
    languages = [
        text
        for text, mark in zip(texts, marked, strict=True)
        if analyze(text, source="").language is not analyze(mark, source="").language
    ]

    assert all(text != mark for text, mark in zip(texts, marked, strict=True))
    assert len(other) <= len(texts) / 20
    assert [] == languages
