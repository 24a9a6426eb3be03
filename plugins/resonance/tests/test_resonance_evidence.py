"""Evidence indexes the message, adds up, and no text at all makes the analyser fail."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_resonance.analyzer import INTENT_ORDER, TONE_ORDER, analyze
from ion_resonance.judge import DOUBT, GUESS, UNSURE

from ion_framework import Intent, Language, Pace, Resonance, Tone

PIECES = st.sampled_from(
    (
        "답답해요", "Frustrated", "URGENT", "급해", "ㅋㅋㅋ", "ㅠㅠ", "!!!", "?", "😂", "let's",
        "don’t get it", "안  돼", "할까 봐", "explain", "맞나요", "error", "not", "않아요", "지 않",
        "`code`", "'", '"', "```", "…", "12 ms", "합시다", "plan", "돌이켜", "\n", " ", "  ", "é",
        "\u0301", "가", "Straße", "İ", "\ufeff",
    )
)  # fmt: skip
MESSAGES = st.lists(PIECES, max_size=14).map(" ".join)


def totals(reading: Resonance, component: str) -> tuple[dict[str, float], float]:
    """The totals of a component's evidence, and the sum of them with the doubt."""
    sums = dict(reading.totals(component))
    return sums, sum(sums.values()) + DOUBT


@given(st.one_of(MESSAGES, MESSAGES.map(lambda text: unicodedata.normalize("NFD", text))))
def test_evidence_indexes_the_very_characters_of_its_cue(text):
    """Every located item of evidence is that stretch of the message, in order of position."""
    located = [item for item in analyze(text, source="r").evidence if item.start is not None]

    assert [item.cue for item in located] == [text[item.start : item.end] for item in located]
    assert all(item.cue for item in located)
    assert sorted(item.start for item in located) == [item.start for item in located]


@given(MESSAGES)
def test_the_weights_add_up_to_the_judgement(text):
    """The chosen tone and intent, and their confidence, follow from the evidence alone."""
    reading = analyze(text, source="r")
    for component, made in (("tone", reading.tone), ("intent", reading.intent)):
        sums, everything = totals(reading, component)
        share = sums.get(made.primary.value, 0.0) / everything
        if made.confidence > UNSURE:
            assert sums[made.primary.value] == pytest.approx(max(sums.values()))
            assert round(share, 3) == pytest.approx(made.confidence, abs=0.0011)
        else:
            assert made.confidence <= max(round(share, 3) + 0.0011, GUESS)


@given(st.text(max_size=200))
def test_any_text_has_a_reading_and_always_the_same(text):
    """No text fails, and reading it again gives an equal reading."""
    assert analyze(text, source="r") == analyze(text, source="r")


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\n\t", "\x00", "\ud800", "🙂", "👩\u200d👩\u200d👧" * 3, "…", "？！", "a" * 32000,
        "답" * 32000, "`" * 32000, '"' * 31999, "\u1112\u1161\u11ab" * 9000, "e" + "\u0301" * 9000,
        "ㅋ" * 32000, "not so " * 4500, "1" * 32000, "?!" * 16000,
    ],
)  # fmt: skip
def test_odd_texts_have_a_reading(text):
    """Blank, emoji-only, broken and huge texts are read like any other."""
    reading = analyze(text, source="r")

    assert reading.tone.primary in Tone
    assert reading.intent.primary in Intent
    assert reading.rhythm.pace in Pace


def test_a_text_without_words_is_calm_and_unsure():
    """Nothing said reads as calm, medium, learning, at a guess."""
    reading = analyze("  ", source="r")

    assert (str(reading.key), reading.confidence) == ("calm-medium-learning", GUESS)
    assert reading.evidence == ()


def test_long_repetition_leaves_little_evidence():
    """The evidence of a huge message stays small enough to log."""
    assert len(analyze("답답해요! 왜 안 돼요 ㅠㅠ urgent " * 1000, source="r").evidence) < 40


def test_a_reading_names_its_source_and_language():
    """The reading says who judged and which language it took the message for."""
    korean, english = analyze("왜 안 되죠?", source="me"), analyze("Why?", source="me")

    assert (korean.source, korean.language) == ("me", Language.KOREAN)
    assert english.language == Language.ENGLISH


def test_the_orders_hold_every_value_once():
    """No tone and no intent is missing where ties are decided."""
    assert sorted(Tone) == sorted(TONE_ORDER)
    assert sorted(Intent) == sorted(INTENT_ORDER)


def test_english_cues_count_inside_korean_text():
    """Korean engineers write ASAP and deadline between Korean words."""
    assert analyze("이 PR 리뷰 ASAP 부탁해요", source="r").tone.primary == Tone.URGENT


def test_the_runner_up_is_named():
    """Where two tones speak, the weaker one is the secondary."""
    tone = analyze("It's so frustrating and I'm a bit scary-level worried", source="r").tone

    assert {Tone.FRUSTRATED, Tone.ANXIOUS} == {tone.primary, tone.secondary}
