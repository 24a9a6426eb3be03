"""What the host asks of a rate limiter, and one that does not limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ion_host_aiohttp.access.caller import Caller
from ion_host_aiohttp.errors.messages import Message


class Limiter(Protocol):
    """Counts what callers ask and spend."""

    async def spend(
        self, caller: Caller, cost: int, *, runs_turns: bool, paid: int = 0
    ) -> Mapping[str, str]:
        """Take requests from a caller's quota.

        Args:
            caller: who asks.
            cost: how many requests it counts.
            runs_turns: whether the caller's token budget must not be used up.
            paid: how many the same request has been counted before.

        Returns:
            Header fields that tell what is left.

        Raises:
            RequestFailed: 429 with the same fields and Retry-After; 413 where the request counts
                more than can ever pass; 503 where it cannot be known what the caller has used.
        """

    async def book(self, caller: Caller, tokens: int) -> None:
        """Take tokens of the language model from a caller's budget, after they were spent."""

    def shortcoming(self) -> Message | None:
        """What is wrong with the counting, for health answers; None: nothing."""

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
        paid: int = 0,  # noqa: ARG002  the protocol's signature
    ) -> Mapping[str, str]:
        """Nothing is taken, and there is nothing to tell."""
        return {}

    async def book(self, caller: Caller, tokens: int) -> None:
        """Nothing is taken."""

    def shortcoming(self) -> Message | None:
        """Nothing can be wrong."""
        return None

    async def close(self) -> None:
        """Nothing to let go of."""
