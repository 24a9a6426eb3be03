"""What is remembered of texts that come again changes no judgement."""

from __future__ import annotations

import attrs
import pytest

from ion_framework import RequestText

TOLD = "select name from users where id = 1 or 1=1 --"
ATTACK = "<script>alert(1)</script>"
WIDE = tuple((f"q{number}", "a " * 2000) for number in range(4))
"""A query that takes nearly all that is looked at outside of messages."""


@pytest.mark.parametrize("name", ["attacks", "teaching", "ordinary"])
def test_the_second_time_is_like_the_first(judging, asked, table, name):
    """Whatever is sent twice is judged alike, whatever came in between."""
    judge = judging()
    requests = [asked(row.get("place", "message"), row["text"]) for row in table(name)]
    first = [judge.judge(request) for request in requests]

    assert [judge.judge(request) for request in requests] == first
    assert any(found.matches for found in first) or name == "ordinary"


def test_one_text_at_two_places(judging, asked):
    """What is known of a text as a message says nothing of it as an id, nor the other way round."""
    judge = judging()
    found = [judge.judge(asked(place, ATTACK)).refused for place in ("message", "id", "message")]

    assert found == [None, "xss", None]


def test_messages_keep_their_places(judging, asked):
    """Each of two equal messages is named by its number among all texts of the request."""
    request = attrs.evolve(asked(), texts=(RequestText("message", TOLD),) * 2)
    places = {match.place for match in judging().judge(request).matches}

    assert places == {"body.message#4", "body.message#5"}


def test_settings_decide_about_what_is_remembered(judging, asked):
    """One set of headers is judged by the settings of whoever judges, and by the address."""
    request = asked("agent", ATTACK)
    elsewhere = attrs.evolve(request, path="/notes")
    judges = [judging(), judging(xss="off"), judging(mode="report"), judging(allow=("/notes xss",))]

    assert [judge.judge(request).refused for judge in judges] == ["xss", None, None, "xss"]
    assert [judge.judge(elsewhere).refused for judge in judges] == ["xss", None, None, None]


def test_a_rule_in_two_headers_counts_once(judging, asked):
    """A rule that matches in several headers is told at the first of them."""
    request = asked("agent", ATTACK)
    both = attrs.evolve(request, headers={**request.headers, "referer": ATTACK, "origin": ATTACK})
    alone, found = judging().judge(request), judging().judge(both)

    assert found == alone
    assert {match.place for match in found.matches} == {"header.user-agent"}


def test_header_values_stay_apart(judging, asked):
    """Values that run together to an attack are none, one after the other in two headers."""
    request = asked()
    split = {**request.headers, "a": "<scr", "b": "ipt>"}
    whole = {**request.headers, "a": "<script>", "b": ""}

    assert judging().judge(attrs.evolve(request, headers=whole)).refused == "xss"
    assert judging().judge(attrs.evolve(request, headers=split)).refused is None


@pytest.mark.parametrize("before", [(), WIDE], ids=["first", "after a long query"])
def test_headers_are_looked_at_as_far_as_there_is_room(judging, asked, before):
    """Headers that were read whole are not taken for read where the address leaves no room."""
    judge = judging()
    request = asked("header", "b " * 400 + ATTACK)
    judge.judge(request)
    found = judge.judge(attrs.evolve(request, query=before))
    rules = {match.rule for match in found.matches}

    assert found.refused is not None
    assert ("text-unread" in rules) is bool(before)
    assert any(match.family == "xss" for match in found.matches) is not bool(before)


def test_headers_take_of_what_is_left_for_ids(judging, asked):
    """Remembered headers leave as little room for the body as those that are new."""
    request = asked("header", "b " * 1900)
    texts = tuple(RequestText("user_id", "y z" * 300) for _ in range(14))
    full = attrs.evolve(request, texts=texts)
    bare = attrs.evolve(full, headers={})
    judge = judging()

    assert [judge.judge(each).refused for each in (bare, full, full)] == [
        None,
        "protocol",
        "protocol",
    ]
