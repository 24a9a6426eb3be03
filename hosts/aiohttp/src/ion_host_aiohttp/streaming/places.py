"""How many streams and WebSockets are open, in all and of one caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from aiohttp import hdrs

from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say

RETRY_AFTER_S = 5
"""Seconds after which one may try again; nobody knows when a stream ends."""
REDUCED_CAPACITY = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"


class Places:
    """Counts what is open against two bounds.

    Args:
        most: open at once.
        per_caller: of one caller.
    """

    def __init__(self, most: int, per_caller: int) -> None:
        self._most = most
        self._per_caller = per_caller
        self._open: Counter[str] = Counter()
        self._all = 0

    @property
    def open(self) -> int:
        """How many are open now."""
        return self._all

    def take(self, subject: str) -> bool:
        """Take a place; False where there is none.

        Args:
            subject: whose; what rates count by.
        """
        if self._all >= self._most or self._open.get(subject, 0) >= self._per_caller:
            return False
        self._all += 1
        self._open[subject] += 1
        return True

    def give_back(self, subject: str) -> None:
        """What had a place has ended."""
        self._all -= 1
        self._open[subject] -= 1
        if not self._open[subject]:
            del self._open[subject]

    @contextmanager
    def place(self, subject: str) -> Iterator[None]:
        """A place for as long as something is open.

        Raises:
            RequestFailed: 429 where the caller has all of its places, 503 where nobody has one.
        """
        if not self.take(subject):
            raise RequestFailed(self._refusal(subject))
        try:
            yield
        finally:
            self.give_back(subject)

    def _refusal(self, subject: str) -> Failure:
        headers: dict[str, str] = {hdrs.RETRY_AFTER: str(RETRY_AFTER_S)}
        if self._open.get(subject, 0) >= self._per_caller:
            return Failure(
                status=HTTPStatus.TOO_MANY_REQUESTS,
                code="TOO_MANY_STREAMS",
                message=say("too_many_streams", most=self._per_caller),
                details={"most": self._per_caller},
                headers=headers,
            )
        return Failure(
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            code="STREAMS_FULL",
            message=say("streams_full", seconds=RETRY_AFTER_S),
            headers=headers,
            problem_type=REDUCED_CAPACITY,
        )
