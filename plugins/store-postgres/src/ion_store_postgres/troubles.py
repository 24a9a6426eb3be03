"""What can go wrong with PostgreSQL, in a few words that can be counted and logged.

The texts of the driver's errors are neither: they hold addresses, names of users and rows.
"""

from __future__ import annotations

import ssl
from enum import StrEnum

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types


class Trouble(StrEnum):
    """Why an operation had no result."""

    CONNECTION = "connection"
    """No connection, or it broke."""
    STARTING = "starting"
    """It starts, recovers or shuts down."""
    STANDBY = "standby"
    """It takes no writes: a standby."""
    CONFLICT = "conflict"
    """It ended one of two transactions that waited for each other."""
    TIMEOUT = "timeout"
    """No connection or no answer in time."""
    FULL = "full"
    """Its disk, its memory or its connections are used up."""
    URL = "url"
    """The URL cannot be used as it is written."""
    TLS = "tls"
    """The encrypted connection could not be agreed on."""
    LOGIN = "login"
    """It does not accept user and password, or has no such database."""
    PERMISSION = "permission"
    """The user may not do this."""
    REPLY = "reply"
    """It answered with another error."""


class BackupFileError(OSError):
    """A backup cannot be written: no trouble of the network, which other such errors are."""


SENTENCES = {
    Trouble.CONNECTION: "PostgreSQL cannot be reached, or the connection to it broke",
    Trouble.STARTING: "PostgreSQL is starting, recovering or shutting down",
    Trouble.STANDBY: "this PostgreSQL is a standby and takes no writes: name the primary, "
    "or add target_session_attrs=primary to the URL",
    Trouble.CONFLICT: "PostgreSQL ended the transaction because of another one",
    Trouble.TIMEOUT: "PostgreSQL gave no connection or no answer in time",
    Trouble.FULL: "PostgreSQL has used up its disk, its memory or its connections",
    Trouble.URL: "the URL of PostgreSQL cannot be used: check its options; sslmode=verify-full "
    "needs sslrootcert, a file of certificates",
    Trouble.TLS: "no encrypted connection to PostgreSQL could be agreed on: check sslmode and "
    "sslrootcert in the URL, and the server's certificate",
    Trouble.LOGIN: "PostgreSQL does not accept the user and password, or has no such database",
    Trouble.PERMISSION: "the user of PostgreSQL may not do this: it needs CREATE on the database "
    "once, and its own tables",
    Trouble.REPLY: "PostgreSQL answered with an error",
}
"""What people read."""

PASSING = frozenset({Trouble.CONNECTION, Trouble.STARTING, Trouble.STANDBY, Trouble.CONFLICT})
"""Another attempt, on another connection, may succeed at once."""

_KINDS: tuple[tuple[type[BaseException], Trouble | None], ...] = (
    (BackupFileError, None),
    (ssl.SSLError, Trouble.TLS),
    (asyncpg.ClientConfigurationError, Trouble.URL),
    (TimeoutError, Trouble.TIMEOUT),
    (OSError, Trouble.CONNECTION),
    (asyncpg.InterfaceError, Trouble.CONNECTION),
    (asyncpg.InternalClientError, Trouble.CONNECTION),
)
"""Errors that are not PostgreSQL's own; the first that fits counts."""

_CLASSES = {
    "08": Trouble.CONNECTION,
    "28": Trouble.LOGIN,
    "3D": Trouble.LOGIN,
    "40": Trouble.CONFLICT,
    "53": Trouble.FULL,
    "57": Trouble.TIMEOUT,
}
_STATES = {
    "25006": Trouble.STANDBY,
    "25P03": Trouble.CONNECTION,
    "42501": Trouble.PERMISSION,
    "57P01": Trouble.STARTING,
    "57P02": Trouble.STARTING,
    "57P03": Trouble.STARTING,
}


def trouble(error: BaseException) -> Trouble | None:
    """What an error means; None for one that PostgreSQL has nothing to do with."""
    if isinstance(error, asyncpg.PostgresError):
        return _of_state(code(error))
    return next((kind for types, kind in _KINDS if isinstance(error, types)), None)


def code(error: BaseException) -> str:
    """The SQLSTATE of an error of PostgreSQL, empty for another."""
    return str(getattr(error, "sqlstate", None) or "")


def _of_state(state: str) -> Trouble:
    return _STATES.get(state) or _CLASSES.get(state[:2], Trouble.REPLY)
