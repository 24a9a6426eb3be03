"""What ``ion plugins`` shows of plugins, from their records."""

from __future__ import annotations

from collections.abc import Iterable

from ion_framework.cli.core_commands import CORE
from ion_framework.cli.tables import Cell, Table
from ion_framework.plugin_host.record import PluginRecord, Status

BROKEN = frozenset(
    {Status.INVALID, Status.CONFLICT, Status.INCOMPATIBLE, Status.UNTRUSTED, Status.FAILED}
)
"""Statuses of plugins that are meant to run and cannot."""

_MOODS = {
    Status.READY: "good",
    Status.ACTIVE: "good",
    Status.IDLE: "notice",
    Status.QUARANTINED: "notice",
    Status.DISABLED: "quiet",
    **dict.fromkeys(BROKEN, "bad"),
}


def document_of(records: Iterable[PluginRecord]) -> list[dict[str, object]]:
    """The list that ``ion plugins --json`` writes."""
    return [
        {
            "name": record.name,
            "provides": record.provides,
            "status": record.status,
            "reason": record.reason,
            "distribution": record.distribution,
            "version": record.version,
            "first_party": record.candidate.first_party,
            "file": record.file,
            "import_ms": _rounded(record.import_ms),
            "startup_ms": _rounded(record.startup_ms),
            "capabilities": record.manifest.capabilities if record.manifest else None,
            "commands": sorted(record.manifest.commands) if record.manifest else [],
        }
        for record in records
    ]


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)


def table_of(records: Iterable[PluginRecord], *, timed: bool) -> Table:
    """The table that ``ion plugins`` shows.

    Args:
        records: the plugins.
        timed: with a column for the time that each import took.
    """
    columns = ("plugin", "status", "provides", "distribution", *(("import",) if timed else ()))
    rows = tuple(
        (
            record.name,
            Cell(record.status.value, _MOODS[record.status]),
            ", ".join(record.provides) or "unknown",
            f"{record.distribution} {record.version}",
            *((_import_time(record),) if timed else ()),
            record.reason,
        )
        for record in records
    )
    return Table((*columns, "reason"), rows)


def _import_time(record: PluginRecord) -> str:
    return "" if record.import_ms is None else f"{record.import_ms:.0f} ms"


def hidden_commands(records: Iterable[PluginRecord]) -> tuple[str, ...]:
    """A warning for every command of a plugin that has the name of one of the core."""
    return tuple(
        f"the command {name!r} of plugin {record.name} ({record.distribution}) cannot be called: "
        "the core has one of this name"
        for record in records
        for name in (record.manifest.commands if record.manifest else ())
        if name in CORE
    )
