"""What the host asks of a rate limiter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ion_host_aiohttp.access.caller import Caller


class Limiter(Protocol):
    """Counts what callers ask and spend."""

    async def spend(self, caller: Caller, cost: int, *, runs_turns: bool) -> Mapping[str, str]:
        """Take requests from a caller's quota.

        Args:
            caller: who asks.
            cost: how many requests it counts.
            runs_turns: whether the caller's token budget must not be used up.

        Returns:
            Header fields that tell what is left.

        Raises:
            RequestFailed: 429 with the same fields and Retry-After.
        """

    async def book(self, caller: Caller, tokens: int) -> None:
        """Take tokens of the language model from a caller's budget, after they were spent."""

    async def close(self) -> None:
        """Let go of connections."""


class Unlimited:
    """The limiter of a host that does not limit."""

    async def spend(
        self,
        caller: Caller,  # noqa: ARG002  the protocol's signature
        cost: int,  # noqa: ARG002  the protocol's signature
        *,
        runs_turns: bool,  # noqa: ARG002  the protocol's signature
    ) -> Mapping[str, str]:
        """Nothing is taken, and there is nothing to tell."""
        return {}

    async def book(self, caller: Caller, tokens: int) -> None:
        """Nothing is taken."""

    async def close(self) -> None:
        """Nothing to let go of."""
