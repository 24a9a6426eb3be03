"""``ion load``: the commands, each imported when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from ion_framework.cli.lazy import LazyCommand

_COMMANDS = {
    "run": "Let locust put the load of a scenario on a host.",
    "summarize": "Turn locust's CSV files into a table in Markdown.",
    "gate": "Judge latency, errors and amount against limits; exit 1 where one breaks.",
    "probe": "Send requests one after another and count refusals, on one host or two.",
    "trend": "Draw percentiles and error rates over runs.",
}


@click.group()
def load() -> None:
    """Put load on a running host, and judge what became of it."""


def _lazily(name: str, summary: str) -> LazyCommand:
    def find(_: list[str]) -> click.Command:
        found: click.Command = getattr(import_module(f"ion_load.{name}_command"), name)
        return found

    return LazyCommand(name, summary, find)


for _name, _summary in _COMMANDS.items():
    load.add_command(_lazily(_name, _summary))
