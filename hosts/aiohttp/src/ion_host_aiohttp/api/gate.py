"""The way in: who asks, whether that one may, and what it costs. The same for every endpoint."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import attrs
from aiohttp import hdrs, web
from multidict import istr

from ion_host_aiohttp.access.caller import Caller, Credentials, anybody_at
from ion_host_aiohttp.api.endpoint import Call, Endpoint
from ion_host_aiohttp.api.passage import passage_of
from ion_host_aiohttp.api.upgrades import TOKEN_PREFIX
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.service import Service

API_KEY = "X-API-Key"
_API_KEY = istr(API_KEY)
_NONE = Credentials()
_NO_VALUES: tuple[str, ...] = ()


async def let_in(request: web.Request, endpoint: Endpoint[Any], service: Service) -> Caller:
    """The caller of a request, once it is known that it may have what it asks for.

    Nothing of the body is read before.

    Raises:
        RequestFailed: 401, 403, 429, or 503 under overload.
    """
    service.admission.check(endpoint.sheddable)
    address = service.addresses.of(request)
    if endpoint.scope is None:
        caller = anybody_at(address)
    else:
        presented = credentials_of(request)
        if endpoint.upgrade and presented == _NONE:
            presented = _of_subprotocol(request)
        caller = await _identified(presented, address, service)
    if not caller.may(endpoint.scope):
        # Who asks for what he may not have pays for the answer, too, but needs no tokens for it.
        passage_of(request).rate_fields = await service.limiter.spend(caller, 1, runs_turns=False)
        raise RequestFailed(failures.not_granted(str(endpoint.scope)))
    cost = endpoint.cost if isinstance(endpoint.cost, int) else 1
    if cost:
        passage_of(request).rate_fields = await service.limiter.spend(
            _paying(caller, endpoint), cost, runs_turns=endpoint.runs_turns
        )
    return caller


def _paying(caller: Caller, endpoint: Endpoint[Any]) -> Caller:
    """The caller, as rates count what the endpoint costs."""
    if not endpoint.purse:
        return caller
    return attrs.evolve(caller, subject=f"{caller.subject} {endpoint.purse}")


async def count_stray(request: web.Request, service: Service) -> None:
    """Count a request for an address, or by a method, that does not exist.

    Raises:
        RequestFailed: 429.
    """
    await service.logins.strayed(service.addresses.of(request))


async def _identified(credentials: Credentials, address: str, service: Service) -> Caller:
    """The caller by its credentials; such that are not valid, or none, count against the address.

    Raises:
        RequestFailed: 401, or 429 where too many from there were not valid; 503 where this cannot
            be known.
    """
    service.logins.admit(address, credentials)
    try:
        caller = await service.authenticator.identify(credentials, address)
    except RequestFailed as error:
        if error.failure.status is HTTPStatus.UNAUTHORIZED:
            if credentials.presented:
                await service.logins.failed(address, credentials)
            else:
                await service.logins.strayed(address)
        raise
    service.logins.succeeded(credentials)
    return caller


async def charge(
    request: web.Request, endpoint: Endpoint[Any], service: Service, call: Call[Any]
) -> None:
    """Take what a request costs beyond the one that it has paid at the door.

    Raises:
        RequestFailed: 429, or 413 where it costs more than can ever pass.
    """
    if isinstance(endpoint.cost, int):
        return
    more = endpoint.cost(call.body) - 1
    if more > 0:
        passage_of(request).rate_fields = await service.limiter.spend(
            _paying(call.caller, endpoint), more, runs_turns=endpoint.runs_turns, paid=1
        )


def _of_subprotocol(request: web.Request) -> Credentials:
    """What a page in a browser presents, which can set no header for a WebSocket but this one."""
    offered = ",".join(request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, ()))
    names = [name.strip() for name in offered.split(",")]
    tokens = [name.removeprefix(TOKEN_PREFIX) for name in names if name.startswith(TOKEN_PREFIX)]
    if len(tokens) > 1:
        return Credentials(malformed=True)
    return Credentials(bearer=tokens[0]) if tokens and tokens[0] else _NONE


def credentials_of(request: web.Request) -> Credentials:
    """What a request presents: one bearer token or one key, and of anything else nothing."""
    bearers = request.headers.getall(hdrs.AUTHORIZATION, _NO_VALUES)
    keys = request.headers.getall(_API_KEY, _NO_VALUES)
    if not bearers and not keys:
        return _NONE
    if len(bearers) + len(keys) > 1:
        return Credentials(malformed=True)
    if keys:
        return Credentials(key=keys[0].strip())
    scheme, _, token = bearers[0].strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return Credentials(malformed=True)
    return Credentials(bearer=token.strip())
