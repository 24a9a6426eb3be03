"""What is written like a source that the model learned from, and what is not."""

from __future__ import annotations

import pytest
from ion_resonance.analyzer import analyze
from ion_resonance.familiar import SOURCES, Known, Style, in_small_letters
from ion_resonance.model import VALUES, model
from ion_resonance.reading import FAMILIAR_STYLE, UNEVEN_PACE
from ion_resonance.voice import voice_of

TALK = (
    "yeah so um the the microphone channels i think were um recorded at the meeting or something."
)


def familiar(text: str) -> dict[str, float]:
    """How much a message is written like each source."""
    surface = voice_of(text)
    reading = model().read(surface.text, Style(in_small_letters(surface)))
    return dict(zip(SOURCES, reading.familiar, strict=True))


@pytest.mark.parametrize(
    ("text", "small"),
    [
        ("no capital here", True),
        ("One capital here", False),
        ("one HERE", False),
        ("Hello! and then none", True),
        ('she said "Never" to me', True),
        ("two  spaces,  then\nI", False),
        ("two  spaces,  then i", True),
        ("이건 pdf 파일이에요", True),
        ("이건 PDF 파일이에요", False),
        ("글자만 있어요", False),
        ("?!", False),
        ("", False),
    ],
)
def test_capitals_count_where_the_writer_speaks(text, small):
    """Capitals of greetings and of quotations are nobody's habit; without letters there is none."""
    assert small is in_small_letters(voice_of(text))


def test_talk_that_was_written_down_is_told_by_its_small_letters():
    """Speech of a meeting is familiar, and is not any more with the first letter a capital."""
    assert familiar(TALK)["icsi-mrda"] > 0.9
    assert familiar(TALK.capitalize())["icsi-mrda"] < 0.5 * familiar(TALK)["icsi-mrda"]


@pytest.mark.parametrize(
    "text",
    [
        "Could you help me plan my study schedule for the exam in June?",
        "발표 준비를 어떻게 하면 좋을지 조언 부탁드려요",
    ],
)
def test_a_message_to_a_mentor_is_like_no_source(text):
    """What somebody asks a mentor is read by the cues and by what mentors' messages taught."""
    assert sum(familiar(text).values()) < 0.2


def test_shares_are_divided_where_they_are_more_than_everything():
    """Like two sources at once is like each of them by half, and faint likeness is none."""
    known = Known((5.0, *[0.0] * 4), ((0.0,) * 9,) * 5, 0.5, 0.0)

    assert [0.5, 0.5, 0.0, 0.0, 0.0] == pytest.approx(
        known.shares([30.0, 30.0, -9.0, -9.0, -9.0], small=False)
    )
    assert 0.5 == pytest.approx(known.shares([-5.0, *[-9.0] * 4], small=True)[0])


def test_a_familiar_style_has_one_line_in_the_evidence():
    """What a source starts from stands in one line, whose weight is part of the score."""
    talk, asked = (
        [item for item in analyze(text, source="r").evidence if item.cue == FAMILIAR_STYLE]
        for text in (TALK, "발표 준비를 어떻게 하면 좋을지 조언 부탁드려요")
    )

    assert [("tone", "measure", None)] == [(one.component, one.kind, one.start) for one in talk]
    assert [] == asked


def test_an_uneven_pace_makes_calm_likelier_outside_of_mentoring():
    """Calm gains where the pace is not medium, by as much as the message is not to a mentor."""
    calm = VALUES["tone"].index("calm")
    even, uneven = (model().read("the sky", Style(even=even)) for even in (True, False))
    gained = [
        after - before
        for before, after in zip(even.scores("tone"), uneven.scores("tone"), strict=True)
    ]

    assert gained[calm] == pytest.approx(dict(uneven.style("tone", calm))[UNEVEN_PACE])
    assert 0.0 < gained[calm]
    assert not any(gained[:calm] + gained[calm + 1 :])
    assert () == uneven.style("intent", 0)
