"""The line of a request that is put together directly is the one that structlog would make."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from itertools import product
from typing import Any

import attrs
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from ion_host_aiohttp.run.logs import configure_process, make_logger
from ion_host_aiohttp.run.request_lines import (
    DirectLines,
    RequestLines,
    leave_line,
    line_fields,
)

from ion_framework.domain.trace_context import TraceContext
from ion_framework.pipeline.events import RequestCompleted
from ion_framework.settings.model import LogFormat, LogLevel, LogSettings

PLAIN = RequestCompleted("POST", "/chat", 200, "r-1", 1.0, 0.0123456)
TRACE = TraceContext.parse(f"00-{'a' * 32}-{'b' * 16}-01", "")
FORMATS = [LogFormat.JSON, LogFormat.CLOUD]
EVENTS = {
    "plain": PLAIN,
    "traced": attrs.evolve(PLAIN, trace=TRACE),
    "lasting": attrs.evolve(PLAIN, lasted_s=1.23456, lasting=True),
    "both": attrs.evolve(PLAIN, trace=TRACE, lasted_s=2.0),
    "hostile": attrs.evolve(PLAIN, method="\x7f\u2028\ud800", request_id='"\n\\', route="/한"),
    "no fraction": attrs.evolve(PLAIN, duration_s=2),
    "no time": attrs.evolve(PLAIN, duration_s=float("nan")),
    "endless": attrs.evolve(PLAIN, duration_s=float("inf")),
    "long": attrs.evolve(PLAIN, duration_s=1e300),
}


class Odd:
    """An object that nobody can show."""

    def __repr__(self) -> str:
        raise ValueError


MORE: dict[str, dict[str, object]] = {
    "nothing": {},
    "texts": {"persona": "루아", "cache": "hit", "a": "\x85", "": ""},
    "others": {"a": 1, "b": 1.5, "c": None, "d": [1, "x"], "e": {1}},
    "odd": {"a": Odd()},
    "own names": {"route": "/other", "status": 1, "lasted_ms": 2},
    "first names": {"severity": "own", "message": "own"},
    "a trace": {"trace_id": "own", "logging.googleapis.com/trace": "own"},
    "bound names": {"worker": 7},
}
CONTEXTS: list[dict[str, object]] = [{}, {"worker": 1}, {"route": "own"}, {"message": "own"}]


def told(form: LogFormat, context: dict[str, Any], *, direct: bool, **given: Any) -> str:
    """The line of a request but for its time."""
    stream = io.StringIO()
    logger = make_logger(stream, LogSettings(format=form), {}).bind(**context)
    if direct:
        leave_line(logger, given["event"], given["more"])
    else:
        logger.info("request", **line_fields(given["event"], given["more"]))
    return re.sub(r'("timestamp": ")[0-9T:.-]+Z', r"\1", stream.getvalue(), count=1)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("event", EVENTS)
def test_it_is_the_line_of_all_other_ways(event, form):
    """Of every request the line is the same, byte for byte, but for its time."""
    for more, context in product(MORE.values(), CONTEXTS):
        parts = {"event": EVENTS[event], "more": more}
        expected = told(form, context, direct=False, **parts)

        assert told(form, context, direct=True, **parts) == expected


@given(
    st.builds(
        RequestCompleted,
        method=st.text(max_size=9),
        route=st.text(max_size=9),
        status=st.integers(100, 599),
        request_id=st.text(max_size=9),
        at=st.just(0.0),
        duration_s=st.floats(),
        lasted_s=st.none() | st.floats(),
    ),
    st.dictionaries(st.sampled_from(["persona", "cache", "x"]), st.text() | st.floats()),
)
def test_whatever_is_in_it(event, more):
    """Whatever texts and numbers a request has, both ways write the same."""
    parts = {"event": event, "more": more}
    try:
        expected = told(LogFormat.JSON, {}, direct=False, **parts)
    except (OverflowError, ValueError) as error:
        with pytest.raises(type(error)):
            told(LogFormat.JSON, {}, direct=True, **parts)
        return
    assert told(LogFormat.JSON, {}, direct=True, **parts) == expected


def test_ordinary_lines_are_written_directly():
    """Lines of JSON are written directly unless other steps or bound fields change them."""
    stream = io.StringIO()
    json_logger = make_logger(stream, LogSettings(format=LogFormat.JSON), {})
    console = make_logger(stream, LogSettings(format=LogFormat.CONSOLE), {})
    more = {"persona": "lua"}

    assert json_logger.bind(worker=1).leave(PLAIN, more)
    assert not console.leave(PLAIN, more)
    with structlog.contextvars.bound_contextvars(bound="yes"):
        assert not json_logger.leave(PLAIN, more)


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_bound_to_the_context_is_in_the_line(form):
    """A field that somebody bound to the context of the request is in its line."""
    stream = io.StringIO()
    with structlog.contextvars.bound_contextvars(bound="yes"):
        leave_line(make_logger(stream, LogSettings(format=form), {}), PLAIN, {})

    assert json.loads(stream.getvalue())["bound"] == "yes"


async def test_lines_of_one_round_of_the_loop_are_left_in_the_next():
    """Who adds a line writes none: those of one round are written together, in their order."""
    stream = io.StringIO()
    lines = RequestLines(make_logger(stream, LogSettings(format=LogFormat.JSON), {}))
    for number in range(3):
        lines.add(attrs.evolve(PLAIN, request_id=f"r-{number}"), {})
    before = stream.getvalue()
    await asyncio.sleep(0)
    found = [json.loads(line)["request_id"] for line in stream.getvalue().splitlines()]
    lines.add(PLAIN, {})
    await asyncio.sleep(0)

    assert not before
    assert ["r-0", "r-1", "r-2"] == found
    assert 4 == len(stream.getvalue().splitlines())


async def test_a_line_whose_context_is_bound_is_left_at_once():
    """A field that is bound where the request ends is in its line, and in no other."""
    stream = io.StringIO()
    lines = RequestLines(make_logger(stream, LogSettings(format=LogFormat.JSON), {}))
    with structlog.contextvars.bound_contextvars(bound="yes"):
        lines.add(PLAIN, {})
        at_once = json.loads(stream.getvalue())
    lines.add(PLAIN, {})
    await asyncio.sleep(0)
    later = json.loads(stream.getvalue().splitlines()[1])

    assert "yes" == at_once["bound"]
    assert "bound" not in later


def test_levels_above_leave_none():
    """Where only warnings are logged a request leaves no line."""
    stream = io.StringIO()
    settings = LogSettings(format=LogFormat.JSON, level=LogLevel.WARNING)
    logger = make_logger(stream, settings, {})
    leave_line(logger, PLAIN, {})

    assert not isinstance(logger, DirectLines)
    assert not stream.getvalue()


def test_captured_lines_are_captured():
    """Who captures the logs of the process gets the line of a request with its fields."""
    stream, root = io.StringIO(), logging.getLogger()
    before = root.handlers[:], root.level
    try:
        logger = configure_process(stream, LogSettings(format=LogFormat.JSON), {})
        with structlog.testing.capture_logs() as lines:
            leave_line(logger, PLAIN, {"persona": "lua"})
    finally:
        structlog.reset_defaults()
        root.handlers[:], root.level = before

    assert lines == [
        {"event": "request", "log_level": "info", "persona": "lua"}
        | {
            "method": "POST",
            "route": "/chat",
            "status": 200,
            "duration_ms": 12.346,
            "request_id": "r-1",
        }
    ]
    assert not stream.getvalue()
