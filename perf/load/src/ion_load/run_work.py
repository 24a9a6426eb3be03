"""What ``ion load run`` does: scenario after scenario, with rests, a bar and a summary."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import attrs
import click

from ion_framework.cli.output import Output, note
from ion_load.bar import shown
from ion_load.interruption import Interruption
from ion_load.locust_process import Order, Progress, Ran, run_locust
from ion_load.naming import LATEST, spoken, stem, summary_name
from ion_load.run_report import Heading, Outcome, report
from ion_load.scenarios import Scenario
from ion_load.summarize_locust_csv import parse_stats_csv


@attrs.frozen(kw_only=True)
class Plan:
    """What is to be run.

    Attributes:
        label: what the summary's file is named after.
        scenarios: what to run, in this order.
        url: address of the host.
        workers: processes that make the requests.
        out: folder of the files.
        key: API key, None without one.
        as_json: print figures as JSON instead of the summary.
    """

    label: str
    scenarios: tuple[Scenario, ...]
    url: str
    workers: int
    out: Path
    key: str | None = attrs.field(default=None, repr=False)
    as_json: bool = False


def run_plan(plan: Plan) -> int:
    """Run it, write the summary, print it; gives the exit code.

    SIGINT, SIGTERM and SIGHUP end locust; the summary is then of what there was, and the exit code
    is 128 and the signal's number.

    Raises:
        click.ClickException: locust cannot be started, or the folder cannot be written.
    """
    began = _now()
    with Interruption() as stop:
        try:
            outcomes = _outcomes(plan, stop)
            heading = Heading(
                label=plan.label,
                url=plan.url,
                workers=plan.workers,
                began=began,
                interrupted=stop.name,
                left=tuple(each.name for each in plan.scenarios[len(outcomes) :]),
            )
            _write(plan, heading, outcomes)
        except OSError as error:
            raise click.ClickException(f"the load cannot be run: {error}") from error
        return stop.exit_code or int(not all(outcome.well for outcome in outcomes))


def _outcomes(plan: Plan, stop: Interruption) -> Sequence[Outcome]:
    """What became of each scenario, up to the one during which a signal came."""
    outcomes: list[Outcome] = []
    for scenario in plan.scenarios:
        if outcomes:
            _rest(outcomes[-1].order.scenario, stop)
        if stop.asked:
            break
        outcomes.append(_run(plan, scenario, stop))
    return outcomes


def _write(plan: Plan, heading: Heading, outcomes: Sequence[Outcome]) -> None:
    """Write the summary and tell it.

    Raises:
        OSError: the folder cannot be written.
    """
    plan.out.mkdir(parents=True, exist_ok=True)
    text = report(heading, outcomes)
    file = plan.out / summary_name(plan.label, heading.began)
    file.write_text(text, "utf-8", newline="\n")
    shutil.copyfile(file, plan.out / LATEST)
    if plan.as_json:
        document = {
            "well": not heading.interrupted and all(outcome.well for outcome in outcomes),
            "interrupted": heading.interrupted,
            "not_run": list(heading.left),
            "summary": str(file),
            "scenarios": [outcome.told() for outcome in outcomes],
        }
        Output().json(document)
    else:
        Output().piece(text)
    if heading.interrupted:
        note(f"Interrupted by {heading.interrupted}: locust has ended.")
    note(f"The summary is in {file}, all files of the run are beside it.")


def _run(plan: Plan, scenario: Scenario, stop: Interruption) -> Outcome:
    began = _now()
    order = Order(scenario, plan.url, plan.workers, plan.out / stem(scenario.name, began), plan.key)
    what = f"{scenario.name}: {scenario.users} users for {spoken(scenario.duration_s)}"
    with shown(what, scenario.duration_s) as show:

        def told(now: Progress) -> None:
            done = f"{now.users} users, {now.requests} requests, {now.failures} failed"
            show(now.elapsed_s, done)

        ran = run_locust(order, told, stop)
    outcome = Outcome(order, ran, parse_stats_csv(order.file("_stats.csv")))
    _tell(outcome, ran)
    return outcome


def _tell(outcome: Outcome, ran: Ran) -> None:
    name = outcome.order.scenario.name
    if outcome.crashed:
        note(f"{name}: locust ended with code {ran.exit_code}: {ran.log.strip()[-1500:]}")
    elif not outcome.requests and not ran.interrupted:
        note(f"{name}: no request was made")


def _rest(before: Scenario, stop: Interruption) -> None:
    if before.cool_down_s and not stop.asked:
        note(f"rest of {spoken(before.cool_down_s)} after {before.name}")
        stop.rest(before.cool_down_s)


def _now() -> datetime:
    return datetime.now().astimezone()
