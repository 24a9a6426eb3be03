"""What ``ion load probe`` does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
import click

from ion_framework.cli.output import Output, note
from ion_framework.cli.tables import Table
from ion_load.answers import NEEDS_KEY, UNKNOWN
from ion_load.probe import LIMITED, Request, probe, succeeds, tallied

_ROWS = {
    "requests": "requests",
    "answered": "success",
    "failed": "failed",
    "success, %": "success_rate",
    "average, ms": "avg_response_ms",
    "minimum, ms": "min_response_ms",
    "maximum, ms": "max_response_ms",
    "refused (429)": "rate_limited",
    "with Retry-After": "retry_after_count",
    "longest Retry-After, s": "retry_after_max_s",
}


@attrs.frozen(kw_only=True)
class Asked:
    """What the options say."""

    canary: Request
    legacy: Request | None
    amount: int
    delay_ms: int
    out: Path | None
    as_json: bool


def run_probe(asked: Asked) -> int:
    """Ask one host or two, tell; the exit code.

    Raises:
        click.ClickException: the file cannot be written.
    """
    at = datetime.now().astimezone().isoformat(timespec="milliseconds")
    document = {"timestamp": at, **asyncio.run(_probed(asked))}
    if asked.out:
        try:
            asked.out.parent.mkdir(parents=True, exist_ok=True)
            asked.out.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
        except OSError as error:
            raise click.ClickException(f"{asked.out}: it cannot be written: {error}") from error
    _tell(document, asked)
    sides = (document["canary"], document["legacy"])
    return int(any(side["failed"] > side["rate_limited"] for side in sides))


async def _probed(asked: Asked) -> dict[str, Any]:
    found = {"canary": tallied(await _ask(asked, asked.canary))}
    found["legacy"] = tallied(await _ask(asked, asked.legacy) if asked.legacy else ())
    return found


async def _ask(asked: Asked, request: Request) -> Any:
    note(f"{asked.amount} × {request.method} {request.url}, {asked.delay_ms} ms between two")
    return await probe(request, asked.amount, asked.delay_ms)


def _tell(document: Mapping[str, Any], asked: Asked) -> None:
    output = Output()
    if asked.as_json:
        output.json(document)
        return
    names = ("canary", "legacy") if asked.legacy else ("canary",)
    rows = tuple(
        (
            label,
            *("-" if document[name][key] is None else str(document[name][key]) for name in names),
        )
        for label, key in _ROWS.items()
    )
    output.table(Table(("", *names) if asked.legacy else ("", "host"), rows))
    for name in names:
        for told in _failures(document[name]):
            output.line(f"{name}: {told}" if asked.legacy else told, "bad")


def _failures(side: Mapping[str, Any]) -> Iterator[str]:
    """What went wrong with one host, other than refusals by its rate limit."""
    statuses = {int(status): count for status, count in side["status_counts"].items()}
    for status, count in statuses.items():
        if status and not succeeds(status) and status != LIMITED:
            hint = f"; {NEEDS_KEY}" if status == UNKNOWN else ""
            yield f"{count} × status {status}{hint}"
    for error, count in side["errors"].items():
        yield f"{count} × {error}"
