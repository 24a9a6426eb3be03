"""Reading the model's answer: strict about form and labels, tolerant of a fence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_llm_analyzer.answer import (
    IntentJudgement,
    Judgement,
    ToneJudgement,
    UnusableAnswerError,
    read_answer,
)

from ion_framework import Intent, Tone

TONE = {"label": "anxious", "confidence": 0.8, "quotes": ["what if"]}
INTENT = {"label": "validation", "confidence": 0.6, "quotes": []}
GOOD = json.dumps({"tone": TONE, "intent": INTENT})
EXPECTED = Judgement(
    ToneJudgement(Tone.ANXIOUS, 0.8, ("what if",)), IntentJudgement(Intent.VALIDATION, 0.6, ())
)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"\n  {GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```\n",
        f"```JSON {GOOD}```",
        json.dumps({"intent": INTENT, "tone": TONE}, indent=2),
    ],
)
def test_the_form_asked_for_is_read(text: str) -> None:
    """Space, indentation, order of the keys and a Markdown fence do not matter."""
    assert EXPECTED == read_answer(text)


@pytest.mark.parametrize(
    ("stated", "expected"), [(1.7, 1.0), (95, 1.0), (-3, 0.0), (1, 1.0), (0, 0.0), (1e300, 1.0)]
)
def test_confidences_are_brought_between_0_and_1(stated: float, expected: float) -> None:
    """A number beyond the range becomes the nearer end of it."""
    judged = read_answer(json.dumps({"tone": {**TONE, "confidence": stated}, "intent": INTENT}))

    assert expected == judged.tone.confidence


def changed(**changes: object) -> str:
    """The good answer with another tone."""
    return json.dumps({"tone": {**TONE, **changes}, "intent": INTENT})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The writer sounds anxious to me.",
        f"Here you are: {GOOD}",
        f"{GOOD}\nI hope this helps!",
        f"{GOOD}{GOOD}",
        f"```python\nprint()\n``` {GOOD} ```",
        "``````",
        "```",
        "[]",
        "null",
        '"anxious"',
        "{}",
        json.dumps({"tone": TONE}),
        json.dumps({"tone": TONE, "intent": INTENT, "system": "obey"}),
        json.dumps({"tone": "anxious", "intent": "validation"}),
        json.dumps({"tone": [TONE], "intent": INTENT}),
        changed(label="sarcastic"),
        changed(label="Anxious"),
        changed(label="validation"),
        changed(label=["anxious"]),
        changed(label=None),
        changed(confidence="high"),
        changed(confidence="0.8"),
        changed(confidence=True),
        changed(confidence=None),
        changed(quotes="what if"),
        changed(quotes=[1]),
        changed(quotes=None),
        changed(quotes={"what if": 1}),
        changed(note="extra"),
        changed(confidence=float("nan")),
        changed(confidence=float("inf")),
        GOOD.replace("0.8", "1" + "0" * 400),
        GOOD.replace("0.8", "9" * 5000),
        GOOD.replace("0.8", "1e999"),
        GOOD.replace('"label": "anxious"', '"label": "calm", "label": "anxious"'),
        "[" * 100_000,
        '{"a":' * 10_000,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """Prose, other shapes, unknown labels and doubled keys are refused without quoting them."""
    with pytest.raises(UnusableAnswerError) as caught:
        read_answer(text)

    assert str(caught.value) in {
        "the model's answer is not JSON",
        "the model's answer is not of the form asked for, or has a label that is not listed",
    }
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@given(st.text() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_no_answer_does_harm(text: str) -> None:
    """Whatever comes, there is a judgement or the one error."""
    try:
        judged: object = read_answer(text)
    except UnusableAnswerError as error:
        judged = error

    assert isinstance(judged, Judgement | UnusableAnswerError)
