"""Lorebooks: which entries a conversation calls up, in which order, within which budget."""

from __future__ import annotations

import time

import pytest

from ion_framework.domain.lore_decorators import take_apart
from ion_framework.domain.lorebook import Lorebook, LoreEntry, LorePosition, Scan


def labels(book, *messages, answers=0):
    """The names of the entries that a conversation calls up."""
    return [item.label for item in book.activated(Scan(messages, answers))]


def entry(name, *keys, content="x", **others):
    """An entry with a name and keys."""
    return LoreEntry(content, keys=keys, name=name, **others)


@pytest.mark.parametrize(
    ("keys", "others", "text", "matches"),
    [
        (("dragon",), {}, "a Dragon came", True),
        (("dragon",), {"case_sensitive": True}, "a Dragon came", False),
        (("dragon",), {}, "two dragons", True),
        (("elf",), {}, "on the shelf", True),
        (("elf",), {"whole_words": True}, "on the shelf", False),
        (("elf",), {"whole_words": True}, "an Elf!", True),
        (("루아",), {}, "루아가 왔어요", True),
        (("루아",), {"whole_words": True}, "루아가 왔어요", True),
        (("API",), {"whole_words": True}, "API를 호출", True),
        (("루아",), {}, "\u1105\u116e\u110b\u1161가", True),
        (("café",), {}, "a cafe\u0301", True),
        (("", "  "), {}, "anything", False),
        ((), {}, "anything", False),
        (("a", "b"), {}, "only b", True),
        (("a",), {"enabled": False}, "a", False),
        (("a",), {"selective": True, "secondary_keys": ("b",)}, "a", False),
        (("a",), {"selective": True, "secondary_keys": ("c", "b")}, "a b", True),
        (("a",), {"selective": True}, "a", True),
        (("a",), {"secondary_keys": ("b",)}, "a", True),
        (("dr.g+on",), {"use_regex": True}, "a drAggon", True),
        (("dr.g",), {"use_regex": True, "case_sensitive": True}, "DRAG", False),
        (("/DR.G/i",), {"use_regex": True, "case_sensitive": True}, "drag", True),
        (("^b$", "(?=a)"), {"use_regex": True}, "b", False),
        (("(",), {"use_regex": True}, "(", False),
        (("a",), {"use_regex": True, "selective": True, "secondary_keys": ("z",)}, "a", True),
        (("z",), {"use_regex": True, "constant": True}, "a", False),
    ],
)
def test_keys_match_as_the_specification_says(keys, others, text, matches):
    """A key matches where the text contains it, or as the entry's own flags say."""
    assert matches == bool(labels(Lorebook((entry("e", *keys, **others),)), text))


@pytest.mark.parametrize(
    ("decorators", "text", "answers", "matches"),
    [
        ("@@activate_only_after 2", "a", 1, False),
        ("@@activate_only_after 2", "a", 2, True),
        ("@@activate_only_every 3", "a", 4, False),
        ("@@activate_only_every 3", "a", 6, True),
        ("@@activate_only_every 0", "a", 1, True),
        ("@@activate", "nothing", 0, True),
        ("@@dont_activate", "a", 0, False),
        ("@@dont_activate\n@@activate", "nothing", 0, True),
        ("@@additional_keys b,c", "a", 0, False),
        ("@@additional_keys b, c", "a c", 0, True),
        ("@@exclude_keys b", "a b", 0, False),
        ("@@scan_depth 1", "a\nend", 0, False),
        ("@@scan_depth nonsense", "a", 0, True),
        ("@@unknown 5\n@@@activate_only_after 9", "a", 0, False),
        ("@@unknown\n@@@other\n@@@dont_activate", "a", 0, False),
        ("@@scan_depth 4\n@@@dont_activate", "a", 0, True),
        ("@@keep_activate_after_match", "nothing", 0, False),
    ],
)
def test_decorators_decide(decorators, text, answers, matches):
    """Decorators that can be honoured are, others fall back or are ignored."""
    book = Lorebook((entry("e", "a", content=f"{decorators}\n\nx"),))
    stable = bool(book.stable)
    assert matches == (stable or bool(labels(book, *text.split("\n"), answers=answers)))


def test_decorators_are_taken_off():
    """Lines that are decorators leave the text with the line ends around them; others stay."""
    decorated = take_apart("@@depth 3\n@@depth 9\n@@nonsense x\n\nThe @@text.\n@@ -1 +1 @@\nend")
    assert decorated.text == "The @@text.\n@@ -1 +1 @@\nend"
    assert decorated.decorators == {"depth": 3}
    assert take_apart(" plain\r\n").text == " plain\r\n"


