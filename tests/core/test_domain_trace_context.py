"""The headers of distributed traces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.domain.trace_context import TraceContext

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{PARENT}-01"


def test_a_trace_is_read():
    """Trace, span and flags of a valid header are known, and it is written as it came."""
    context = TraceContext.parse(GOOD, "congo=t61rcWkgMzE")

    assert context == TraceContext(TRACE, PARENT, 1, "congo=t61rcWkgMzE")
    assert context.sampled
    assert GOOD == context.traceparent


def test_a_trace_that_is_not_recorded_is_known_as_such():
    """Without the flag, the caller has not recorded its part."""
    context = TraceContext.parse(f"00-{TRACE}-{PARENT}-02")

    assert context is not None
    assert not context.sampled


@pytest.mark.parametrize(
    "header",
    [
        "",
        GOOD.upper(),
        GOOD.replace("-", "_"),
        GOOD + "-",
        GOOD + "-more",
        GOOD + "0",
        GOOD[:-1],
        f"ff-{TRACE}-{PARENT}-01",
        f"0-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-0g",
        f"00-{TRACE}-{PARENT}-01\n",
        f"cc-{TRACE}-{PARENT}-01.what",
    ],
)
def test_a_malformed_trace_is_no_trace(header):
    """What the recommendation calls invalid is ignored."""
    assert TraceContext.parse(header) is None


@pytest.mark.parametrize("header", [f"cc-{TRACE}-{PARENT}-01", f"cc-{TRACE}-{PARENT}-01-what"])
def test_of_a_later_version_counts_what_is_known(header):
    """A version that does not exist yet is read by the fields of today."""
    assert TraceContext.parse(header) == TraceContext(TRACE, PARENT, 1)


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("", ""),
        ("foo=1,bar=2", "foo=1,bar=2"),
        (" foo=1 ,\t, bar=2", "foo=1,bar=2"),
        ("tenant@vendor=x", "tenant@vendor=x"),
        ("foo=1,foo=2", ""),
        ("Foo=1", ""),
        ("foo", ""),
        ("foo=", ""),
        ("foo=bar=baz", ""),
        ("foo=a\x00b", ""),
        (",".join(f"k{number}=v" for number in range(32)), None),
        (",".join(f"k{number}=v" for number in range(33)), ""),
        ("k" * 257 + "=v", ""),
        ("k=" + "v" * 257, ""),
    ],
)
def test_a_malformed_state_is_dropped(header, kept):
    """The list of vendors goes on as it is, or not at all, and never takes the trace with it."""
    context = TraceContext.parse(GOOD, header)

    assert context is not None
    assert context.state == (header if kept is None else kept)


@given(st.text(), st.text())
def test_any_text_is_read_or_ignored(parent, state):
    """No header raises."""
    assert TraceContext.parse(parent, state) is None or parent
