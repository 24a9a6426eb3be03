"""``ion load run``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import click

from ion_framework.cli.options import json_option
from ion_load.naming import duration, spoken
from ion_load.scenarios import LADDER, SCENARIOS, Scenario
from ion_load.target import key_from, key_option, url_option

ALL = "all"


def _listing() -> str:
    lines = [
        f"{each.name:14} {each.users:4} users, {each.spawn_rate:3g} a second, "
        f"{spoken(each.duration_s):>4}, then {spoken(each.cool_down_s)} of rest"
        for each in SCENARIOS.values()
    ]
    return "\n".join(("\b", *lines, f"{ALL:14} {', '.join(LADDER)}"))


@click.command(
    help="Let locust put the load of each SCENARIO on a host, one after another, and write what "
    f"came of it as CSV, HTML and Markdown.\n\n{_listing()}",
    epilog="An answer 429 counts as success, except in the scenario edge; the summary says how "
    "many there were. Ctrl-C and SIGTERM end locust; the summary is then marked as interrupted. "
    "Exit codes: 0 every scenario ran and no request failed, 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP, "
    "1 otherwise.",
)
@click.argument(
    "names", nargs=-1, required=True, metavar="SCENARIO…", type=click.Choice([*SCENARIOS, ALL])
)
@url_option(required=True)
@key_option
@click.option("--users", type=click.IntRange(1, 100_000), metavar="N", help="Users instead.")
@click.option(
    "--spawn-rate", type=click.FloatRange(0.01, 100_000), metavar="R", help="Users a second."
)
@click.option("--duration", callback=duration, metavar="T", help="Time of each scenario: 90s, 2m.")
@click.option(
    "--cool-down", type=click.FloatRange(0, 3600), metavar="S", help="Seconds of rest between two."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes of locust that make the requests.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("perf/results"),
    show_default=True,
    metavar="DIR",
    help="Folder for the files.",
)
@json_option
@click.pass_context
def run(context: click.Context, /, names: tuple[str, ...], **options: Any) -> None:
    """Let locust put the load of each SCENARIO on a host."""
    from ion_load.run_work import Plan, run_plan  # starts processes and draws a bar

    plan = Plan(
        label=ALL if names == (ALL,) else "-".join(dict.fromkeys(names)),
        scenarios=tuple(_changed(SCENARIOS[name], options) for name in _expanded(names)),
        url=options["url"],
        workers=options["workers"],
        out=options["out"],
        key=key_from(options["key_file"]),
        as_json=options["as_json"],
    )
    context.exit(run_plan(plan))


def _expanded(names: tuple[str, ...]) -> tuple[str, ...]:
    """The scenarios, each once, in the order in which they were named."""
    found = (each for name in names for each in (LADDER if name == ALL else (name,)))
    return tuple(dict.fromkeys(found))


def _changed(scenario: Scenario, options: dict[str, Any]) -> Scenario:
    """The scenario with the numbers of the command line."""
    given = {
        "users": options["users"],
        "spawn_rate": options["spawn_rate"],
        "duration_s": options["duration"],
        "cool_down_s": options["cool_down"],
    }
    return attrs.evolve(
        scenario, **{key: value for key, value in given.items() if value is not None}
    )
