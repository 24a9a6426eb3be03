"""The limiter that the settings ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ion_framework.clock import Clock, SystemClock
from ion_framework.errors import SettingsError
from ion_framework.settings.checks import RATE_OFF
from ion_framework.settings.model import Settings
from ion_framework.settings.serving import RateSettings
from ion_host_aiohttp.rates.addresses import ClientAddresses
from ion_host_aiohttp.rates.guesses import Guesses
from ion_host_aiohttp.rates.quota import Quota
from ion_host_aiohttp.rates.quotas import QuotaLimiter, Tariff
from ion_host_aiohttp.rates.store import LocalStore, Store
from ion_host_aiohttp.run.addresses import PROXIED, is_of_this_machine

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_host_aiohttp.rates.link import RedisLink


TIMEOUT_S = 0.1
"""Seconds that a request waits for Redis at most: it is one of many things before an answer."""


def never() -> bool:
    """Not overloaded."""
    return False


async def make_limiter(
    settings: Settings,
    logger: FilteringBoundLogger,
    *,
    overloaded: Callable[[], bool] = never,
    clock: Clock | None = None,
    timeout_s: float = TIMEOUT_S,
) -> QuotaLimiter:
    """The limiter that the settings ask for; it has to be closed.

    Args:
        settings: the settings.
        logger: for changes of state.
        overloaded: whether the host is overloaded just now.
        clock: the clock; None: that of the machine.
        timeout_s: seconds that a request waits for Redis.

    Raises:
        SettingsError: there shall be no limit where other machines reach the host, or Redis cannot
            be used as it was set.
    """
    check_open(settings)
    clock = clock or SystemClock()
    rate = settings.rate
    tariff = _tariff(rate)
    logins, strays = _quota(rate.failed_logins), _quota(rate.strays)
    reaches_back_s = max(item.remembers_s for item in (*tariff.all_quotas(), logins, strays))
    local = LocalStore(clock, rate.max_callers)
    store: Store = local
    if settings.server.redis_url is not None:
        from ion_host_aiohttp.rates.shared import SharedStore  # only who uses Redis pays for it

        store = SharedStore(
            await _opened_link(settings.server.redis_url, clock, logger, timeout_s),
            local,
            clock,
            outage=rate.on_outage,
            processes=_processes(settings.server.workers),
            reaches_back_s=reaches_back_s,
        )
    guesses = Guesses(store, logins, strays, clock)
    return QuotaLimiter(store, tariff, guesses, overloaded, logger)


def make_addresses(settings: Settings) -> ClientAddresses:
    """What says where requests come from, by the settings."""
    server = settings.server
    return ClientAddresses(server.trusted_proxies, server.trusted_hops)


def check_open(settings: Settings) -> None:
    """Refuse to serve without a limit where other machines reach the host.

    Raises:
        SettingsError: it is so.
    """
    rate, server = settings.rate, settings.server
    if RATE_OFF not in (rate.limit, *rate.tiers.values()):
        return
    if not is_of_this_machine(server.host):
        why = f"{server.host} can be reached from other machines"
        way_out = "listen on 127.0.0.1"
    elif server.trusted_proxies:
        why, way_out = PROXIED, "leave that setting empty"
    else:
        return
    raise SettingsError(
        f"rate.limit (ION_RATE_LIMIT) or one of rate.tiers is off, and {why}: anybody could ask "
        f"without bound. Set a rate such as 30/minute, or a high one, or {way_out}."
    )


def _tariff(rate: RateSettings) -> Tariff:
    return Tariff(
        standard=_quota(rate.limit, rate.grace),
        tiers={name: _quota(text, rate.grace) for name, text in rate.tiers.items()},
        under_load=rate.under_load,
        tokens_per_day=rate.tokens_per_day,
    )


def _quota(text: str, grace: float = 0.0) -> Quota:
    if text == RATE_OFF:
        return Quota.of(None)
    from limits import parse  # a sixth of a second: only a host that starts pays for it

    return Quota.of(parse(text), grace)


def _processes(workers: int) -> int:
    import os

    return workers or os.cpu_count() or 1


async def _opened_link(
    url: str, clock: Clock, logger: FilteringBoundLogger, timeout_s: float
) -> RedisLink:
    """The way to Redis. One that is away is no error: it may come back.

    Raises:
        SettingsError: the address cannot be used, there is no client library, or Redis runs no
            scripts.
    """
    try:
        from ion_host_aiohttp.rates.link import CONNECTIONS, RedisLink, Trouble
        from ion_host_aiohttp.rates.redis_client import make_client
    except ImportError as error:
        raise SettingsError(
            "server.redis_url (ION_REDIS_URL) is set, and the distribution redis is not installed: "
            "install ion-host-aiohttp[redis], or unset it"
        ) from error
    try:
        client = make_client(url, timeout_s, CONNECTIONS)
    except ValueError as error:
        raise SettingsError(f"server.redis_url (ION_REDIS_URL) {error}") from None
    link = RedisLink(client, clock=clock, logger=logger, timeout_s=timeout_s)
    if not await link.greet() and link.latest is Trouble.SCRIPTS:
        await link.close()
        raise SettingsError(
            "the Redis of server.redis_url (ION_REDIS_URL) does not run scripts (EVAL, EVALSHA): "
            "it is a proxy, the commands are renamed, or the user may not. Without them no limit "
            "can be held over several processes. Use one that runs scripts, or unset it: then a "
            "limit holds in each process by itself."
        )
    return link
