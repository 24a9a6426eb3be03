"""The statements for feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ion_framework.conversations.model import Feedback, Owner
from ion_store_sqlite.rows import FEEDBACK, FEEDBACK_FIELDS, feedback_row, to_feedback

if TYPE_CHECKING:
    import sqlite3

_COUNT = len(FEEDBACK.split(", "))
_PLACES = ", ".join("?" * _COUNT)
_SET = ", ".join(f"{name} = excluded.{name}" for name in FEEDBACK_FIELDS)

Place = tuple[float, int]
"""Time and row behind which feedback is read on."""

START: Place = (float("-inf"), 0)


def add(connection: sqlite3.Connection, feedback: Feedback) -> None:
    """Keep a feedback, in the place of one with the same owner and id."""
    connection.execute(
        f"INSERT INTO feedback ({FEEDBACK}) VALUES ({_PLACES}) "  # noqa: S608  columns of our own
        f"ON CONFLICT (tenant, principal, id) DO UPDATE SET {_SET}",
        feedback_row(feedback),
    )


def following(
    connection: sqlite3.Connection, owner: Owner | None, place: Place, limit: int
) -> tuple[list[Feedback], Place]:
    """Some feedback in order of time, behind a place; and the place behind it."""
    whose, values = "", ()  # type: tuple[str, tuple[str, ...]]
    if owner is not None:
        whose, values = "tenant = ? AND principal = ? AND ", (owner.tenant, owner.principal)
    rows = connection.execute(
        f"SELECT {FEEDBACK}, seq FROM feedback WHERE {whose}(at, seq) > (?, ?) "  # noqa: S608  columns of our own
        "ORDER BY at, seq LIMIT ?",
        (*values, *place, limit),
    ).fetchall()
    found = [to_feedback(row[:_COUNT]) for row in rows]
    return found, (found[-1].at, rows[-1][-1]) if found else place
