"""Where an answer ends by stop sequences and tokens, however it comes in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_host_aiohttp.openai.ending import Ending

from ion_framework.pipeline.chunks import FinishReason


def ended(pieces, stops=(), most=None, spent=None):
    """The text of an answer that comes in these pieces, and why it ends early."""
    ending = Ending(tuple(stops), most)
    text = ""
    for piece in pieces:
        text += ending.take(piece)
        if ending.is_over:
            break
    else:
        text += ending.rest(spent)
    return text, ending.reason


@pytest.mark.parametrize(
    ("pieces", "stops", "text", "stopped"),
    [
        (["one two three"], ["two"], "one ", True),
        (["one t", "wo three"], ["two"], "one ", True),
        (["one t", "w", "o"], ["two"], "one ", True),
        (["one t", "wig"], ["two"], "one twig", False),
        (["one tw"], ["two"], "one tw", False),
        (["two"], ["two"], "", True),
        (["aab", "aaab"], ["aaab"], "aab", True),
        (["xabcX"], ["abcX", "b"], "xa", True),
        (["x", "a", "b", "c"], ["ab", "b"], "x", True),
        (["가나", "다라"], ["나다"], "가", True),
    ],
)
def test_a_stop_sequence_ends_the_answer_before_itself(pieces, stops, text, stopped):
    """Across pieces as within one, and what only begins one stays."""
    assert (text, FinishReason.STOP if stopped else None) == ended(pieces, stops)


@given(
    st.text("ab ", max_size=40),
    st.lists(st.text("ab ", min_size=1, max_size=4), max_size=4),
    st.integers(1, 8) | st.none(),
    st.integers(1, 8) | st.none(),
)
def test_pieces_make_no_difference(text, stops, most, spent):
    """Character by character an answer ends where it ends as a whole."""
    whole = Ending(tuple(stops), most)
    expected = whole.take(text) + whole.rest(spent)

    assert (expected, whole.reason) == ended(list(text), stops, most, spent)


@pytest.mark.parametrize(
    ("length", "most", "spent", "left", "cut"),
    [
        (20, 5, None, 20, False),
        (21, 5, None, 20, True),
        (30, 5, 5, 30, False),
        (30, 5, 6, 20, True),
        (20 + 65, 5, 5, 20, True),
        (30, None, None, 30, False),
    ],
)
def test_an_answer_has_no_more_tokens_than_allowed(length, most, spent, left, cut):
    """Beyond four characters a token only a generator that counted and kept to it is believed."""
    text, reason = ended(["x" * length], most=most, spent=spent)

    assert (left, FinishReason.LENGTH if cut else None) == (len(text), reason)


def test_a_stop_beyond_the_estimate_waits_for_the_count():
    """A stop sequence after the estimated end counts once the generator has told its tokens."""
    ending = Ending(("!",), 2)
    begun = ending.take("12345678 90! more")
    early = ending.is_over

    assert ("12345678", False) == (begun, early)
    assert (" 90", FinishReason.STOP) == (ending.rest(2), ending.reason)
