"""Results by texts that are not kept."""

from __future__ import annotations

import gc

from hypothesis import given
from hypothesis import strategies as st

from ion_framework.text_memo import TextMemo

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=5)


class Counting:
    """Makes results, and counts."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> int:
        """The next result."""
        self.made += 1
        return self.made


def test_a_text_that_comes_again_is_not_looked_at_again():
    """The same texts have the same result, and any other texts one of their own."""
    memo: TextMemo[int] = TextMemo(10)
    make = Counting()

    assert [memo.of(make, "a"), memo.of(make, "a"), memo.of(make, "A")] == [1, 1, 2]


def test_what_was_used_last_stays():
    """With one too many the least recently used is forgotten."""
    memo: TextMemo[int] = TextMemo(2)
    make = Counting()
    for text in ("a", "b", "a", "c"):
        memo.of(make, text)

    assert len(memo) == 2
    assert [memo.of(make, "a"), memo.of(make, "c"), memo.of(make, "b")] == [1, 3, 4]


def test_a_memo_without_entries_keeps_nothing():
    """With no room every text is looked at every time."""
    memo: TextMemo[int] = TextMemo(0)
    make = Counting()

    assert [memo.of(make, "a"), memo.of(make, "a"), len(memo)] == [1, 2, 0]


@given(st.lists(ANY_TEXT, max_size=3), st.lists(ANY_TEXT, max_size=3))
def test_only_the_same_texts_are_the_same(first: list[str], second: list[str]):
    """Texts share a result where they are equal one by one, surrogates and all."""
    memo: TextMemo[int] = TextMemo(10)
    make = Counting()

    assert (memo.of(make, *first) == memo.of(make, *second)) is (first == second)


def test_one_text_is_never_several():
    """A text that is written as several would be told has a result of its own."""
    memo: TextMemo[int] = TextMemo(10)
    make = Counting()
    told = [("a", "b"), ("1,1:ab",), ("ab",), ("a", "b", ""), ("",), ()]

    assert [memo.of(make, *texts) for texts in told] == [1, 2, 3, 4, 5, 6]


def test_texts_are_not_kept():
    """Whatever a memo holds on to, none of it is the text."""
    memo: TextMemo[int] = TextMemo(10)
    memo.of(Counting(), "a secret of somebody")
    held = [memo]
    for item in held:
        held += [each for each in gc.get_referents(item) if isinstance(each, str | bytes | dict)]

    assert any(isinstance(item, bytes) and len(item) == 16 for item in held)
    assert "secret" not in repr(held)


def test_no_digest_is_known_beforehand():
    """Two memos keep one text under different digests."""
    memos: list[TextMemo[int]] = [TextMemo(1), TextMemo(1)]
    for memo in memos:
        memo.of(Counting(), "a")
    digests = [
        item
        for memo in memos
        for held in gc.get_referents(memo)
        if isinstance(held, dict)
        for known in (held, *held.values())
        if isinstance(known, dict)
        for item in known
        if isinstance(item, bytes)
    ]

    assert len(digests) == 2
    assert digests[0] != digests[1]
