"""What the guard tells apart: attacks where they do harm, and talk about attacks."""

from __future__ import annotations

from collections import Counter

import pytest

CLASSES = {"sql": 60, "xss": 45, "command": 55, "traversal": 40, "protocol": 20, "scanner": 10}


@pytest.mark.parametrize("family", CLASSES)
def test_attacks_are_refused_where_they_do_harm(judging, asked, table, family):
    """Of the attacks of a class in path, query, headers and ids at least 95 of 100 are refused."""
    judge = judging()
    attacks = [row for row in table("attacks") if row["class"] == family]
    missed = [
        row["text"]
        for row in attacks
        if judge.judge(asked(row["place"], row["text"])).refused is None
    ]

    assert len(attacks) >= CLASSES[family]
    assert len(missed) <= 0.05 * len(attacks), missed


def test_talk_about_attacks_is_not_refused(judging, asked, table):
    """No message that teaches security is refused, in either language."""
    judge = judging()
    messages = table("teaching")
    refused = [
        row["text"] for row in messages if judge.judge(asked("message", row["text"])).refused
    ]

    assert min(Counter(row["lang"] for row in messages).values()) >= 70
    assert len(messages) >= 150
    assert refused == []


def test_talk_about_attacks_is_far_from_the_threshold(judging, asked, table):
    """The highest score of such a message is less than three quarters of what is refused."""
    judge = judging()
    scores = [judge.judge(asked("message", row["text"])).message_score for row in table("teaching")]

    assert 0 < max(scores) < 30


def test_the_same_talk_would_be_refused_elsewhere(judging, asked, table):
    """It is the place that makes the difference: as ids most of these messages are refused."""
    judge = judging()
    messages = table("teaching")
    refused = sum(judge.judge(asked("id", row["text"])).refused is not None for row in messages)

    assert refused > 0.7 * len(messages)


def test_ordinary_requests_are_not_refused(judging, asked, table):
    """No ordinary id, parameter, path or header is refused: names with quotes, real browsers."""
    judge = judging()
    ordinary = table("ordinary")
    refused = [
        row["text"] for row in ordinary if judge.judge(asked(row["place"], row["text"])).refused
    ]

    assert len(ordinary) >= 100
    assert refused == []


def test_a_collection_of_payloads_is_refused_as_a_message(judging, asked, table):
    """A message that is nothing but payloads of every class is over the threshold."""
    payloads = "\n".join(row["text"] for row in table("attacks")[::20])

    assert judging().judge(asked("message", payloads)).refused is not None
    assert judging(message_threshold=0).judge(asked("message", payloads)).refused is None
