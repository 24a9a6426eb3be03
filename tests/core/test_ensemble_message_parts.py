"""Messages taken apart into sentences and clauses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.ensemble.message_parts import joined, split_message

# message -> its parts
MESSAGES = {
    "one sentence": ("Why does it fail?", ["Why does it fail?"]),
    "two sentences": (
        "It keeps failing on me! Could you check the numbers?",
        ["It keeps failing on me!", "Could you check the numbers?"],
    ),
    "a conjunction": (
        "I like the whole design, but the numbers look wrong",
        ["I like the whole design", "but the numbers look wrong"],
    ),
    "a comma is no border": ("Apples, pears, plums are fine", ["Apples, pears, plums are fine"]),
    "lines": ("read this log\nthen plan the fix", ["read this log", "then plan the fix"]),
    "short ones join": ("Help! My server is down.", ["Help! My server is down."]),
    "a short end joins": ("My server is down. Help!", ["My server is down. Help!"]),
    "korean": (
        "요즘 너무 지쳐요. 그런데 구조를 어떻게 짜죠? 일정도 봐 주세요",
        ["요즘 너무 지쳐요.", "그런데 구조를 어떻게 짜죠?", "일정도 봐 주세요"],
    ),
    "korean conjunction": (
        "데이터가 이상해 보여요 그리고 팀도 불안해해요",
        ["데이터가 이상해 보여요", "그리고 팀도 불안해해요"],
    ),
    "decimals are no border": (
        "Is 3.14 close enough for this?",
        ["Is 3.14 close enough for this?"],
    ),
    "quotation ends": (
        'She said "it is broken." What do I do now?',
        ['She said "it is broken."', "What do I do now?"],
    ),
}


@pytest.mark.parametrize(("text", "parts"), MESSAGES.values(), ids=MESSAGES)
def test_borders(text, parts):
    """Parts end at sentences, lines and conjunctions, and say enough to be read alone."""
    assert [part.text for part in split_message(text, 12)] == parts


def test_the_last_part_holds_the_rest():
    """No more parts than asked for are made, and nothing is lost."""
    text = "This is one. This is two. This is three. This is four."

    parts = split_message(text, 2)

    assert [part.text for part in parts] == [
        "This is one.",
        "This is two. This is three. This is four.",
    ]
    assert joined(parts) == text


@given(st.text(alphabet="가나 .!?\n;,and butx그리고", max_size=200), st.integers(1, 6))
def test_parts_are_slices_in_order(text, most):
    """Every part is a slice of the message, in order, and only space lies outside of them."""
    parts = split_message(text, most)

    assert len(parts) <= most
    assert all(text[part.start : part.end] == part.text for part in parts)
    places = [place for part in parts for place in (part.start, part.end)]
    assert places == sorted(places)
    outside = text
    for part in reversed(parts):
        outside = outside[: part.start] + outside[part.end :]
    assert not outside.strip(" \n;")


def test_many_spaces_cost_no_time():
    """A message of nothing but spaces between two words is split in linear time."""
    text = "one" + " " * 200_000 + "x two three"

    assert len(split_message(text, 12)) == 1
