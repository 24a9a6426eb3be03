"""A key as it is kept: what it may do, how long it holds, and what was done with it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import attrs

from ion_framework.pipeline.turn import DEFAULT_TENANT
from ion_host_aiohttp.access.caller import Caller

PRINCIPAL = "key:"
"""What the principals of keys begin with; the id follows."""


class KeyState(StrEnum):
    """Whether a key lets anybody in."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@attrs.frozen(kw_only=True)
class KeyTerms:
    """What somebody who creates a key says of it.

    Attributes:
        name: for people; need not be unique.
        scopes: what its caller may do.
        tier: the tier of its rate limit, empty for the default.
        tenant: whose data its caller works on.
        requests_per_day: requests a UTC day; None is no bound.
        tokens_per_day: tokens of the language model a UTC day; None is what the settings say.
        expires: when it ends, seconds since the epoch; None is never.
    """

    name: str = ""
    scopes: tuple[str, ...] = ()
    tier: str = ""
    tenant: str = DEFAULT_TENANT
    requests_per_day: int | None = None
    tokens_per_day: int | None = None
    expires: float | None = None


@attrs.frozen(kw_only=True)
class KeyRecord:
    """A key, without what would let anybody in.

    Attributes:
        id: its public id.
        digest: SHA-256 of the key.
        terms: what it may do.
        created: when it was created, seconds since the epoch.
        revoked: when it was revoked; None while it is not.
    """

    id: str
    digest: bytes = attrs.field(repr=False)
    terms: KeyTerms
    created: float
    revoked: float | None = None

    def state(self, now: float) -> KeyState:
        """Whether it lets anybody in at this time."""
        if self.revoked is not None:
            return KeyState.REVOKED
        if self.terms.expires is not None and now >= self.terms.expires:
            return KeyState.EXPIRED
        return KeyState.ACTIVE

    def caller(self) -> Caller:
        """Who asks with this key."""
        principal = PRINCIPAL + self.id
        return Caller(
            principal=principal,
            tenant=self.terms.tenant,
            scopes=frozenset(self.terms.scopes),
            tier=self.terms.tier,
            subject=principal,
            tokens_per_day=self.terms.tokens_per_day,
            requests_per_day=self.terms.requests_per_day,
        )


@attrs.frozen
class DailyUse:
    """What was done with a key on one UTC day.

    Attributes:
        requests: requests that were let in, each by what it counts.
        tokens: tokens of the language model that they spent.
    """

    requests: int = 0
    tokens: int = 0


@attrs.frozen(kw_only=True)
class KeyUse:
    """What was done with a key.

    Attributes:
        last_used: when it was last used, seconds since the epoch; None is never, or so long ago
            that the days of it are no longer kept.
        days: its use by UTC day, as ``2027-01-31``; days without are left out.
    """

    last_used: float | None = None
    days: Mapping[str, DailyUse] = attrs.field(factory=dict)
