"""Whose answers are shared, and what a hostile text costs the key."""

import sys
import time

import attrs
import pytest

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.language import Language
from ion_framework.domain.persona import CachePolicy, CacheScope
from ion_framework.domain.prompt import Prompt
from ion_framework.pipeline.cache_key import MAYBE_MARK, is_mark, make_key
from ion_framework.testing import make_persona, make_turn

SHARED = make_persona(cache=CachePolicy(CacheScope.SHARED))
PROMPT = Prompt("sage/standard", "1", "system", (), "user", Language.ENGLISH)
MARKS = "\u0301\u0316"
"""An acute above and a grave below, in the order that the normal form turns round."""


def key_of(user=PROMPT.user, **request):
    """The key of a turn of a shared persona."""
    turn = make_turn(persona=SHARED, **request)
    return make_key(turn, SHARED, attrs.evolve(PROMPT, user=user), "g@m")


@pytest.mark.parametrize(
    "request_of",
    [
        {"user_id": "ann"},
        {"session_id": "one"},
        {"principal": "ann", "user_id": "x"},
        {"history": (Message(Role.USER, "my name is Ann"),)},
        {"summary": "- U: my name is Ann"},
        {"notes": ("Her name is Ann.",)},
    ],
    ids=" ".join,
)
def test_a_turn_that_tells_of_its_user_shares_nothing(request_of):
    """A generator sees the request, so that one with a user or a past is not shared."""
    assert "" != key_of(**request_of).principal


def test_a_turn_that_tells_of_nobody_is_shared():
    """Without a user and a past, who asks does not matter for a shared persona."""
    assert "" == key_of(principal="ann").principal == key_of(principal="bob").principal


@pytest.mark.parametrize("count", [1, 15])
def test_the_order_of_marks_does_not_matter(count):
    """Texts that look the same have the same key."""
    turned = "".join(reversed(MARKS))

    assert key_of("a" + MARKS[:1] * count + MARKS[1:] * count) == key_of(
        "a" + turned[:1] * count + turned[1:] * count
    )


@pytest.mark.parametrize("marks", [MARKS, "\u0f73"], ids=["marks", "marks within a character"])
def test_a_long_run_of_marks_takes_linear_time(marks):
    """A run of marks that no language has costs no more than any text of its length."""
    began = time.perf_counter()
    key_of("a" + marks * 100_000)

    assert time.perf_counter() - began < 1.0, "sorting so many marks would take half a minute"


def test_a_run_that_is_taken_as_it_is_still_has_a_key_of_its_own():
    """Two texts with different runs of marks share no key."""
    assert key_of("a" + MARKS * 100).digest != key_of("a" + MARKS * 101).digest


def test_no_mark_is_overlooked():
    """The quick look for marks passes over no character of Unicode that is one."""
    every = map(chr, range(sys.maxunicode + 1))

    assert [] == [char for char in every if not MAYBE_MARK.search(char) and is_mark(char)]
