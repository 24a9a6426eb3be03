"""What can go wrong with Redis, in a few words that can be counted and logged.

The texts of redis-py's errors are neither: they hold addresses and keys.
"""

from __future__ import annotations

from enum import StrEnum

from redis import exceptions


class Trouble(StrEnum):
    """Why a command had no result."""

    REFUSED = "refused"
    """It was not sent, because the breaker is open."""
    TIMEOUT = "timeout"
    """No answer in time."""
    BUSY = "busy"
    """No connection was free in time."""
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
    NODE = "node"
    """One node of a Cluster is away, others are not."""
    CLIENT = "client"
    """Something that the client library should not raise."""


WRITING = frozenset(
    {Trouble.READ_ONLY, Trouble.MEMORY, Trouble.PERMISSION, Trouble.REPLY},
)
"""Redis works, but does not do this: no reason to stop reading."""

PARTLY = WRITING | {Trouble.NODE}
"""Redis answers, though not to this."""


class NodeAwayError(exceptions.RedisError):
    """The node of a Cluster that has a key does not answer, while others do."""


_KINDS: tuple[tuple[type[BaseException], Trouble], ...] = (
    (NodeAwayError, Trouble.NODE),
    (TimeoutError, Trouble.TIMEOUT),
    (exceptions.TimeoutError, Trouble.TIMEOUT),
    (exceptions.MaxConnectionsError, Trouble.BUSY),
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
    (exceptions.ResponseError, Trouble.REPLY),
    (OSError, Trouble.CONNECTION),
)


def trouble(error: BaseException) -> Trouble:
    """What an error means."""
    return next((kind for types, kind in _KINDS if isinstance(error, types)), Trouble.CLIENT)


class RedisTroubleError(Exception):
    """A command had no result; `kind` says why.

    Attributes:
        kind: why.
    """

    def __init__(self, kind: Trouble) -> None:
        super().__init__(kind.value)
        self.kind = kind
