"""Evidence indexes the message, adds up, and no text at all makes the analyser fail."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ion_resonance.analyzer import analyze
from ion_resonance.cues import search, totals, without
from ion_resonance.familiar import Style, in_small_letters
from ion_resonance.model import VALUES, model
from ion_resonance.surface import MASK
from ion_resonance.voice import voice_of

from ion_framework import Intent, Language, Pace, Resonance, Tone
from ion_framework.domain.resonance import ABSTAINED

PIECES = st.sampled_from(
    (
        "답답해요", "Frustrated", "URGENT", "급해", "ㅋㅋㅋ", "ㅠㅠ", "!!!", "?", "😂", "let's",
        "don’t get it", "안  돼", "할까 봐", "explain", "맞나요", "error", "not", "않아요", "지 않",
        "`code`", "'", '"', "```", "…", "12 ms", "합시다", "plan", "돌이켜", "\n", " ", "  ", "é",
        "\u0301", "가", "Straße", "İ", "\ufeff", "Hi,", "감사합니다", "thanks!", "멘토님,",
    )
)  # fmt: skip
untimed = settings(deadline=None)  # the first message waits for lexicons and model
MESSAGES = st.lists(PIECES, max_size=14).map(" ".join)
ANY = st.one_of(
    st.text(max_size=200),
    MESSAGES,
    MESSAGES.map(lambda text: unicodedata.normalize("NFD", text)),
)


def judgements(reading: Resonance):
    """Tone and intent of a reading by their component."""
    return (("tone", reading.tone), ("intent", reading.intent))


@untimed
@given(ANY)
def test_any_text_has_a_reading_and_always_the_same(text):
    """No text fails, confidences are shares, and reading it again gives an equal reading."""
    reading = analyze(text, source="r")

    assert reading == analyze(text, source="r")
    for _, made in judgements(reading):
        assert 0.0 <= made.confidence <= 1.0
        assert 0.0 <= made.secondary_confidence <= 1.0
        assert made.primary != made.secondary


@untimed
@given(ANY)
def test_evidence_indexes_the_very_characters_of_its_cue(text):
    """Every located item is that stretch of the message, in order; measures come last."""
    evidence = analyze(text, source="r").evidence
    located = [item for item in evidence if item.start is not None]

    assert [item.cue for item in located] == [text[item.start : item.end] for item in located]
    assert all(0 <= item.start < item.end <= len(text) for item in located)
    assert located == list(evidence[: len(located)])
    assert sorted(item.start for item in located) == [item.start for item in located]


@untimed
@given(ANY)
def test_only_measures_have_no_place(text):
    """Cues and words stand in the message, measures concern the whole of it."""
    for item in analyze(text, source="r").evidence:
        assert (item.kind == "measure") == (item.start is None) == (item.end is None)


@untimed
@given(ANY)
def test_the_weights_add_up_to_the_score(text):
    """For the chosen tone and intent the weights sum to the score, up to their rounding."""
    reading, surface = analyze(text, source="r"), voice_of(text)
    found, denied = search(surface)
    style = Style(in_small_letters(surface), reading.rhythm.pace == Pace.MEDIUM)
    model_reading = model().read(without(surface.text, denied), style)
    for component, made in judgements(reading):
        place = VALUES[component].index(made.primary.value)
        score = totals(found, component)[place] + model_reading.scores(component)[place]
        weights = [
            item.weight
            for item in reading.evidence
            if (item.component, item.value) == (component, made.primary.value)
        ]
        assert score == pytest.approx(sum(weights), abs=0.0005 * (len(weights) + 2) + 1e-9)


def test_words_are_listed_for_what_was_chosen_alone():
    """Of the values that were not chosen only cues are listed."""
    reading = analyze("왜 또 안 되죠? 궁금하기도 하고 답답해요. Why?", source="r")
    chosen = {"tone": reading.tone.primary, "intent": reading.intent.primary}

    for item in reading.evidence:
        if item.component in chosen and item.kind != "cue":
            assert item.value == chosen[item.component]


def test_a_masked_passage_is_no_word():
    """What the model makes of a quotation or of code is summed up, not shown as a letter of it."""
    for text in ('she wrote "do it" in her notes', "run `make all` and `make check`, or `x`"):
        hidden = [place for place, letter in enumerate(voice_of(text).text) if letter == MASK]
        shown = [item for item in analyze(text, source="r").evidence if item.start in hidden]
        assert not shown


def test_an_abstention_is_a_measure_of_no_weight():
    """That the analyser abstained stands in the evidence, for the neutral value."""
    reading = analyze("정말 답답해요", source="r", abstain_below=1.0)
    said = [item for item in reading.evidence if item.cue == ABSTAINED]

    assert [("tone", "calm", 0.0, "measure"), ("intent", "learning", 0.0, "measure")] == [
        (item.component, item.value, item.weight, item.kind) for item in said
    ]
    assert ABSTAINED not in {
        item.cue for item in analyze("정말 답답해요", source="r", abstain_below=0.0).evidence
    }


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\n\t", "\x00", "\ud800", "🙂", "👩\u200d👩\u200d👧" * 3, "…", "？！", "a" * 32000,
        "답" * 32000, "`" * 32000, '"' * 31999, "\u1112\u1161\u11ab" * 9000, "e" + "\u0301" * 9000,
        "ㅋ" * 32000, "not so " * 4500, "1" * 32000, "?!" * 16000, "hi " * 10000, "thanks " * 4500,
        "안녕하세요 " * 5000, "감사합니다" * 6000, "'" * 32000, "> " * 16000, "don't " * 5000,
    ],
)  # fmt: skip
def test_odd_texts_have_a_reading(text):
    """Blank, emoji-only, broken and huge texts are read like any other."""
    reading = analyze(text, source="r")

    assert reading.tone.primary in Tone
    assert reading.intent.primary in Intent
    assert reading.rhythm.pace in Pace


def test_a_text_without_words_is_calm_learning():
    """Nothing said reads as calm, medium, learning, by the starting point alone."""
    reading = analyze("  ", source="r")

    assert str(reading.key) == "calm-medium-learning"
    assert {"measure"} == {item.kind for item in reading.evidence}


def test_long_repetition_leaves_little_evidence():
    """The evidence of a huge message stays small enough to log."""
    text = "답답해요! 왜 안 돼요 ㅠㅠ urgent " * 1000

    assert len(analyze(text, source="r").evidence) < 60


def test_a_reading_names_its_source_and_language():
    """The reading says who judged and which language it took the message for."""
    korean, english = analyze("왜 안 되죠?", source="me"), analyze("Why?", source="me")

    assert (korean.source, korean.language) == ("me", Language.KOREAN)
    assert english.language == Language.ENGLISH


def test_the_runner_up_is_named():
    """Where two tones speak, the weaker one is the secondary."""
    tone = analyze("It's so frustrating and I'm worried that it fails", source="r").tone

    assert {Tone.FRUSTRATED, Tone.ANXIOUS} == {tone.primary, tone.secondary}


def test_another_process_reads_the_same():
    """A reading depends on the text alone, not on the hash seed of a process."""
    code = (
        "from ion_resonance.analyzer import analyze\n"
        "print(ascii(analyze('왜 또 실패하죠? Let us plan it, ASAP!', source='r')))"
    )
    runs = {
        subprocess.run(
            (sys.executable, "-c", code),
            capture_output=True,
            check=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "2")
    }

    assert len(runs) == 1
