"""Text in which there is nothing to read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.domain.blank import NOT_BLANK, is_blank


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b", "\u200d\ufeff", "\u3164", "\u00a0\u00ad"])
def test_what_nobody_sees_is_blank(text):
    """White space and invisible characters are nothing to read."""
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", "가", "👩\u200d👩", " . ", "\u200b1"])
def test_one_visible_character_is_enough(text):
    """A text with one character that is seen is not blank."""
    assert not is_blank(text)


@given(st.text())
def test_what_strips_to_nothing_is_blank(text):
    """A text is blank where Python strips it to nothing, and where the pattern finds nothing."""
    assert is_blank(text) == (re.search(NOT_BLANK, text) is None)
    if not text.strip():
        assert is_blank(text)
