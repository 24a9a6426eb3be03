"""The tables, made and changed step by step, by one host at a time."""

from __future__ import annotations

from typing import Any

from ion_framework.conversations.store import StoreError

STEPS = (
    (
        """
        CREATE TABLE conversations (
            id text COLLATE "C" PRIMARY KEY,
            tenant text COLLATE "C" NOT NULL,
            principal text COLLATE "C" NOT NULL,
            user_id text COLLATE "C" NOT NULL,
            last_activity double precision NOT NULL,
            expires_at double precision NOT NULL,
            closed boolean NOT NULL,
            turn_count integer NOT NULL,
            version bigint NOT NULL,
            document text NOT NULL,
            writer text NOT NULL,
            lease_token text,
            lease_key text,
            lease_until double precision
        ) WITH (fillfactor = 80)
        """,
        """
        CREATE INDEX conversations_of_owner
            ON conversations (tenant, principal, last_activity DESC, id DESC)
        """,
        """
        CREATE INDEX conversations_of_user
            ON conversations (tenant, principal, user_id, last_activity DESC, id DESC)
        """,
        "CREATE INDEX conversations_by_end ON conversations (expires_at)",
        """
        CREATE TABLE turns (
            conversation text COLLATE "C" NOT NULL REFERENCES conversations ON DELETE CASCADE,
            number integer NOT NULL,
            request text COLLATE "C" NOT NULL,
            idempotency text COLLATE "C",
            token text NOT NULL,
            document text NOT NULL,
            PRIMARY KEY (conversation, number)
        )
        """,
        """
        CREATE UNIQUE INDEX turns_by_idempotency ON turns (conversation, idempotency)
            WHERE idempotency IS NOT NULL
        """,
        "CREATE INDEX turns_by_request ON turns (request)",
        """
        CREATE TABLE feedback (
            tenant text COLLATE "C" NOT NULL,
            principal text COLLATE "C" NOT NULL,
            id text COLLATE "C" NOT NULL,
            user_id text COLLATE "C",
            request text COLLATE "C" NOT NULL,
            at double precision NOT NULL,
            document text NOT NULL,
            PRIMARY KEY (tenant, principal, id)
        )
        """,
        "CREATE INDEX feedback_by_time ON feedback (at, tenant, principal, id)",
        "CREATE INDEX feedback_by_request ON feedback (request)",
    ),
)
"""Statements of each version, the first of version 1. What was released is never changed."""

VERSION = len(STEPS)


async def migrate(connection: Any, schema: str) -> None:
    """Bring the tables of a schema to this version; hosts that start at once do it one by one.

    The schema is first in the connection's search path.

    Raises:
        StoreError: the tables are of a newer version.
    """
    if await _version(connection, schema) == VERSION:
        return
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"ion:{schema}")
        known = await _version(connection, schema)
        if known > VERSION:
            raise StoreError(
                f"the tables in the schema {schema} are of version {known}, and this "
                f"ion-store-postgres knows {VERSION}: install a newer one"
            )
        if known == 0:
            await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            await connection.execute("CREATE TABLE IF NOT EXISTS version (number integer NOT NULL)")
        for statements in STEPS[known:]:
            for statement in statements:
                await connection.execute(statement)
        await connection.execute("DELETE FROM version")
        await connection.execute("INSERT INTO version VALUES ($1)", VERSION)


async def _version(connection: Any, schema: str) -> int:
    table = await connection.fetchval("SELECT to_regclass($1)", f'"{schema}".version')
    if table is None:
        return 0
    return int(await connection.fetchval("SELECT max(number) FROM version") or 0)
