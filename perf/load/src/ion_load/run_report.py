"""The summary of a run in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import attrs

from ion_load.answers import NEEDS_KEY, UNKNOWN
from ion_load.beside import failures
from ion_load.endpoints import cell, endpoint_table
from ion_load.locust_process import Order, Ran
from ion_load.naming import spoken
from ion_load.summarize_locust_csv import Metrics, build_table, figures_of

LIMITED = "429"
DEGRADED = "degraded"


@attrs.frozen(kw_only=True)
class Heading:
    """What stands above all figures.

    Attributes:
        label: name of the run.
        url: address of the host.
        workers: processes that made the requests.
        began: when it began.
        interrupted: name of the signal that ended it, None where none did.
        left: scenarios that were not begun.
    """

    label: str
    url: str
    workers: int
    began: datetime
    interrupted: str | None = None
    left: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Its paragraphs."""
        yield f"# Load test: {self.label}\n"
        yield (f"{self.began:%Y-%m-%d %H:%M:%S %Z}, {self.url}, worker processes: {self.workers}\n")
        if self.interrupted:
            left = f" Not run: {', '.join(self.left)}." if self.left else ""
            yield (
                f"**Interrupted** by {self.interrupted}: the figures are of what there was until "
                f"then.{left}\n"
            )


@attrs.frozen
class Outcome:
    """What became of a scenario.

    Attributes:
        order: what was run.
        ran: what became of locust.
        metrics: figures of all requests together.
    """

    order: Order
    ran: Ran
    metrics: Metrics

    @property
    def crashed(self) -> bool:
        """Whether locust ended by itself, and not as it should."""
        return self.ran.exit_code != 0 and not self.ran.interrupted

    @property
    def requests(self) -> int:
        """Requests that were made."""
        return int(self.metrics.get("requests", 0))

    @property
    def well(self) -> bool:
        """Whether it ran to its end, made requests, and none of them failed."""
        ended = not self.crashed and not self.ran.interrupted
        return ended and self.requests > 0 and not self.metrics["failures"]

    def told(self) -> dict[str, Any]:
        """What became of it, for machines."""
        (row,) = figures_of([(self.order.scenario.name, self.metrics)])["scenarios"]
        return {
            **row,
            "well": self.well,
            "exit_code": self.ran.exit_code,
            "interrupted": self.ran.interrupted,
            "took_s": round(self.ran.took_s, 1),
            "answers": dict(self.ran.answers),
            "files": str(self.order.prefix),
        }


def report(heading: Heading, outcomes: Sequence[Outcome]) -> str:
    """The whole text."""
    entries = [(each.order.scenario.name, each.metrics) for each in outcomes]
    table = build_table(
        entries, ascii_status=False, with_success_rate=True, with_overall=len(entries) > 1
    )
    parts = [
        *heading.lines(),
        table,
        *(section for outcome in outcomes for section in _details(outcome)),
    ]
    return "\n".join(parts)


def _details(outcome: Outcome) -> Iterator[str]:
    scenario = outcome.order.scenario
    yield (
        f"## {scenario.name}\n\n{scenario.users} users, {scenario.spawn_rate:g} a second, "
        f"{spoken(scenario.duration_s)}, {', '.join(scenario.classes)}.\n"
    )
    if outcome.ran.interrupted:
        yield f"Interrupted after {outcome.ran.took_s:.0f} s.\n"
    if outcome.crashed:
        yield f"locust ended with code {outcome.ran.exit_code}:\n\n```\n{outcome.ran.log}\n```\n"
    if told := _answers(outcome):
        yield f"{told}\n"
    if endpoints := endpoint_table(outcome.order.file("_stats.csv")):
        yield endpoints
    yield from _failures(outcome.order)


def _answers(outcome: Outcome) -> str:
    """What the answers were: locust counts an answer 429 as a success, people should know."""
    found = dict(outcome.ran.answers)
    degraded = found.pop(DEGRADED, 0)
    limited = found.get(LIMITED, 0)
    told = ", ".join(f"{name}: {count}" for name, count in sorted(found.items()))
    remarks = [f"Answers by status: {told}."] if told else []
    if limited:
        share = 100 * limited / sum(found.values())
        remarks.append(f"{share:.1f} % were refused by the rate limit, which is no failure here.")
    if degraded:
        remarks.append(f"{degraded} answers were degraded.")
    if str(UNKNOWN) in found:
        remarks.append(f"{UNKNOWN} means that {NEEDS_KEY}.")
    return " ".join(remarks)


def _failures(order: Order) -> Iterator[str]:
    """One row for each kind of failure at an endpoint, of locust's own file."""
    file = order.file("_failures.csv")
    try:
        found = failures(file) if file.exists() else ()
    except ValueError as error:  # locust was killed while it wrote
        yield f"{error}\n"
        return
    lines = [
        f"| {cell(failure.endpoint)} | {cell(failure.reason)} | {failure.occurrences} |"
        for failure in found
    ]
    if lines:
        yield "\n".join(("| Endpoint | Failure | Times |", "|---|---|---:|", *lines)) + "\n"
