"""The settings of the plugin, checked."""

from __future__ import annotations

import re

import attrs

from ion_framework import PluginContext
from ion_framework.errors import SettingsError
from ion_framework.resilience.redis_address import Layout, RedisAddress, read_url

_NAMESPACE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@attrs.frozen
class StoreSettings:
    """Where Redis is, and how it is used.

    Attributes:
        url: its address, see `ion_framework.resilience.redis_address`.
        namespace: first part of every key.
        timeout_s: seconds for connecting, and for a command.
        max_connections: most connections at a time.
        retry_s: seconds for which an operation is begun anew after its connection broke.
        keep_s: seconds for which an expired conversation stays.
        max_turns: turns that a conversation may have.
        max_feedback: most feedback of one owner.
        fsync: whether a write is acknowledged only when it is on the server's disk.
        replicas: replicas that have a write before it is acknowledged.
    """

    url: str = attrs.field(repr=False)
    namespace: str = "ion"
    timeout_s: float = 1.0
    max_connections: int = 32
    retry_s: float = 1.0
    keep_s: float = 604_800.0
    max_turns: int = 10_000
    max_feedback: int = 10_000
    fsync: bool = False
    replicas: int = 0

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
        try:
            address = self.address()
        except ValueError as error:
            return f"url: {error}"
        if not _NAMESPACE.fullmatch(self.namespace):
            return "namespace: must be 1 to 64 letters, digits, '_', '.' or '-'"
        if address.layout is Layout.CLUSTER and (self.fsync or self.replicas):
            return (
                "fsync and replicas: a Cluster cannot be asked by them; set appendfsync always and "
                "min-replicas-to-write on its nodes instead"
            )
        return ""

    def address(self) -> RedisAddress:
        """What the URL says.

        Raises:
            ValueError: it cannot be used.
        """
        return read_url(self.url)
