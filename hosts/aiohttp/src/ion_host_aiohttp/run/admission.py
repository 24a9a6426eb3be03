"""The places for requests that are worked on, and the queue before them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Admission:
    """Lets requests work; one that knows no bound."""

    def check(self, sheddable: bool) -> None:
        """Whether a request that has only just begun has a chance.

        Args:
            sheddable: whether it may be refused at all.

        Raises:
            RequestFailed: 503 with Retry-After.
        """

    @asynccontextmanager
    async def place(self, sheddable: bool) -> AsyncIterator[None]:  # noqa: ARG002  bounded ones use it
        """A place for the time of the work.

        Args:
            sheddable: whether the request may be refused at all.

        Raises:
            RequestFailed: 503 with Retry-After.
        """
        yield
