"""The authenticator that the settings ask for."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ion_framework.clock import Clock, SystemClock
from ion_framework.settings.model import Settings
from ion_framework.settings.secrets import Secrets
from ion_framework.settings.serving import KeyMode
from ion_host_aiohttp.access.api_keys import ApiKeys
from ion_host_aiohttp.access.door import Doorkeeper
from ion_host_aiohttp.access.key_file import exists, key_file_of
from ion_host_aiohttp.access.key_store import KeyStore
from ion_host_aiohttp.access.refusals import UnavailableError

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_host_aiohttp.access.tokens import TokenVerifier


def authenticates(settings: Settings) -> bool:
    """Whether a host with these settings lets nobody in without credentials. Blocks.

    Raises:
        SettingsError: the file of keys cannot be read.
    """
    auth = settings.auth
    if auth.jwt or auth.keys is KeyMode.REQUIRED:
        return True
    path = key_file_of(settings)
    if auth.keys is KeyMode.OFF or not exists(path):
        return False
    with KeyStore(path, reading=True) as store:
        return bool(store.records())


async def make_authenticator(
    settings: Settings,
    secrets: Secrets,
    logger: FilteringBoundLogger,
    clock: Clock | None = None,
    *,
    guarded: bool = False,
) -> Doorkeeper:
    """The authenticator that the settings ask for; it has to be closed.

    Args:
        settings: all settings.
        secrets: where the secrets of issuers come from.
        logger: told why somebody is not let in, and when keys cannot be had.
        clock: the clock.
        guarded: what `authenticates` said when the host was started. Then nobody is ever let in
            without credentials, though the file of keys may be gone by now.

    Raises:
        SettingsError: keys cannot be read, or an issuer is not set up as it has to be.
    """
    clock = clock or SystemClock()
    mode = settings.auth.keys
    tokens = await _tokens(settings, secrets, clock, logger)
    by_settings = tokens is not None or mode is KeyMode.REQUIRED
    by_file = guarded and not by_settings
    path = key_file_of(settings)
    keys = None if mode is KeyMode.OFF else ApiKeys(path, clock, logger, expected=by_file)
    door = Doorkeeper(
        always=by_settings or guarded, keys=keys, tokens=tokens, logger=logger, clock=clock
    )
    try:
        if tokens is not None:
            await tokens.start()
        if keys is not None:
            await _first_look(keys, by_file)
    except BaseException:
        await door.close()
        raise
    if mode is KeyMode.REQUIRED and tokens is None and keys and not keys.table.has_keys:
        logger.warning("no API key exists, so nobody is let in: create one with ion keys create")
    return door


async def _first_look(keys: ApiKeys, was_there: bool) -> None:
    """Read the keys; those that were read before may come back, and nobody is let in until then.

    Raises:
        KeyFileError: they cannot be read, and never were.
    """
    if not was_there:
        await keys.table.load()
        return
    with suppress(UnavailableError):
        await keys.table.refresh()


async def _tokens(
    settings: Settings, secrets: Secrets, clock: Clock, logger: FilteringBoundLogger
) -> TokenVerifier | None:
    if not settings.auth.jwt:
        return None
    from ion_host_aiohttp.access.tokens import make_verifier  # only who takes tokens pays for it

    return await make_verifier(settings.auth.jwt, secrets, clock, logger)
