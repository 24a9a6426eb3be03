"""The door: who presents a key or a token that holds is let in, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ion_framework.clock import Clock
from ion_host_aiohttp.access import refusals
from ion_host_aiohttp.access.api_keys import ApiKeys
from ion_host_aiohttp.access.caller import Caller, Credentials, anybody_at
from ion_host_aiohttp.access.key_form import PREFIX
from ion_host_aiohttp.access.refusal_log import RefusalLog
from ion_host_aiohttp.access.refusals import RefusedError, UnavailableError
from ion_host_aiohttp.access.usage import Metered
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.rates.limiter import Limiter

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_host_aiohttp.access.tokens import TokenVerifier


class Doorkeeper:
    """Lets in whoever presents a key or a token that holds.

    Args:
        always: whether credentials are asked for even where no key was ever created.
        keys: the API keys; None where they are off.
        tokens: the issuers of tokens; None where there are none.
        logger: told why somebody is not let in.
        clock: the clock.
    """

    def __init__(
        self,
        *,
        always: bool,
        keys: ApiKeys | None,
        tokens: TokenVerifier | None,
        logger: FilteringBoundLogger,
        clock: Clock,
    ) -> None:
        self._always = always
        self._keys = keys
        self._tokens = tokens
        self._log = RefusalLog(logger, clock)

    @property
    def required(self) -> bool:
        """Whether nobody passes without credentials."""
        return self._always or (self._keys is not None and self._keys.table.has_keys)

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants of the keys that there are."""
        return self._keys.table.tenants if self._keys is not None else frozenset()

    async def identify(self, credentials: Credentials, address: str) -> Caller:
        """The caller of a request.

        Raises:
            RequestFailed: 401: nobody whom it lets in; 503: this cannot be known now.
        """
        try:
            if self._keys is not None:
                await self._keys.table.refresh()
            if not self.required:
                return anybody_at(address)
            return await self._presented(credentials)
        except RefusedError as error:
            self._log.tell(str(error), address)
            raise RequestFailed(refusals.not_valid()) from error
        except UnavailableError as error:
            raise RequestFailed(refusals.not_known_now()) from error

    def metered(self, limiter: Limiter) -> Limiter:
        """The limiter that also has the use of keys counted."""
        return limiter if self._keys is None else Metered(limiter, self._keys.ledger)

    async def close(self) -> None:
        """Write what is still to be written, and let go of files and connections."""
        try:
            if self._tokens is not None:
                await self._tokens.close()
        finally:
            if self._keys is not None:
                await self._keys.close()

    async def _presented(self, credentials: Credentials) -> Caller:
        if credentials.malformed:
            raise RefusedError("a header twice, both headers, or another scheme than Bearer")
        text = credentials.bearer if credentials.key is None else credentials.key
        if text is None:
            raise RequestFailed(refusals.nothing_presented())
        is_key = credentials.key is not None or text.startswith(PREFIX)
        if is_key and self._keys is not None:
            return self._keys.table.caller(text)
        if not is_key and self._tokens is not None:
            return await self._tokens.caller(text)
        raise RefusedError("API keys are off" if is_key else "tokens of no issuer are taken")
