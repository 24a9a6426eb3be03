"""How the thread that writes works: calls in groups, each group one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ion_store_sqlite.calls import AnyCall

if TYPE_CHECKING:
    import sqlite3


def write(connection: sqlite3.Connection, calls: list[AnyCall]) -> None:
    """Work through calls so that each is done wholly or not at all.

    Those of a group are done in one transaction and share one wait for the disk. Where one of them
    fails, each is done again in a transaction of its own, so that it fails alone.
    """
    group: list[AnyCall] = []
    for call in calls:
        if call.alone:
            _write_group(connection, group)
            group = []
            _write_alone(connection, call)
        else:
            group.append(call)
    _write_group(connection, group)


def read(connection: sqlite3.Connection, calls: list[AnyCall]) -> None:
    """Work through calls that only read, each in a snapshot of its own."""
    for call in calls:
        try:
            connection.execute("BEGIN")
            result = call.run(connection)
            connection.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001  the caller is told
            _undo(connection)
            call.fail(error)
        else:
            call.succeed(result)


def _write_group(connection: sqlite3.Connection, calls: list[AnyCall]) -> None:
    if not calls:
        return
    try:
        results = _transaction(connection, calls)
    except BaseException as error:  # noqa: BLE001  the callers are told
        _undo(connection)
        if len(calls) == 1:
            calls[0].fail(error)
            return
        for call in calls:
            _write_group(connection, [call])
    else:
        for call, result in zip(calls, results, strict=True):
            call.succeed(result)


def _transaction(connection: sqlite3.Connection, calls: list[AnyCall]) -> list[Any]:
    # Rights to a turn need not outlive the loss of power, so that nobody waits for the disk there.
    durable = any(call.durable for call in calls)
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    connection.execute("BEGIN IMMEDIATE")
    results = [call.run(connection) for call in calls]
    connection.execute("COMMIT")
    return results


def _write_alone(connection: sqlite3.Connection, call: AnyCall) -> None:
    try:
        connection.execute("PRAGMA synchronous = FULL")
        result = call.run(connection)
    except BaseException as error:  # noqa: BLE001  the caller is told
        _undo(connection)
        call.fail(error)
    else:
        call.succeed(result)


def _undo(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
