"""Lines of JSON that are made in one step are those that the chain of steps of structlog makes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import pytest
import structlog
from ion_host_aiohttp.run.json_events import JsonEvents
from ion_host_aiohttp.run.log_lines import cloud_line, json_line


class Word(StrEnum):
    """A word of a closed list."""

    ONE = "one"


class Odd:
    """An object that nobody can show."""

    def __repr__(self) -> str:
        raise ValueError


CHAIN = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)
EVENTS: dict[str, Mapping[str, Any]] = {
    "plain": {"status": 200, "duration_ms": 1.25, "route": "/chat", "late": None, "own": True},
    "texts": {"a": '"\\\n\t', "b": "한국어", "c": "\ud800", "d": "\x7f\u2028\x85", "": ""},
    "numbers": {"a": -0.0, "b": 1e-7, "c": 2**70, "d": HTTPStatus.OK},
    "without end": {"a": float("nan"), "b": float("inf")},
    "others": {"a": [1, {"b": (2, None)}], "c": Word.ONE, "d": {1, 2}, "e": b"x"},
    "odd": {"a": Odd()},
    "own names": {"severity": "own", "message": "own", "level": "own", "timestamp": "own"},
    "errors": {"exc_info": ValueError("broken")},
    "no error": {"exc_info": None},
    "traced": {"trace_id": "a" * 32},
}


def by_chain(render: Any, method: str, event: Mapping[str, Any]) -> str:
    """The line of an event by the chain of steps."""
    made: Any = {**event, "event": "happened"}
    for step in CHAIN:
        made = step(None, method, made)
    return str(render(None, method, made))


def without_time(line: str) -> str:
    """A line but for its time."""
    return line.replace(json.loads(line)["timestamp"], "")


@pytest.mark.parametrize("render", [json_line, cloud_line])
@pytest.mark.parametrize("method", ["debug", "info", "warn", "warning", "error", "exception"])
@pytest.mark.parametrize("name", EVENTS)
def test_one_step_makes_the_line_of_the_chain(name, method, render):
    """Of every event and level the line is the same, but for the fraction of its second."""
    with structlog.contextvars.bound_contextvars(bound="yes", route="bound"):
        expected = by_chain(render, method, EVENTS[name])
        line = JsonEvents(render)(None, method, {**EVENTS[name], "event": "happened"})

    assert without_time(expected) == without_time(line)


def test_the_time_is_that_of_the_clock():
    """The time of a line is that of its clock, in UTC, to the microsecond."""
    moments = [1_000_000_000.25, 1_000_000_000.75, 1_000_000_059.0625, 999_999_999.5]
    clock = iter(moments)
    events = JsonEvents(json_line, lambda: next(clock))
    told = [json.loads(events(None, "info", {}))["timestamp"] for _ in moments]

    assert told[0] == "2001-09-09T01:46:40.250000Z"
    assert [datetime.fromisoformat(each) for each in told] == [
        datetime.fromtimestamp(moment, UTC) for moment in moments
    ]


@pytest.mark.parametrize("name", ["plain", "numbers", "traced"])
def test_a_line_is_that_of_the_standard_encoder(name):
    """What is written piece by piece is what the standard library writes of the whole."""
    told = {"event": "happened", **EVENTS[name]}

    assert json.dumps(told, ensure_ascii=False) == json_line(None, "info", told)
