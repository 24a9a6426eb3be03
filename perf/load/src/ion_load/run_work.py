"""What ``ion load run`` does: scenario after scenario, with rests, a bar and a summary."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import attrs
import click

from ion_framework.cli.output import Output, note
from ion_load.locust_process import Order, Progress, Ran, run_locust
from ion_load.naming import LATEST, spoken, stem, summary_name
from ion_load.run_report import Outcome, report
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

    Raises:
        click.ClickException: locust cannot be started, or the folder cannot be written.
    """
    began = _now()
    outcomes = []
    try:
        for number, scenario in enumerate(plan.scenarios):
            if number:
                _rest(plan.scenarios[number - 1])
            outcomes.append(_run(plan, scenario))
        text = report(plan.label, plan.url, plan.workers, began, outcomes)
        file = plan.out / summary_name(plan.label, began)
        file.write_text(text, "utf-8", newline="\n")
        shutil.copyfile(file, plan.out / LATEST)
    except OSError as error:
        raise click.ClickException(f"the load cannot be run: {error}") from error
    well = all(outcome.well for outcome in outcomes)
    if plan.as_json:
        told = [outcome.told() for outcome in outcomes]
        Output().json({"well": well, "summary": str(file), "scenarios": told})
    else:
        Output().piece(text)
    note(f"The summary is in {file}, all files of the run are beside it.")
    return int(not well)


def _run(plan: Plan, scenario: Scenario) -> Outcome:
    began = _now()
    order = Order(scenario, plan.url, plan.workers, plan.out / stem(scenario.name, began), plan.key)
    with _shown(scenario) as told:
        ran = run_locust(order, told)
    outcome = Outcome(order, ran, parse_stats_csv(order.file("_stats.csv")))
    _tell(outcome, ran)
    return outcome


def _tell(outcome: Outcome, ran: Ran) -> None:
    name = outcome.order.scenario.name
    if outcome.crashed:
        note(f"{name}: locust ended with code {ran.exit_code}: {ran.log.strip()[-1500:]}")
    elif not outcome.requests:
        note(f"{name}: no request was made")


def _rest(before: Scenario) -> None:
    if before.cool_down_s:
        note(f"rest of {spoken(before.cool_down_s)} after {before.name}")
        time.sleep(before.cool_down_s)


@contextmanager
def _shown(scenario: Scenario) -> Iterator[Callable[[Progress], None]]:
    """Show how far a scenario is: as a bar on a terminal, else by a line at its begin."""
    told = f"{scenario.name}: {scenario.users} users for {spoken(scenario.duration_s)}"
    if not sys.stderr.isatty():
        note(told)
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    figures = TextColumn("{task.fields[figures]}")
    with Bar(*columns, figures, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(told, total=scenario.duration_s, figures="")

        def show(progress: Progress) -> None:
            figures = (
                f"{progress.users} users, {progress.requests} requests, {progress.failures} failed"
            )
            bar.update(task, completed=progress.elapsed_s, figures=figures)

        yield show


def _now() -> datetime:
    return datetime.now().astimezone()