def test_the_latest_messages_are_searched():
    """A key counts in as many of the latest messages as the book says, four without it."""
    book = (entry("e", "key"),)
    said = ("the key", "b", "c", "d")
    assert ["e"] == labels(Lorebook(book), *said)
    assert [] == labels(Lorebook(book), *said, "e")
    assert ["e"] == labels(Lorebook(book, scan_depth=5), *said, "e")
    assert [] == labels(Lorebook(book, scan_depth=0), "key")


def test_entries_call_up_further_ones_where_the_book_allows_it():
    """With recursive scanning a content activates entries, whatever the depth, and it ends."""
    entries = (
        entry("a", "start", content="beta"),
        entry("b", "beta", content="gamma"),
        entry("c", "gamma", content="start beta gamma"),
    )
    assert ["a"] == labels(Lorebook(entries, 1), "start")
    assert ["a", "b", "c"] == labels(Lorebook(entries, 1, recursive_scanning=True), "start")


def test_entries_stand_in_their_order():
    """The lower insertion order stands earlier; equals stand as in the book."""
    entries = (
        entry("c", "k", insertion_order=3),
        entry("a", "k", insertion_order=-1.5),
        entry("b", "k", insertion_order=3),
    )
    assert ["a", "c", "b"] == labels(Lorebook(entries), "k")


def test_the_budget_is_kept_by_priority():
    """The lowest priority gives way, the insertion order counts where there is none."""
    content = "x" * 40  # ten tokens
    entries = (
        entry("low", "k", content=content, priority=1, insertion_order=9),
        entry("high", "k", content=content, priority=5),
        entry("order", "k", content=content, insertion_order=3),
    )
    assert ["high", "order"] == labels(Lorebook(entries, token_budget=20), "k")
    assert ["high"] == labels(Lorebook(entries, token_budget=19), "k")
    assert [] == labels(Lorebook(entries, token_budget=0), "k")
    assert ["high", "order", "low"] == labels(Lorebook(entries), "k")


def test_what_no_turn_changes_is_stable():
    """Constant entries are stable unless a condition or the budget may decide about them."""
    constant = [
        entry("plain", constant=True, content="x" * 40, priority=9),
        entry("weak", constant=True, content="y" * 40, priority=1),
        entry("deep", constant=True, content="@@depth 2\nx"),
        entry("late", constant=True, content="@@activate_only_after 5\nx"),
        entry("empty", constant=True, content="@@depth 1\n"),
        entry("called", "k", content="z" * 40, priority=5),
    ]
    book = Lorebook(tuple(constant), token_budget=21)
    assert ["plain"] == [item.label for item in book.stable]
    assert ["called"] == labels(book, "k")
    assert ["weak", "deep"] == labels(book, "nothing")
    assert ["plain", "weak"] == [item.label for item in Lorebook(tuple(constant)).stable]


@pytest.mark.parametrize(
    ("content", "position", "depth", "role"),
    [
        ("x", "before_char", None, "system"),
        ("@@position after_desc\n@@depth 3\nx", "after_char", None, "system"),
        ("@@position personality\nx", "before_char", None, "system"),
        ("@@depth 0\n@@role assistant\nx", "before_char", 0, "assistant"),
        ("@@depth 2\n@@role nobody\n@@@role user\nx", "before_char", 2, "user"),
    ],
)
def test_decorators_place_an_entry(content, position, depth, role):
    """Position, depth and role come from decorators, and from the entry without them."""
    book = Lorebook((entry("e", "k", content=content, position=LorePosition.BEFORE_CHAR),))
    (item,) = book.activated(Scan(("k",), 0))
    assert (position, depth, role, "x") == (item.position, item.depth, item.role, item.text)


@pytest.mark.parametrize("use_regex", [False, True])
def test_a_large_book_is_searched_in_no_time(use_regex):
    """Two thousand entries and a message of 32,000 characters take no second."""
    entries = tuple(
        entry(
            f"e{n}", *(f"(a+)+b{n}x{k}" for k in range(1 if use_regex else 5)), use_regex=use_regex
        )
        for n in range(2000)
    )
    book = Lorebook(entries, recursive_scanning=True)
    labels(book, "warm")
    began = time.perf_counter()
    assert [] == labels(book, "a" * 32_000)
    assert time.perf_counter() - began < 10
