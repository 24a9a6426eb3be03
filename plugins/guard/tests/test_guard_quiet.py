"""What is told of a request before it is taken apart is what taking it apart would tell."""

from __future__ import annotations

import attrs
import pytest
from ion_guard.matching import text_matches
from ion_guard.quiet import FEW, is_quiet
from ion_guard.reach import MESSAGE_READ

from ion_framework import RequestText

MESSAGES = frozenset({"message"})
BLANK_SEPARATED = "a " * 256
"""As long as a text may be to be told at once, and counted among what is read."""


@pytest.mark.parametrize("name", ["attacks", "teaching", "ordinary"])
def test_a_quiet_request_has_no_matches(asked, table, name):
    """Of the examples those are quiet in which no rule matches, and no others."""
    rows = [row for row in table(name) if len(row["text"]) <= 512]
    requests = [asked(row.get("place", "message"), row["text"]) for row in rows]
    quiet = [is_quiet(request, MESSAGES) for request in requests]

    assert quiet == [not text_matches(request, MESSAGES) for request in requests]


@pytest.mark.parametrize(
    "place", ["target", "path", "query", "header", "agent", "id", "message", "prompt"]
)
@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "%00", "plain", "", "x" * 9000])
def test_nothing_is_quiet_where_something_is_found(asked, place, text):
    """Wherever a text stands, a request is not quiet if it matches there."""
    request = asked(place, text)

    assert not (is_quiet(request, MESSAGES) and text_matches(request, MESSAGES))


def test_a_request_that_is_not_shown_whole_is_never_quiet(asked):
    """What no guard was shown may hold anything."""
    assert is_quiet(asked(), MESSAGES)
    assert not is_quiet(attrs.evolve(asked(), complete=False), MESSAGES)


@pytest.mark.parametrize("number", [1, 20, FEW - 4, FEW, 200])
def test_many_texts_are_counted(asked, number):
    """More texts than are read as a whole are left to whoever counts what is read."""
    texts = tuple(RequestText("user_id", BLANK_SEPARATED) for _ in range(number))
    request = attrs.evolve(asked(), texts=texts)

    assert is_quiet(request, MESSAGES) is (number <= FEW - 4)
    assert not (is_quiet(request, MESSAGES) and text_matches(request, MESSAGES))


def test_messages_are_read_as_far_as_there_is_room(asked):
    """Long messages, one by one or together, are left to whoever counts what is read."""
    long, four = "a b " * (MESSAGE_READ // 4), 4

    def with_messages(number, text):
        texts = tuple(RequestText("message", text) for _ in range(number))
        return attrs.evolve(asked(), texts=texts)

    assert is_quiet(with_messages(four, long), MESSAGES)
    assert not is_quiet(with_messages(four + 1, long), MESSAGES)
    assert not is_quiet(with_messages(1, long + "a"), MESSAGES)


def test_a_query_is_told_at_once_unless_it_holds_a_message(asked):
    """Parameters are looked at as other short texts; messages among them are counted elsewhere."""
    short = attrs.evolve(asked(), query=(("limit", "20"),))
    message = attrs.evolve(asked(), query=(("message", "hi"),))

    assert is_quiet(short, MESSAGES)
    assert not is_quiet(message, MESSAGES)
    assert text_matches(message, MESSAGES) == []


def test_long_headers_are_remembered(judging, asked):
    """A header too long to be told at once is judged alike every time."""
    judge = judging()
    long = asked("header", "t." * 400)
    attack = asked("header", "t." * 400 + "<script>alert(1)</script>")

    assert [judge.judge(each).refused for each in (long, attack, long, attack)] == [
        None,
        "xss",
        None,
        "xss",
    ]
