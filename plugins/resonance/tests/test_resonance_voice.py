"""The writer's own voice: courtesies are blanked, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ion_resonance.analyzer import analyze
from ion_resonance.surface import surface_of
from ion_resonance.voice import voice_of


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Hi there, why does it fail? Thanks!", "why does it fail?"),
        ("Good morning! The build is red. Many thanks in advance :)", "the build is red."),
        ("Dear mentor, is this right?", "is this right?"),
        ("Hello, hello. It broke. ty", "it broke."),
        ("안녕하세요! 왜 안 되죠? 감사합니다.", "왜 안 되죠?"),
        ("안녕하십니까, 멘토님. 왜 안 되죠? 미리 감사드려요~", "왜 안 되죠?"),
        ("멘토님, 왜 안 되죠?", "왜 안 되죠?"),
        ("쌤~ 왜 안 되죠? 고마워요", "왜 안 되죠?"),
        ("선생님! 왜 안 되죠? ㄱㅅ", "왜 안 되죠?"),
    ],
)
def test_greetings_and_thanks_are_left_out(text: str, own: str) -> None:
    """What opens and closes a message for politeness is no part of the writer's voice."""
    assert own == voice_of(text).text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "no thanks",
        "No, I had no thanks for it, no thanks.",
        "we had a party",
        "how do I write thank you in Korean?",
        "선생님 말씀이 헷갈려요",
        "멘토가 되려면 뭘 배워야 하나요?",
        "hiking is fun",
        "안녕이라는 말은 어디서 왔나요?",
        "감사합니다라고 쓰면 되나요?",
    ],
)
def test_what_only_looks_like_a_courtesy_stays(text: str) -> None:
    """A refusal, another word and a word that is spoken about are kept."""
    assert surface_of(text).text == voice_of(text).text


@pytest.mark.parametrize(
    "text", ["Hello!", "Thanks a lot!", "안녕하세요", "안녕하세요. 감사합니다!"]
)
def test_a_message_of_courtesies_alone_is_left_as_it_is(text: str) -> None:
    """Where nothing else is said, the courtesy is the message."""
    assert surface_of(text).text == voice_of(text).text


@settings(deadline=None)  # the first message waits for the lexicons
@given(
    st.sampled_from(["", "Hi, ", "안녕하세요! ", "Good  evening — ", "Hey\n"]),
    st.text(alphabet="abc 가나?!.`\n", max_size=30),
    st.sampled_from(["", " Thanks!", "\n감사합니다", " thx"]),
)
def test_positions_stay(opening: str, body: str, closing: str) -> None:
    """Blanking changes no position: what is left stands where it stood."""
    text = f"{opening}{body}{closing}"
    voice, surface = voice_of(text), surface_of(text)

    assert (surface.original, surface.offsets) == (voice.original, voice.offsets)
    assert len(surface.text) == len(voice.text)
    pairs = zip(voice.text, surface.text, strict=True)
    assert all(mine in (" ", theirs) for mine, theirs in pairs)


@pytest.mark.parametrize(
    "text",
    [
        "I'm so fed up with this, it failed again.",
        "How does a hash map work?",
        "이 쿼리가 맞는지 확인해 주세요.",
        "발표를 망칠까 봐 걱정돼요.",
    ],
)
def test_courtesies_change_no_reading(text: str) -> None:
    """A greeting in front and thanks behind leave tone, pace and intent as they are."""
    plain = analyze(text, source="r")

    for polite in (f"Hello, {text} Thank you!", f"안녕하세요, 멘토님! {text} 감사합니다."):
        assert plain.key == analyze(polite, source="r").key
