"""A stored answer as a stream."""

from hypothesis import given
from hypothesis import strategies as st

from ion_framework.pipeline.replay import PIECE_CHARS, pieces


@given(st.text(alphabet="ab가나 \n.", max_size=3000))
def test_the_pieces_together_are_the_text(text):
    """Nothing is lost, added or moved, and no piece of more than nothing is empty."""
    found = list(pieces(text))

    assert text == "".join(found)
    assert all(found) or not text


@given(st.lists(st.text(alphabet="ab가", min_size=1, max_size=20), max_size=300))
def test_no_word_is_cut(words):
    """Every piece ends where a word ends, and is no longer than it has to be."""
    for piece in list(pieces(" ".join(words)))[:-1]:
        assert piece.endswith(" ")
        assert len(piece) <= PIECE_CHARS + 1


def test_a_text_without_spaces_is_one_word():
    """A word longer than a piece stays whole."""
    assert list(pieces("x" * 1000)) == ["x" * 1000]
