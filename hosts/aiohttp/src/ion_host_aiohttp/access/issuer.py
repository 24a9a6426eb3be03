"""One issuer of tokens: whether a token is its own, holds now, and whom it lets in."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from joserfc.errors import ClaimError, JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry, deserialize_compact
from joserfc.jwt import JWTClaimsRegistry

from ion_framework.clock import Clock
from ion_framework.pipeline.turn import DEFAULT_TENANT
from ion_framework.settings.serving import JwtIssuerSettings
from ion_host_aiohttp.access.caller import Caller
from ion_host_aiohttp.access.key_sources import KeySource
from ion_host_aiohttp.access.refusals import RefusedError
from ion_host_aiohttp.access.token_text import LONGEST, TokenText

LONGEST_NAME = 255
"""Characters of a subject, a tenant, a tier or a scope."""

PRINCIPAL = "jwt:"


class Issuer:
    """Verifies the tokens of one issuer, by its one algorithm and its own keys.

    Args:
        settings: what the settings say of it.
        keys: its keys.
        clock: the clock.
    """

    def __init__(self, settings: JwtIssuerSettings, keys: KeySource, clock: Clock) -> None:
        self._settings = settings
        self.keys = keys
        self._clock = clock
        # Members of the header that are not known here are passed over, as RFC 7515 wants; the key
        # is chosen by its id alone, so that none of them (jku, jwk, x5u) can name another.
        self._registry = JWSRegistry(
            algorithms=[settings.algorithm.value], strict_check_header=False
        )
        self._registry.max_header_length = LONGEST

    async def caller(self, token: TokenText) -> Caller:
        """Who presents a token that names this issuer.

        Raises:
            RefusedError: nobody whom it lets in; says why.
            UnavailableError: the issuer's keys are not known yet.
        """
        # Before any key is looked for: a public key is never used as a secret, nor the reverse.
        if token.algorithm != self._settings.algorithm.value:
            raise RefusedError(f"the token is not signed by {self._settings.algorithm.value}")
        key = await self.keys.find(token.key_id)
        if key is None:
            raise RefusedError("the token names a key that its issuer does not have")
        self._check_signature(token, key)
        self._check_claims(token.claims)
        return self._caller(token.claims)

    def _check_signature(self, token: TokenText, key: Key) -> None:
        try:
            deserialize_compact(token.text, key, registry=self._registry)
        except (JoseError, ValueError) as error:
            raise RefusedError(f"the token's signature: {type(error).__name__}") from error

    def _check_claims(self, claims: dict[str, Any]) -> None:
        settings = self._settings
        registry = JWTClaimsRegistry(
            now=int(self._clock.time()),
            leeway=int(settings.leeway_s),
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.audience},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )
        try:
            registry.validate(claims)
        except ClaimError as error:
            raise RefusedError(f"the token's claims: {error}") from error

    def _caller(self, claims: dict[str, Any]) -> Caller:
        settings = self._settings
        subject = _name(claims, "sub")
        # Colons in either are escaped, so that no issuer can speak for another's subject.
        principal = f"{PRINCIPAL}{quote(settings.issuer, safe='')}:{quote(subject, safe='')}"
        return Caller(
            principal=principal,
            tenant=_name(claims, settings.tenant_claim)
            if settings.tenant_claim
            else DEFAULT_TENANT,
            scopes=_scopes(claims, settings.scopes_claim),
            tier=_tier(claims, settings.tier_claim),
            subject=principal,
        )


def _name(claims: dict[str, Any], claim: str) -> str:
    """The text of a claim that has to be there.

    Raises:
        RefusedError: it is no text, blank, or long.
    """
    value = claims.get(claim)
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_NAME:
        raise RefusedError(
            f"the token's claim {claim} is no text of 1 to {LONGEST_NAME} characters"
        )
    if not value.isprintable():
        raise RefusedError(f"the token's claim {claim} has control characters")
    return value


def _tier(claims: dict[str, Any], claim: str | None) -> str:
    return _name(claims, claim) if claim and claim in claims else ""


def _scopes(claims: dict[str, Any], claim: str) -> frozenset[str]:
    """The scopes of a token, none where it names none.

    Raises:
        RefusedError: the claim is neither a list of texts nor a text.
    """
    value = claims.get(claim, "")
    found = value.split() if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(scope, str) for scope in found):
        raise RefusedError(f"the token's claim {claim} is neither text nor a list of texts")
    return frozenset(found)
