"""The settings of the plugin, checked."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import attrs

from ion_framework import PluginContext
from ion_framework.errors import SettingsError

_SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,62}")


@attrs.frozen
class StoreSettings:
    """Where PostgreSQL is, and how it is used.

    Attributes:
        url: its address, with the password.
        schema: the schema of the tables.
        min_connections: connections that are kept open.
        max_connections: most connections at a time.
        acquire_timeout_s: seconds that an operation waits for a connection.
        statement_timeout_s: seconds that a statement may take.
        idle_connection_s: seconds after which a connection that nobody uses is closed.
        ping_after_s: seconds unused after which a connection is tried before it is used.
        retry_s: seconds for which an operation is begun anew after its connection broke.
        max_turns: turns that a conversation may have.
    """

    url: str = attrs.field(repr=False)
    schema: str = "ion"
    min_connections: int = 1
    max_connections: int = 10
    acquire_timeout_s: float = 2.0
    statement_timeout_s: float = 5.0
    idle_connection_s: float = 300.0
    ping_after_s: float = 1.0
    retry_s: float = 1.0
    max_turns: int = 10_000

    @classmethod
    def read(cls, context: PluginContext) -> StoreSettings:
        """The settings of a plugin.

        Raises:
            SettingsError: one cannot be used; says what is valid, and quotes no part of the URL.
        """
        settings = context.settings_as(cls)
        problem = settings.problem()
        if problem:
            raise SettingsError(f"plugin.{context.name}.{problem}")
        return settings

    def problem(self) -> str:
        """What cannot be used, as ``key: what is valid``; empty where all can."""
        if not _usable(self.url):
            return (
                "url: must be postgresql://user:password@host:port/database, with what is special "
                "in the password percent-encoded"
            )
        if not _SCHEMA.fullmatch(self.schema):
            return "schema: must be 1 to 63 of a to z, 0 to 9 and _, a letter first"
        if self.min_connections > self.max_connections:
            return (
                f"min_connections: must be at most max_connections ({self.max_connections}), "
                f"is {self.min_connections}"
            )
        return ""


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        hosts = [urlsplit(f"//{word}") for word in parts.netloc.rpartition("@")[2].split(",")]
        return parts.scheme in {"postgres", "postgresql"} and all(
            host.port is None or host.port for host in hosts
        )
    except ValueError:
        return False
