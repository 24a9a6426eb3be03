"""What plugins provide besides answers: sources of secrets, stores, and routes of a host."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import attrs


@runtime_checkable
class SecretSource(Protocol):
    """Where hosts and plugins look secrets up that neither a file nor a variable holds."""

    def get(self, name: str) -> str | None:
        """The secret of this name, None where this source does not have it."""


@runtime_checkable
class Store(Protocol):
    """Where conversations are kept; its operations belong to the store's own contract."""

    async def ping(self) -> None:
        """Return when the store can serve; raise what keeps it from serving."""


@runtime_checkable
class Route(Protocol):
    """An endpoint in the terms of a host; each host takes the routes of its own type."""

    @property
    def method(self) -> str:
        """HTTP method, upper case."""

    @property
    def path(self) -> str:
        """Path pattern."""


@attrs.frozen
class Provisions:
    """What plugins provide to hosts and to each other.

    Attributes:
        stores: stores of conversations.
        routes: endpoints, each in the terms of a host.
        secrets: sources of secrets, in the order in which they are asked.
    """

    stores: tuple[Store, ...] = ()
    routes: tuple[Route, ...] = ()
    secrets: tuple[SecretSource, ...] = attrs.field(default=(), repr=False)

    def secret(self, name: str) -> str | None:
        """The secret of this name from the first source that has it, None where none has."""
        for source in self.secrets:
            value = source.get(name)
            if value is not None:
                return value
        return None
