"""What ``ion plugins enable``, ``disable``, ``reload`` and ``--url`` do: ask a running host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ion_framework.cli.output import Output
from ion_framework.cli.plugins_change_texts import say
from ion_framework.cli.running_host import RunningHost
from ion_framework.cli.tables import Cell, Table
from ion_framework.domain.language import Language

PATH = ("api", "v2", "plugins")


def change(host: RunningHost, name: str, act: str, *, as_json: bool, body: object = None) -> int:
    """Have a host change a plugin, and show what came of it; returns the exit code.

    Args:
        host: the host.
        name: the plugin.
        act: what is done to it.
        as_json: whether to write JSON.
        body: what is sent along.
    """
    output = Output()
    answer = host.ask("POST", *PATH, name, act, body=body)
    if as_json:
        output.json(answer)
    else:
        output.line(str(answer["message"]), "good" if answer["success"] else "bad")
        for consequence in answer.get("consequences", ()):
            output.line(str(consequence), "notice")
        if len(answer["workers"]) > 1 or not answer["success"]:
            output.table(_by_worker(answer["workers"], host.language))
    return 0 if answer["success"] else 1


def _by_worker(workers: list[dict[str, Any]], language: Language) -> Table:
    rows = tuple(
        (
            str(each["worker"]),
            Cell(say("changed" if each["changed"] else "as it was", language), _mood(each)),
            each["status"] or say("unknown", language),
            each["reason"] or say("it did not answer", language),
        )
        for each in workers
    )
    columns = ("worker", "change", "status", "reason")
    return Table(tuple(say(name, language) for name in columns), rows)


def _mood(worker: dict[str, Any]) -> str:
    return "good" if worker["changed"] else "bad"


def show_running(url: str, key_file: Path | None, *, as_json: bool) -> None:
    """Show the plugins of a running host, with their quarantine and figures.

    Args:
        url: address of the host.
        key_file: file with the API key, None for the environment's.
        as_json: whether to write JSON.
    """
    output = Output()
    host = RunningHost(url=url, key_file=key_file)
    answer = host.ask("GET", *PATH)
    if as_json:
        output.json(answer)
        return
    columns = ("plugin", "status", "failures", "refused", "loop held", "dropped", "reason")
    headings = tuple(say(name, host.language) for name in columns)
    rows = tuple(map(_row, answer["plugins"]))
    output.table(Table(headings, rows))


def _row(plugin: dict[str, Any]) -> tuple[str | Cell, ...]:
    bounds, told = plugin["containment"] or {}, plugin["observer"] or {}
    status = plugin["status"]
    return (
        plugin["name"],
        Cell(status, _MOODS.get(status, "bad")),
        str(bounds.get("failures", "")),
        str(bounds.get("refused", "")),
        str(bounds.get("loop_held", "")),
        str(told.get("dropped", "")),
        plugin["reason"],
    )


_MOODS = {
    "active": "good",
    "ready": "good",
    "idle": "notice",
    "quarantined": "notice",
    "disabled": "quiet",
}
