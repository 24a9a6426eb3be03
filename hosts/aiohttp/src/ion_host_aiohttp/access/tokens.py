"""JSON Web Tokens of the issuers in the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from joserfc.jwk import OctKey

from ion_framework.clock import Clock
from ion_framework.errors import SettingsError
from ion_framework.settings.secrets import Secrets
from ion_framework.settings.serving import JwtAlgorithm, JwtIssuerSettings
from ion_host_aiohttp.access.caller import Caller
from ion_host_aiohttp.access.issuer import Issuer
from ion_host_aiohttp.access.key_fetch import KeyFetcher, url_problem
from ion_host_aiohttp.access.key_sources import (
    FetchedKeys,
    FileKeys,
    KeySource,
    Rules,
    SharedSecret,
)
from ion_host_aiohttp.access.refusals import RefusedError
from ion_host_aiohttp.access.token_text import read_token

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

SHORTEST_SECRET = 32
"""Bytes of a secret for HS256: those of its hash (RFC 7518, section 3.2)."""


class TokenVerifier:
    """Says who presents a token.

    Args:
        issuers: those that are believed, by what ``iss`` says.
    """

    def __init__(self, issuers: Mapping[str, Issuer]) -> None:
        self._issuers = issuers

    async def start(self) -> None:
        """Get the keys of every issuer.

        Raises:
            SettingsError: a file of keys cannot be used.
        """
        await asyncio.gather(*(issuer.keys.start() for issuer in self._issuers.values()))

    async def caller(self, text: str) -> Caller:
        """Who presents a token.

        Raises:
            RefusedError: nobody whom it lets in; says why.
            UnavailableError: the issuer's keys are not known yet.
        """
        token = read_token(text)
        # Not believed yet: it only picks who has to have signed the token.
        claimed = token.claims.get("iss")
        issuer = self._issuers.get(claimed) if isinstance(claimed, str) else None
        if issuer is None:
            raise RefusedError("the token is of an issuer that the settings do not name")
        return await issuer.caller(token)

    async def close(self) -> None:
        """Let go of connections."""
        for issuer in self._issuers.values():
            await issuer.keys.close()


async def make_verifier(
    settings: tuple[JwtIssuerSettings, ...],
    secrets: Secrets,
    clock: Clock,
    logger: FilteringBoundLogger,
) -> TokenVerifier:
    """The verifier of these issuers; it has to be started and closed.

    Args:
        settings: the issuers.
        secrets: where shared secrets come from.
        clock: the clock.
        logger: told when keys cannot be had.

    Raises:
        SettingsError: an issuer stands twice, or its keys are not given as its algorithm wants.
    """
    issuers: dict[str, Issuer] = {}
    for place, one in enumerate(settings):
        if one.issuer in issuers:
            raise SettingsError(f"auth.jwt[{place}].issuer: {one.issuer} stands there twice")
        _check_sources(one, place)
        keys = await _source(one, place, secrets, clock, logger)
        issuers[one.issuer] = Issuer(one, keys, clock)
    return TokenVerifier(issuers)


def _check_sources(settings: JwtIssuerSettings, place: int) -> None:
    given = {
        name for name in ("secret", "jwks_file", "jwks_url") if getattr(settings, name) is not None
    }
    symmetric = settings.algorithm is JwtAlgorithm.HS256
    valid = {"secret"} if symmetric else {"jwks_file", "jwks_url"}
    if len(given) != 1 or not given <= valid:
        raise SettingsError(
            f"auth.jwt[{place}]: {settings.algorithm.value} needs "
            f"{'secret' if symmetric else 'either jwks_file or jwks_url'} and no other source of "
            f"keys; given: {', '.join(sorted(given)) or 'none'}"
        )


async def _source(
    settings: JwtIssuerSettings,
    place: int,
    secrets: Secrets,
    clock: Clock,
    logger: FilteringBoundLogger,
) -> KeySource:
    rules = Rules(
        algorithm=settings.algorithm,
        max_age_s=settings.jwks_max_age_s,
        clock=clock,
        logger=logger.bind(issuer=settings.issuer),
    )
    if settings.jwks_file is not None:
        return FileKeys(settings.jwks_file.expanduser(), rules)
    if settings.jwks_url is not None:
        problem = url_problem(settings.jwks_url)
        if problem:
            raise SettingsError(f"auth.jwt[{place}].jwks_url: {problem}")
        fetcher = KeyFetcher(settings.jwks_url)
        return FetchedKeys(fetcher.fetch, rules, fetcher.close)
    name = settings.secret or ""
    # A source of secrets may ask over the network.
    value = await asyncio.to_thread(secrets.find, name)
    return _shared(f"auth.jwt[{place}].secret", name, value)


def _shared(place: str, name: str, value: str | None) -> SharedSecret:
    """The secret of an issuer.

    Raises:
        SettingsError: there is none, it is short, or everybody knows it.
    """
    if value is None:
        raise SettingsError(
            f"{place}: there is no secret {name}; set the variable {name}, or {name}_FILE to a "
            "file that holds it"
        )
    content = value.encode()
    if len(content) < SHORTEST_SECRET:
        raise SettingsError(
            f"{place}: {name} has {len(content)} bytes; HS256 needs {SHORTEST_SECRET} or more of "
            "chance, for example from: openssl rand -base64 48"
        )
    if _is_public_key(content):
        raise SettingsError(
            f"{place}: {name} is a key or a certificate, which is no secret; for RS256 or ES256 "
            "give jwks_file or jwks_url"
        )
    return SharedSecret(OctKey.import_key(content))


def _is_public_key(content: bytes) -> bool:
    """Whether a secret is, or once was, a public key, however its spaces were changed.

    ``MII`` is how the base64 of a key or certificate begins whose first line was left out.
    """
    text = b"".join(content.split())
    return any(mark in text for mark in (b"-BEGIN", b'"kty"', b'"keys"')) or text.startswith(
        (b"MII", b"ssh-", b"ecdsa-")
    )
