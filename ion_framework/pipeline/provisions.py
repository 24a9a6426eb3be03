"""What plugins provide besides answers: secrets, stores, and routes and sentences of a host."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import attrs

from ion_framework.domain.plugin_texts import PluginTexts


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
        texts: sentences for people.
    """

    stores: tuple[Store, ...] = ()
    routes: tuple[Route, ...] = ()
    secrets: tuple[SecretSource, ...] = attrs.field(default=(), repr=False)
    texts: PluginTexts = attrs.field(factory=PluginTexts)

    def secret(self, name: str) -> str | None:
        """The secret of this name from the first source that has it, None where none has.

        A source that fails is logged and passed over, so that it does not hide the next one's.
        """
        for source in self.secrets:
            value = _ask(source, name)
            if value is not None:
                return value
        return None


def _ask(source: SecretSource, name: str) -> str | None:
    try:
        value: object = source.get(name)
    except (Exception, SystemExit) as failure:  # noqa: BLE001  the source is a plugin's own code
        _log(source, name, f"raised {type(failure).__name__}")
        return None
    if value is None or isinstance(value, str):
        return value
    _log(source, name, f"returned {type(value).__name__} instead of str")
    return None


def _log(source: SecretSource, name: str, fault: str) -> None:
    """Log a fault by its kind alone: the text of an exception may hold the secret."""
    import structlog  # only a failure pays for it

    kind = type(source)
    structlog.get_logger("ion").warning(
        "a source of secrets failed",
        secret=name,
        source=f"{kind.__module__}.{kind.__qualname__}",
        fault=fault,
    )
