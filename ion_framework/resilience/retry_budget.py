"""How much retrying is allowed in all, so that retries do not multiply an outage.

With a limit per request alone, three tries each, an overloaded server gets three times the load
at the moment at which it can bear the least. A budget limits retries to a share of the requests:
B. Beyer et al., Site Reliability Engineering, chapter "Handling Overload" (retries up to 10 % of
the requests of a client). No time passes in it: what is deposited by requests alone bounds what
is withdrawn, however slow or quick they come.
"""

from __future__ import annotations

_UNITS = 1_000_000
"""A whole retry in the balance's units: sums of integers do not drift as sums of 0.1 do."""


class RetryBudget:
    """A bucket of tokens: each request puts a fraction in, each retry takes one out.

    At any moment ``retries <= ratio * requests + reserve`` since it was made. It belongs to one
    event loop or thread: it has no lock.

    Args:
        ratio: tokens per request, from 0 to 1, kept to a millionth.
        reserve: tokens at the beginning, and the most that are kept, so that hours of success do
            not pay for a storm; at least 0. The bucket holds one token even where this is 0.

    Raises:
        ValueError: ratio or reserve is outside its range.
    """

    def __init__(self, ratio: float = 0.1, reserve: int = 10) -> None:
        if not (0 <= ratio <= 1 and reserve >= 0):
            raise ValueError(
                "ratio must be from 0 to 1 and reserve at least 0: "
                f"ratio={ratio}, reserve={reserve}"
            )
        self._share = round(ratio * _UNITS)
        self._most = max(reserve, 1) * _UNITS
        self._balance = reserve * _UNITS
        self._refused = 0
        self._granted = 0

    @property
    def balance(self) -> float:
        """Retries that could be had now; a fraction of one is not enough."""
        return self._balance / _UNITS

    @property
    def granted(self) -> int:
        """Retries that were allowed since it was made."""
        return self._granted

    @property
    def refused(self) -> int:
        """Retries that were not allowed since it was made."""
        return self._refused

    def deposit(self) -> None:
        """A request made its first attempt; call it once a request, however it ends."""
        self._balance = min(self._balance + self._share, self._most)

    def withdraw(self) -> bool:
        """Take a retry out; False: the budget is spent, do not retry."""
        if self._balance < _UNITS:
            self._refused += 1
            return False
        self._balance -= _UNITS
        self._granted += 1
        return True
