"""An entry knows its age and what it is good for."""

from __future__ import annotations

import inspect
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_two_tier_cache.entry import Entry, Freshness
from msgspec.structs import replace

from ion_framework.pipeline.cache import CachedRefusal, CachedReply
from ion_framework.pipeline.chunks import Usage

REPLY = CachedReply("an answer", Usage(10, 20, None), "model-1", "offline", 1000.0)


def make_entry(**changes):
    """An entry made at 1000, fresh for 60 s, stale for 30 s, good on error for 10 s."""
    entry = Entry(REPLY, ("persona:lua",), 1000.0, 60.0, 30.0, 10.0, 0.5)
    return replace(entry, **changes)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (0.0, Freshness.FRESH),
        (1000.0, Freshness.FRESH),
        (1059.99, Freshness.FRESH),
        (1060.0, Freshness.STALE),
        (1089.99, Freshness.STALE),
        (1090.0, Freshness.ON_ERROR),
        (1099.99, Freshness.ON_ERROR),
        (1100.0, Freshness.GONE),
        (math.inf, Freshness.GONE),
    ],
)
def test_each_span_includes_its_begin_and_not_its_end(now, state):
    """The spans follow one upon the other, each from its first instant on."""
    assert make_entry().state(now) is state


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"fresh_s": 0.0}, Freshness.STALE),
        ({"fresh_s": 0.0, "revalidate_s": 0.0}, Freshness.ON_ERROR),
        ({"fresh_s": 0.0, "revalidate_s": 0.0, "on_error_s": 0.0}, Freshness.GONE),
    ],
)
@pytest.mark.parametrize("now", [900.0, 1000.0])
def test_an_empty_span_is_passed_over(changes, state, now):
    """A span of no length holds no instant, also not for a clock that is behind."""
    assert make_entry(**changes).state(now) is state


@pytest.mark.parametrize("field", ["made_at", "fresh_s"])
def test_a_time_that_is_no_number_makes_an_entry_gone(field):
    """An entry whose begin or first span is NaN is good for nothing."""
    assert make_entry(**{field: math.nan}).state(1000.0) is Freshness.GONE


@given(
    made_at=st.floats(0, 2e9),
    fresh_s=st.floats(0, 1e6) | st.just(math.nan),
    later_s=st.floats(-1e6, 2e6),
)
def test_fresh_is_the_first_state(made_at, fresh_s, later_s):
    """An entry says that it is fresh at exactly the instants at which its state is fresh."""
    entry, now = make_entry(made_at=made_at, fresh_s=fresh_s), made_at + later_s

    assert entry.is_fresh(now) is (entry.state(now) is Freshness.FRESH)


@pytest.mark.parametrize(("now", "age_s"), [(1012.5, 12.5), (1000.0, 0.0), (990.0, 0.0)])
def test_an_age_is_never_negative(now, age_s):
    """An entry from a host whose clock is ahead has the age 0."""
    assert make_entry().age_s(now) == age_s


def test_an_entry_ends_after_all_three_spans():
    """The end is the begin and all three spans."""
    entry = make_entry()

    assert (entry.lifetime_s, entry.expires_at) == (100.0, 1100.0)


def test_nothing_in_an_entry_can_be_changed():
    """Every field of an entry, of a reply and of a refusal refuses assignment and is hashable."""
    refusal = CachedRefusal("gemini", "blocked", "Let us talk of something else.", None, True)
    for body in (REPLY, refusal):
        entry = make_entry(body=body)
        hash(entry)  # fails as soon as a field is a list, a dict or a set
        for value in (entry, body, REPLY.usage):
            for name in inspect.signature(type(value)).parameters:
                with pytest.raises(AttributeError):
                    setattr(value, name, "changed")
