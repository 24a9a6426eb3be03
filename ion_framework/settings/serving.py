"""Settings of a host: where it listens, whom it lets in, and how much it takes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import attrs

from ion_framework.settings.checks import host_names, iso_date, networks, origins, rate, seconds

_RANGE = attrs.validators


@attrs.frozen
class ServerSettings:
    """Where the host listens, and what stands before and behind it.

    Attributes:
        host: address to bind.
        port: TCP port, 0 (any free one) to 65535.
        workers: processes that serve, 1 to 256; 0 is one for each processor.
        reserve: whether, beside several workers, one more process waits with its imports done, to
            take the place of one that ends by accident in half the time. It costs the memory of
            one; False where that is scarce.
        trusted_proxies: addresses or networks of proxies whose ``X-Forwarded-For`` is believed.
        trusted_hops: proxies that stand before the host, 1 to 16: the caller's address is the
            entry so far from the right. Counts only where the peer is a trusted proxy.
        redis_url: Redis for what the processes share (rate limits, quotas); None keeps it in each.
    """

    host: str = "127.0.0.1"
    port: int = attrs.field(default=8080, validator=[_RANGE.ge(0), _RANGE.le(65535)])
    workers: int = attrs.field(default=1, validator=[_RANGE.ge(0), _RANGE.le(256)])
    reserve: bool = True
    trusted_proxies: tuple[str, ...] = attrs.field(default=(), validator=networks)
    trusted_hops: int = attrs.field(default=1, validator=[_RANGE.ge(1), _RANGE.le(16)])
    redis_url: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class LimitSettings:
    """How large a request may be, and how many are taken at once by one process.

    Attributes:
        message_chars: characters of a message in the HTTP API v1 and v2, 1 to 32000.
        body_bytes: bytes of a request body.
        header_s: seconds in which the head of a request must have arrived.
        body_s: seconds in which its body must have arrived.
        in_flight: requests that are worked on at once, 1 to 65536.
        queue: requests that wait for one of these places, 0 to 65536; more are told 503.
        queue_s: seconds that one waits there at most.
        connections: open connections, 16 to 1000000.
        connections_per_address: open connections of one client address, 1 to 1000000.
        bulk_items: messages of one bulk request, 1 to 1000.
        streams: streams (server-sent events) that are open at once, 1 to 65536. Each also holds
            one of the places of ``in_flight``, so that more of them than of those never come about.
        streams_per_caller: of one caller, 1 to 65536; more are told 429.
        websockets: WebSockets that are open at once, 1 to 65536.
        websockets_per_caller: of one caller, 1 to 65536; more are told 429.
    """

    message_chars: int = attrs.field(default=1000, validator=[_RANGE.ge(1), _RANGE.le(32000)])
    body_bytes: int = attrs.field(default=262144, validator=_RANGE.ge(1024))
    header_s: float = attrs.field(default=10.0, validator=seconds)
    body_s: float = attrs.field(default=10.0, validator=seconds)
    in_flight: int = attrs.field(default=256, validator=[_RANGE.ge(1), _RANGE.le(65536)])
    queue: int = attrs.field(default=256, validator=[_RANGE.ge(0), _RANGE.le(65536)])
    queue_s: float = attrs.field(default=2.0, validator=seconds)
    connections: int = attrs.field(default=8192, validator=[_RANGE.ge(16), _RANGE.le(1_000_000)])
    connections_per_address: int = attrs.field(
        default=1024, validator=[_RANGE.ge(1), _RANGE.le(1_000_000)]
    )
    bulk_items: int = attrs.field(default=100, validator=[_RANGE.ge(1), _RANGE.le(1000)])
    streams: int = attrs.field(default=128, validator=[_RANGE.ge(1), _RANGE.le(65536)])
    streams_per_caller: int = attrs.field(default=16, validator=[_RANGE.ge(1), _RANGE.le(65536)])
    websockets: int = attrs.field(default=256, validator=[_RANGE.ge(1), _RANGE.le(65536)])
    websockets_per_caller: int = attrs.field(default=16, validator=[_RANGE.ge(1), _RANGE.le(65536)])


class KeyMode(StrEnum):
    """Whether API keys are asked for; ``auto`` is as soon as one was ever created."""

    AUTO = "auto"
    REQUIRED = "required"
    OFF = "off"


class JwtAlgorithm(StrEnum):
    """The one algorithm by which an issuer signs."""

    HS256 = "HS256"
    RS256 = "RS256"
    ES256 = "ES256"


@attrs.frozen
class JwtIssuerSettings:
    """An issuer of JSON Web Tokens that the host believes. Exactly one key source is given.

    Attributes:
        issuer: what ``iss`` must be.
        audience: what ``aud`` must hold.
        algorithm: ``HS256``, ``RS256`` or ``ES256``; tokens by any other are refused.
        secret: name of the secret for HS256 (a variable, a ``…_FILE``, or a source of secrets);
            its value has 32 bytes or more.
        jwks_file: JSON Web Key Set of the issuer's public keys.
        jwks_url: address of the same, https; fetched at the start and when a key id is unknown.
        jwks_max_age_s: seconds since a file or an address last gave its key set after which its
            keys no longer count, 600 to 2592000: while none can be had, keys that the issuer has
            withdrawn stay good for so long.
        leeway_s: seconds by which clocks may differ, 0 to 30.
        scopes_claim: claim with the scopes, a list or text separated by spaces.
        tenant_claim: claim with the tenant, None where all are of one.
        tier_claim: claim with the tier of the rate limit, None where all have the default.
    """

    issuer: str = attrs.field(validator=_RANGE.min_len(1))
    audience: str = attrs.field(validator=_RANGE.min_len(1))
    algorithm: JwtAlgorithm = JwtAlgorithm.RS256
    secret: str | None = None
    jwks_file: Path | None = None
    jwks_url: str | None = None
    jwks_max_age_s: float = attrs.field(
        default=86_400.0, validator=[_RANGE.ge(600), _RANGE.le(2_592_000)]
    )
    leeway_s: float = attrs.field(default=10.0, validator=[_RANGE.ge(0), _RANGE.le(30)])
    scopes_claim: str = "scope"
    tenant_claim: str | None = None
    tier_claim: str | None = None


@attrs.frozen
class AuthSettings:
    """Whom the host lets in. With neither keys nor issuers it authenticates nobody.

    Attributes:
        keys: ``auto`` (as soon as a key was ever created), ``required`` or ``off``.
        keys_file: database of API keys; None is ``keys.sqlite3`` in the data folder.
        jwt: issuers of JSON Web Tokens.
    """

    keys: KeyMode = KeyMode.AUTO
    keys_file: Path | None = None
    jwt: tuple[JwtIssuerSettings, ...] = ()


class RateOutage(StrEnum):
    """What holds while Redis is gone: a share of the limit in each process, or nobody passes."""

    LOCAL = "local"
    CLOSED = "closed"


@attrs.frozen
class RateSettings:
    """How often a caller may ask.

    Attributes:
        limit: requests in any such span of time, as ``30/minute``; ``off`` only on loopback.
        tiers: the same for callers of a tier, by its name.
        grace: requests above the limit that a caller may borrow from the next span, as a share of
            the limit, 0 to 1.
        under_load: share of the limit that holds while the host is overloaded, above 0 to 1.
        on_outage: ``local`` or ``closed``, while Redis is gone.
        tokens_per_day: tokens of the language model that a caller may spend a day; None is no
            bound.
        max_callers: callers that one process remembers, 1000 to 10000000.
        failed_logins: keys and tokens that are not valid, from one address, as ``10/minute``.
        strays: requests of one address that are nobody's or for nothing: without credentials where
            some are needed, with several, or for an address that does not exist.
    """

    limit: str = attrs.field(default="30/minute", validator=rate)
    tiers: Mapping[str, str] = attrs.field(
        factory=dict, validator=_RANGE.deep_mapping(_RANGE.instance_of(str), rate)
    )
    grace: float = attrs.field(default=0.0, validator=[_RANGE.ge(0), _RANGE.le(1)])
    under_load: float = attrs.field(default=0.5, validator=[_RANGE.gt(0), _RANGE.le(1)])
    on_outage: RateOutage = RateOutage.LOCAL
    tokens_per_day: int | None = attrs.field(default=None, validator=_RANGE.optional(_RANGE.ge(1)))
    max_callers: int = attrs.field(
        default=100_000, validator=[_RANGE.ge(1000), _RANGE.le(10_000_000)]
    )
    failed_logins: str = attrs.field(default="10/minute", validator=rate)
    strays: str = attrs.field(default="600/minute", validator=rate)


@attrs.frozen
class CorsSettings:
    """Which web pages may call the host from a browser.

    Attributes:
        origins: exact origins, as ``https://app.example``; empty lets no other page in.
        credentials: whether browsers may send cookies and client certificates along.
        max_age_s: seconds for which a browser remembers a preflight, 0 to 86400.
        hosts: names under which a host that listens on loopback is reached, besides ``localhost``
            and loopback addresses: those of a proxy on the same machine. Any other name in
            ``Host`` is refused there, because a web page can make its own name mean 127.0.0.1.
    """

    origins: tuple[str, ...] = attrs.field(default=(), validator=origins)
    credentials: bool = False
    max_age_s: int = attrs.field(default=600, validator=[_RANGE.ge(0), _RANGE.le(86400)])
    hosts: tuple[str, ...] = attrs.field(default=(), validator=host_names)


class Hsts(StrEnum):
    """For which names browsers are told to use https alone: this one, those below it too, none."""

    HOST = "host"
    SUBDOMAINS = "subdomains"
    OFF = "off"


@attrs.frozen
class ApiSettings:
    """How the API presents itself.

    Attributes:
        docs: whether ``/docs`` and ``/redoc`` are served.
        playground: whether the chat page ``/playground`` is served.
        dashboard: whether the page of figures ``/dashboard`` is served.
        feedback_turns: turns outside conversations that each process remembers for feedback on
            them, 10 minutes at most, where there is a store; 0 to 100000, 0 turns it off.
        v1_deprecated: the day from which API v1 counts as deprecated, as ``2027-01-31``.
        v1_sunset: the day on which API v1 ends, announced in the header ``Sunset``.
        hsts: what ``Strict-Transport-Security`` says to callers who used https: ``host``,
            ``subdomains`` (every name below this one has to speak https as well) or ``off``.
    """

    docs: bool = True
    playground: bool = True
    dashboard: bool = True
    feedback_turns: int = attrs.field(
        default=2000, validator=[attrs.validators.ge(0), attrs.validators.le(100_000)]
    )
    v1_deprecated: str | None = attrs.field(default=None, validator=iso_date)
    v1_sunset: str | None = attrs.field(default=None, validator=iso_date)
    hsts: Hsts = Hsts.HOST
