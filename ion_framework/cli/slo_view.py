"""What ``ion slo status`` shows: what a host says of its objectives, as tables or JSON."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ion_framework.cli.output import Output
from ion_framework.cli.running_host import RunningHost
from ion_framework.cli.slo_texts import say
from ion_framework.cli.tables import Cell, Table
from ion_framework.domain.language import Language
from ion_framework.slo.notice import Measure
from ion_framework.slo.texts import amount, span

PATH = ("api", "v2", "slo")
HEALTHY, ALERTING, CANNOT_TELL = 0, 1, 2
"""Exit codes."""

_CODES = {"healthy": HEALTHY, "alerting": ALERTING}
_MOODS = {"inactive": "quiet", "pending": "notice", "firing": "bad"}
_NONE = "–"


def show_status(url: str, key_file: Path | None, language: Language, *, as_json: bool) -> int:
    """Show how a host keeps what it promises; returns the exit code.

    Args:
        url: address of the host.
        key_file: file with the API key, None for the environment's.
        language: language of the texts.
        as_json: whether to write JSON, as the host sends it.

    Raises:
        click.ClickException: the host cannot be reached, refuses, or is of another version.
    """
    host = RunningHost(url=url, key_file=key_file, language=language, scope="read")
    answer = host.ask("GET", *PATH)
    output = Output()
    if as_json:
        output.json(answer)
    else:
        try:
            _show(answer, language, output)
        except (KeyError, TypeError, ValueError) as error:
            raise click.ClickException(
                f"{url}: the answer is none that this version of ion knows: {error!r}"
            ) from None
    return _CODES.get(str(answer.get("status")), CANNOT_TELL)


def _show(answer: dict[str, Any], language: Language, output: Output) -> None:
    status = answer["status"]
    mood = {"healthy": "good", "alerting": "bad"}.get(status, "notice")
    name = status if status in _CODES else "unknown"
    output.line(say(name, language, observed=span(answer["observed_s"], language)), mood)
    if not answer["alerts"]:
        return
    tables = (
        _objectives(answer["objectives"], language),
        _burn_rates(answer["burn_rates"], language),
        _alerts(answer["alerts"], language),
    )
    for table in tables:
        output.line()
        output.table(table)


def _objectives(found: list[dict[str, Any]], language: Language) -> Table:
    def heading(name: str) -> str:
        return say(name, language)

    rows = []
    for each in found:
        limit_s = each["latency_s"]
        target = f"{each['target'] * 100:.6g}%" + (f" ≤ {limit_s:g} s" if limit_s else "")
        rows.append(
            (
                say(each["name"], language) if each["name"] in _OBJECTIVES else each["name"],
                target,
                _percent(each["actual"]),
                Cell(_percent(each["budget_left"]), "" if each["budget_left"] > 0 else "bad"),
                amount(Measure.BURN_RATE, each["burn_rate"], language),
                _moment(each["spent_at"]),
            )
        )
    names = ("objective", "target", "actual", "left", "burn", "spent")
    return Table(tuple(map(heading, names)), tuple(rows))


def _burn_rates(found: list[dict[str, Any]], language: Language) -> Table:
    rows = tuple(
        (
            span(each["window_s"], language),
            amount(Measure.BURN_RATE, each["rate"], language),
            str(each["requests"]),
        )
        for each in found
    )
    names = ("window", "burn_rate", "requests")
    return Table(tuple(say(name, language) for name in names), rows)


def _alerts(found: list[dict[str, Any]], language: Language) -> Table:
    rows = []
    for each in found:
        measure, state = Measure(each["measure"]), each["state"]
        rows.append(
            (
                each["rule"],
                Cell(say(state, language), _MOODS[state]),
                _value(measure, each, language),
                ("< " if each["below"] else "> ") + amount(measure, each["threshold"], language),
                " + ".join(span(window_s, language) for window_s in each["windows_s"]),
                _moment(each["since"]),
            )
        )
    names = ("alert", "state", "value", "limit", "windows", "since")
    return Table(tuple(say(name, language) for name in names), tuple(rows))


def _value(measure: Measure, alert: dict[str, Any], language: Language) -> str:
    # A host of an earlier version does not tell how few there were.
    if alert["value"] is not None or "seen" not in alert:
        return amount(measure, alert["value"], language)
    return say("too_few", language, seen=alert["seen"], least=alert["least"])


def _moment(written: str | None) -> str:
    """A time in the time zone of this machine, to the minute; of today without its date."""
    if written is None:
        return _NONE
    local = datetime.fromisoformat(written).astimezone()
    is_today = local.date() == datetime.now(local.tzinfo).date()
    return local.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M")


def _percent(share: float | None) -> str:
    return _NONE if share is None else f"{share * 100:.4g}%"


_OBJECTIVES = ("availability", "latency")
