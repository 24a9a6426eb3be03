"""Who asks, and what that one may do."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Protocol, runtime_checkable

import attrs

from ion_framework.pipeline.turn import ANONYMOUS, DEFAULT_TENANT


class Scope(StrEnum):
    """What a caller can be granted. Endpoints of plugins may ask for scopes of their own."""

    CHAT = "chat"
    READ = "read"
    ADMIN = "admin"


@attrs.frozen(kw_only=True)
class Caller:
    """Who asks.

    Attributes:
        principal: the name of the one who asks, ``key:…`` or ``jwt:…``; ``anonymous`` without
            authentication.
        tenant: whose installation data the caller works on.
        scopes: what it may do; None is everything.
        tier: the tier of its rate limit, empty for the default.
        subject: what rates count by: the principal, else the network address.
        tokens_per_day: tokens of the language model that it may spend a day; None is what the
            settings say.
        requests_per_day: requests that it may make a day; None is no bound.
    """

    principal: str = ANONYMOUS
    tenant: str = DEFAULT_TENANT
    scopes: frozenset[str] | None = None
    tier: str = ""
    subject: str = ANONYMOUS
    tokens_per_day: int | None = None
    requests_per_day: int | None = None

    def may(self, scope: str | None) -> bool:
        """Whether it is granted a scope; ``admin`` holds every other."""
        return (
            scope is None
            or self.scopes is None
            or scope in self.scopes
            or Scope.ADMIN in self.scopes
        )

    def principal_for(self, user_id: str | None) -> str:
        """Who asks on whose behalf, for the isolation of answers and conversations.

        Args:
            user_id: a name that the caller gave for its user.
        """
        return f"{self.principal}:{user_id}" if user_id else self.principal


ANYBODY = Caller()
"""Somebody of whom nothing is known and who may do everything: a host without authentication."""


@lru_cache(8192)
def anybody_at(address: str) -> Caller:
    """Somebody of whom nothing is known but a network address, which rates count by."""
    return Caller(subject=address)


@attrs.frozen
class Credentials:
    """What a request presents.

    Attributes:
        bearer: the token of ``Authorization: Bearer``; an API key or a JSON Web Token.
        key: the value of ``X-API-Key``.
        malformed: whether it presents something that is neither: a header twice, another scheme.
    """

    bearer: str | None = attrs.field(default=None, repr=False)
    key: str | None = attrs.field(default=None, repr=False)
    malformed: bool = False

    @property
    def presented(self) -> bool:
        """Whether there is anything that could be valid."""
        return self.bearer is not None or self.key is not None


class Authenticator(Protocol):
    """Says who presents some credentials."""

    @property
    def required(self) -> bool:
        """Whether nobody passes without credentials."""

    async def identify(self, credentials: Credentials, address: str) -> Caller:
        """The caller of a request.

        Args:
            credentials: what the request presents.
            address: the caller's network address, as rates count it.

        Raises:
            RequestFailed: 401: they are missing or not valid; says what is needed, never why they
                are not valid.
        """

    async def close(self) -> None:
        """Let go of files and connections."""


@runtime_checkable
class KnowsTenants(Protocol):
    """An authenticator that can name tenants; those that come with tokens, nobody can list."""

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants that are known beforehand."""


class OpenDoor:
    """The authenticator of a host without authentication: presented credentials are ignored."""

    required = False

    async def identify(self, credentials: Credentials, address: str) -> Caller:  # noqa: ARG002  the protocol's signature
        """Anybody, who may do everything."""
        return anybody_at(address)

    async def close(self) -> None:
        """Nothing to let go of."""
