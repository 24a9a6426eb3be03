"""The limiter of a running host: tiers, overload, budgets, and what callers are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import attrs

from ion_host_aiohttp.access.caller import Caller
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.errors.messages import Message
from ion_host_aiohttp.rates import refusals
from ion_host_aiohttp.rates.fields import rate_fields
from ion_host_aiohttp.rates.guesses import Guesses
from ion_host_aiohttp.rates.quota import Quota
from ion_host_aiohttp.rates.store import Store, StoreGoneError, key_of

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_WARNED_OF = 100
"""Unknown tiers that are warned of: names of tiers come from tokens, and a log is not endless."""


@attrs.frozen(kw_only=True)
class Tariff:
    """What callers may do, by their tier.

    Attributes:
        standard: for callers without a tier.
        tiers: for those of a tier, by its name.
        under_load: share of a limit that holds while the host is overloaded.
        tokens_per_day: budget of callers that have none of their own; None is no bound.
    """

    standard: Quota
    tiers: Mapping[str, Quota] = attrs.field(factory=dict)
    under_load: float = 1.0
    tokens_per_day: int | None = None

    def all_quotas(self) -> tuple[Quota, ...]:
        """Every quota there is."""
        return (self.standard, *self.tiers.values())


class QuotaLimiter:
    """Holds callers to their quotas.

    Args:
        store: where it is counted.
        tariff: what callers may do.
        logins: counts failed logins, in the same store.
        overloaded: whether the host is overloaded just now.
        logger: for one line about each tier that does not exist.

    Attributes:
        logins: counts failed logins.
    """

    def __init__(
        self,
        store: Store,
        tariff: Tariff,
        logins: Guesses,
        overloaded: Callable[[], bool],
        logger: FilteringBoundLogger,
    ) -> None:
        self._store = store
        self._tariff = tariff
        self.logins = logins
        self._overloaded = overloaded
        self._logger = logger
        self._warned: set[str] = set()

    async def spend(
        self, caller: Caller, cost: int, *, runs_turns: bool, paid: int = 0
    ) -> Mapping[str, str]:
        """Take requests from a caller's quota; see `Limiter.spend`.

        Raises:
            RequestFailed: 429, 413 or 503.
        """
        quota = self._quota(caller)
        if quota.is_unbounded:
            return {}
        most = quota.most_at_once
        if most is not None and cost + paid > most:
            raise RequestFailed(refusals.too_large(quota, cost + paid))
        if self._tariff.under_load < 1 and self._overloaded():
            quota = quota.at_load(self._tariff.under_load)
        try:
            standing = await self._store.take(
                key_of(caller.subject), quota, cost, runs_turns=runs_turns
            )
        except StoreGoneError:
            raise RequestFailed(refusals.unknowable()) from None
        if not standing.granted:
            raise RequestFailed(refusals.exceeded(standing, cost))
        return rate_fields(standing)

    async def book(self, caller: Caller, tokens: int) -> None:
        """Take tokens from a caller's budget, if it has one."""
        if tokens > 0 and self._quota(caller).tokens_per_day is not None:
            await self._store.book(key_of(caller.subject), tokens)

    def shortcoming(self) -> Message | None:
        """What is wrong with the counting; None: nothing."""
        return self._store.shortcoming()

    async def close(self) -> None:
        """Let go of connections."""
        await self._store.close()

    def _quota(self, caller: Caller) -> Quota:
        tariff = self._tariff
        quota = tariff.tiers.get(caller.tier) if caller.tier else tariff.standard
        if quota is None:
            self._warn_of(caller.tier)
            quota = tariff.standard
        tokens = caller.tokens_per_day
        if tokens is None:
            tokens = tariff.tokens_per_day
        if tokens is None and caller.requests_per_day is None:
            return quota
        return attrs.evolve(quota, requests_per_day=caller.requests_per_day, tokens_per_day=tokens)

    def _warn_of(self, tier: str) -> None:
        if tier not in self._warned and len(self._warned) < _WARNED_OF:
            self._warned.add(tier)
            self._logger.warning(
                "rate limits: unknown tier, the default holds",
                tier=tier[:_SHOWN],
                known=", ".join(sorted(self._tariff.tiers)) or "none",
            )


_SHOWN = 60
