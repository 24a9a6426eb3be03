"""Feedback, found by time, and by the user whose turn it is about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import attrs

from ion_framework.conversations.model import Feedback, Owner
from ion_store_postgres.documents import column, read, written
from ion_store_postgres.pool import Pool

BATCH = 200
"""Rows that are fetched at once."""


@attrs.frozen
class Feedbacks:
    """What people think of answers.

    Attributes:
        pool: connections.
    """

    pool: Pool

    async def add(self, feedback: Feedback) -> None:
        """Keep one; it belongs to the user of the turn, if that is kept, also when that is gone."""
        values = (
            column(feedback.owner.tenant),
            column(feedback.owner.principal),
            column(feedback.id),
            column(feedback.request_id),
            feedback.at,
            written(feedback),
            column(feedback.user_id) if feedback.user_id else None,
        )
        await self.pool.run(lambda connection: connection.execute(_ADD, *values))

    async def all(self, owner: Owner | None) -> AsyncIterator[Feedback]:
        """Those of an owner or of everybody, oldest first; a change meanwhile may be seen."""
        scope = () if owner is None else (column(owner.tenant), column(owner.principal))
        place: tuple[Any, ...] = ()
        while True:
            values = (*scope, *place)
            statement = _statement(owned=owner is not None, onwards=bool(place))
            rows = await self.pool.run(partial(_fetch, statement, values))
            for row in rows:
                yield read(row["document"], Feedback)
            if len(rows) < BATCH:
                return
            place = tuple(rows[-1][name] for name in _PLACE)


async def _fetch(statement: str, values: tuple[Any, ...], connection: Any) -> Any:
    return await connection.fetch(statement, *values)


_PLACE = ("at", "tenant", "principal", "id")


def _statement(*, owned: bool, onwards: bool) -> str:
    first = 3 if owned else 1
    conditions = ["tenant = $1 AND principal = $2"] if owned else []
    order = ", ".join(_PLACE)
    if onwards:
        place = ", ".join(f"${first + number}" for number in range(len(_PLACE)))
        conditions.append(f"({order}) > ({place})")
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {order}, document FROM feedback {where} ORDER BY {order} LIMIT {BATCH}"  # noqa: S608  our own words only


_ADD = """
INSERT INTO feedback (tenant, principal, id, request, at, document, user_id)
VALUES ($1, $2, $3, $4, $5, $6, coalesce($7, (
    SELECT user_id FROM turns JOIN conversations ON conversations.id = turns.conversation
    WHERE request = $4 AND tenant = $1 AND principal = $2
    ORDER BY last_activity DESC LIMIT 1)))
ON CONFLICT (tenant, principal, id) DO UPDATE
SET request = excluded.request, at = excluded.at, document = excluded.document,
    user_id = excluded.user_id
"""
