"""What can go wrong with Redis, in a few words that can be counted and logged.

The texts of redis-py's errors are neither: they hold addresses and keys.
"""

from __future__ import annotations

from enum import StrEnum

from redis import exceptions


class Trouble(StrEnum):
    """Why an operation had no result."""

    TIMEOUT = "timeout"
    """No answer in time."""
    CONNECTION = "connection"
    """No connection, or it broke."""
    LOGIN = "login"
    """Redis does not accept user and password."""
    LOADING = "loading"
    """Redis reads its data, or has lost its primary."""
    READ_ONLY = "read_only"
    """Redis takes no writes here: a replica."""
    MEMORY = "memory"
    """Redis takes no writes: its memory is full."""
    PERMISSION = "permission"
    """The user may not do this."""
    REPLY = "reply"
    """Redis answered with another error."""


SENTENCES = {
    Trouble.TIMEOUT: "Redis gave no answer in time",
    Trouble.CONNECTION: "Redis cannot be reached, or the connection to it broke",
    Trouble.LOGIN: "Redis does not accept the user and password",
    Trouble.LOADING: "Redis is reading its data, or has lost its primary",
    Trouble.READ_ONLY: "this Redis is a replica and takes no writes",
    Trouble.MEMORY: "Redis takes no writes: its memory is full",
    Trouble.PERMISSION: "the user of Redis may not do this: it needs the store's keys, and scripts",
    Trouble.REPLY: "Redis answered with an error",
}
"""What people read."""

PASSING = frozenset({Trouble.CONNECTION, Trouble.LOADING, Trouble.READ_ONLY})
"""Another attempt, on another connection, may succeed at once."""

_KINDS: tuple[tuple[type[BaseException], Trouble], ...] = (
    (TimeoutError, Trouble.TIMEOUT),
    (exceptions.TimeoutError, Trouble.TIMEOUT),
    (exceptions.AuthenticationError, Trouble.LOGIN),
    (exceptions.AuthorizationError, Trouble.LOGIN),
    (exceptions.AuthenticationWrongNumberOfArgsError, Trouble.LOGIN),
    (exceptions.BusyLoadingError, Trouble.LOADING),
    (exceptions.ClusterDownError, Trouble.LOADING),
    (exceptions.RedisClusterException, Trouble.CONNECTION),
    (exceptions.ConnectionError, Trouble.CONNECTION),
    (exceptions.AskError, Trouble.CONNECTION),
    (exceptions.InvalidResponse, Trouble.CONNECTION),
    (exceptions.ReadOnlyError, Trouble.READ_ONLY),
    (exceptions.OutOfMemoryError, Trouble.MEMORY),
    (exceptions.NoPermissionError, Trouble.PERMISSION),
    (exceptions.RedisError, Trouble.REPLY),
)


class BackupFileError(OSError):
    """A backup cannot be written: no trouble of the network, which other such errors are."""


def trouble(error: BaseException) -> Trouble | None:
    """What an error means; None for one that Redis has nothing to do with."""
    if isinstance(error, BackupFileError):
        return None
    for kinds, kind in _KINDS:
        if isinstance(error, kinds):
            return kind
    return Trouble.CONNECTION if isinstance(error, OSError) else None
