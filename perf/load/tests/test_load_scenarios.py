"""Scenarios, payloads, durations and names of files."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click
import pytest
from ion_load.naming import duration, spoken, stem, summary_name, time_in
from ion_load.payloads import EDGE_ACCEPTED, EDGE_PAYLOADS, LONGEST, MESSAGES, numbered
from ion_load.scenarios import LADDER, SCENARIOS

AT = datetime(2025, 10, 18, 16, 15, 25).astimezone()


@pytest.mark.parametrize(
    ("name", "users", "spawn_rate", "duration_s", "cool_down_s"),
    [
        ("light", 10, 1, 120, 30),
        ("medium", 50, 5, 300, 60),
        ("heavy", 100, 10, 300, 60),
        ("stress", 200, 20, 600, 120),
        ("soak", 50, 5, 28_800, 60),
        ("spike", 200, 200, 360, 60),
        ("edge", 20, 2, 300, 30),
        ("chat-only", 50, 5, 300, 30),
    ],
)
def test_scenarios_have_the_agreed_numbers(name, users, spawn_rate, duration_s, cool_down_s):
    """Users, users a second, seconds and rest of each scenario are as agreed."""
    found = SCENARIOS[name]

    assert (users, spawn_rate) == (found.users, found.spawn_rate)
    assert (duration_s, cool_down_s) == (found.duration_s, found.cool_down_s)


def test_odd_payloads_stay_in_their_scenario():
    """Only the scenario edge has users with odd payloads; all others leave their tasks out."""
    edge = SCENARIOS["edge"]

    assert (("EdgeUser",), ("edge",), ()) == (edge.classes, edge.tags, edge.exclude_tags)
    for name, scenario in SCENARIOS.items():
        if name != "edge":
            assert "EdgeUser" not in scenario.classes
            assert ("edge",) == scenario.exclude_tags


def test_all_stands_for_the_loads_that_grow():
    """The four scenarios of ``all`` have ever more users."""
    users = [SCENARIOS[name].users for name in LADDER]

    assert sorted(set(users)) == users


def test_there_are_nine_odd_payloads():
    """Nine bodies, each odd in its own way, of which one is no JSON."""
    assert 9 == len({payload.name for payload in EDGE_PAYLOADS}) == len(EDGE_PAYLOADS)
    broken = []
    for payload in EDGE_PAYLOADS:
        try:
            json.loads(payload.body)
        except ValueError:
            broken.append(payload.name)
    assert ["not JSON"] == broken
    assert 429 not in EDGE_ACCEPTED


def test_numbered_messages_are_new_and_short_enough():
    """No two numbers give the same message, and the host's limit of characters is kept."""
    made = [numbered(number, "abcdef") for number in range(1000)]

    assert 1000 == len(set(made))
    assert max(map(len, (*made, *MESSAGES))) <= LONGEST


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("2m", 120), ("1h30m", 5400), ("2m5s", 125), ("0.5s", 0.5)],
)
def test_durations_are_read(text, seconds):
    """Hours, minutes and seconds add up, and a bare number is seconds."""
    assert seconds == duration(None, None, text)


@pytest.mark.parametrize("text", ["", "0", "-3s", "2 m", "soon", "1h1h", "169h"])
def test_what_is_no_duration_is_refused(text):
    """A text that is none, nothing at all, and more than a week are refused with an example."""
    with pytest.raises(click.BadParameter, match="write 90s, 2m or 1h30m"):
        duration(None, None, text)


def test_durations_are_written_as_they_are_read():
    """A duration is told in the form of the command line."""
    assert ["2m", "8h", "1h30m", "1h", "5s", "1m30s", "0.5s"] == list(
        map(spoken, (120, 28_800, 5400, 3600, 5, 90, 0.5))
    )


def test_files_are_named_by_scenario_and_time():
    """Names hold scenario and time, and the time can be read back out of them."""
    assert "load_test_chat-only_20251018_161525" == stem("chat-only", AT)
    assert "summary_all_20251018_161525.md" == summary_name("all", AT)
    assert AT == time_in(Path(stem("light", AT) + "_stats.csv"))


def test_names_without_a_time_have_none():
    """A name without a time, or with digits that are none, tells no time."""
    assert time_in(Path("load_test_light_stats.csv")) is None
    assert time_in(Path("load_test_light_20259999_999999_stats.csv")) is None
