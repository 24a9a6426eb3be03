"""No text, however made, takes longer than its length explains."""

from __future__ import annotations

import time

import attrs
import pytest

from ion_framework import RequestText

SEEDS = ["a", "<a", "select ", "/*", "/*!", "(", "' or ", "${", "%25", "&lt;", "\\u0041", "../"]
SEEDS += [
    "; ",
    "`",
    "$(",
    "{{",
    "<%",
    "on",
    "--",
    "rm -r ",
    "%c0%",
    "한",
    "1 or ",
    "(|(",
    "\t",
    "[ ",
]
BOUND_S = 1.0
"""Ten times what the slowest takes on a slow machine; a pattern that runs away takes minutes."""


def seconds(judge, request):
    """Processor time of one judgement."""
    began = time.process_time()
    judge.judge(request)
    return time.process_time() - began


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("place", ["id", "query", "header", "path", "message"])
def test_a_hundred_kilobytes_are_judged_at_once(judging, asked, place, seed):
    """One long text is judged within the bound, wherever it stands."""
    text = (seed * 100_000)[:100_000]

    assert seconds(judging(), asked(place, text)) < BOUND_S


@pytest.mark.parametrize("field", ["user_id", "message"])
@pytest.mark.parametrize("seed", ["${", "/*!", "{{", "' or ", "<a"])
def test_many_texts_are_judged_at_once(judging, asked, field, seed):
    """A body of very many texts is judged within the bound."""
    texts = tuple(RequestText(field, (seed * 4000)[:4000]) for _ in range(1000))
    request = attrs.evolve(asked(), texts=texts)

    assert seconds(judging(), request) < BOUND_S


def test_what_is_not_read_does_not_pass(judging, asked):
    """An id longer than what is looked at is refused, and so are more texts than are looked at."""
    long = asked("id", "x" * 5000)
    many = attrs.evolve(
        asked(), texts=tuple(RequestText("user_id", "y z" * 300) for _ in range(99))
    )
    cut = attrs.evolve(asked(), complete=False)

    assert [judging().judge(request).refused for request in (long, many, cut)] == ["protocol"] * 3


def test_a_long_message_passes(judging, asked):
    """How long a message may be is the host's to say."""
    assert judging().judge(asked("message", "긴 이야기입니다. " * 5000)).matches == ()


def test_many_plain_names_pass(judging, asked):
    """A bulk of very many items with ids of their own is read whole, and passes."""
    texts = tuple(RequestText("items.user_id", f"user-{number:016}") for number in range(4000))
    request = attrs.evolve(asked(), texts=texts)

    assert judging().judge(request).matches == ()
    assert seconds(judging(), request) < BOUND_S
