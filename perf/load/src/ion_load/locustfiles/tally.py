"""What locust does not tell: answers by status, degraded ones, and the last second of a run.

A 429 counts as success, so that a run against a host that refuses nearly everything looks perfect
in locust's own table. These counts say what the successes were. Workers send theirs to the master.

Locust writes its CSV files once a second and not at the end: requests that end in the last second,
which are those that a host kept waiting longest, are not in them. So they are written again.
"""

from __future__ import annotations

import csv
import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from locust import events, runners, stats
from locust.env import Environment

DEGRADED = "degraded"
_FIELD = "ion_answers"
_UNDER_WAY = frozenset({runners.STATE_RUNNING, runners.STATE_SPAWNING})

answers: Counter[str] = Counter()
"""Answers by status (``0`` where none came), and `DEGRADED`."""


def _add_option(parser: ArgumentParser, **_: Any) -> None:
    parser.add_argument("--final", default="", help="path and begin of the names of what is left")


def _count(response: Any, **_: Any) -> None:
    answers[str(getattr(response, "status_code", 0) or 0)] += 1
    if (getattr(response, "headers", None) or {}).get("ION-Degraded"):
        answers[DEGRADED] += 1


def _send(data: dict[str, Any], **_: Any) -> None:
    data[_FIELD] = dict(answers)
    answers.clear()


def _receive(data: dict[str, Any], **_: Any) -> None:
    answers.update(data.get(_FIELD, {}))


def _write(environment: Environment, **_: Any) -> None:
    options, runner = environment.parsed_options, environment.runner
    if options is None or options.worker or not options.final:
        return
    if runner is not None and runner.state in _UNDER_WAY:
        # A signal came: without it what is under way, and what workers have not told, is not told.
        runner.quit()
    text = json.dumps(dict(answers), sort_keys=True)
    Path(f"{options.final}_answers.json").write_text(f"{text}\n", "utf-8")
    rows = stats.StatsCSV(environment, stats.PERCENTILES_TO_REPORT)
    for name, write in (("stats", rows.requests_csv), ("failures", rows.failures_csv)):
        with Path(f"{options.final}_final_{name}.csv").open("w", encoding="utf-8") as file:
            write(csv.writer(file, lineterminator="\n"))


_HOOKS: Any = events  # locust annotates the hooks, but not how a listener is added
_HOOKS.init_command_line_parser.add_listener(_add_option)
_HOOKS.request.add_listener(_count)
_HOOKS.report_to_master.add_listener(_send)
_HOOKS.worker_report.add_listener(_receive)
_HOOKS.quitting.add_listener(_write)

# Once in ten seconds, as it comes, is too rare to show how far a run is.
stats.CSV_STATS_FLUSH_INTERVAL_SEC = 0
