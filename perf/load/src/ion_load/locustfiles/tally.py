"""What locust does not count: answers by status, and those that the host calls degraded.

A 429 counts as success, so that a run against a host that refuses nearly everything looks perfect
in locust's own table. These counts say what the successes were. Workers send theirs to the master.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from locust import events
from locust.env import Environment

DEGRADED = "degraded"
_FIELD = "ion_answers"

answers: Counter[str] = Counter()
"""Answers by status (``0`` where none came), and `DEGRADED`."""


def _add_option(parser: ArgumentParser, **_: Any) -> None:
    parser.add_argument("--answers", default="", help="file for the counts of answers, as JSON")


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
    options = environment.parsed_options
    if options is not None and options.answers and not options.worker:
        Path(options.answers).write_text(json.dumps(dict(answers), sort_keys=True) + "\n", "utf-8")


_HOOKS: Any = events  # locust annotates the hooks, but not how a listener is added
_HOOKS.init_command_line_parser.add_listener(_add_option)
_HOOKS.request.add_listener(_count)
_HOOKS.report_to_master.add_listener(_send)
_HOOKS.worker_report.add_listener(_receive)
_HOOKS.quitting.add_listener(_write)
