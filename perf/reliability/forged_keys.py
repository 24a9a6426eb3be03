"""API keys that nobody created, or that no longer hold, and headers that present them oddly."""

from __future__ import annotations

import time
from collections.abc import Iterator

import attrs
from ion_host_aiohttp.access import keys_work
from ion_host_aiohttp.access.key_form import CHECKSUM_CHARS, checksum, new_key
from ion_host_aiohttp.access.key_record import KeyTerms

from ion_framework.domain.language import Language
from ion_framework.settings.model import Settings

Headers = list[tuple[str, str]]


@attrs.frozen
class Keys:
    """Keys of a file.

    Attributes:
        good: one that holds.
        other: another that holds.
        revoked: one that was revoked.
        expired: one whose time is up.
    """

    good: str = attrs.field(repr=False)
    other: str = attrs.field(repr=False)
    revoked: str = attrs.field(repr=False)
    expired: str = attrs.field(repr=False)


def created_keys(settings: Settings) -> Keys:
    """Create the keys in the file of these settings."""
    terms = KeyTerms(scopes=("read",))
    good, other, revoked = (keys_work.create(settings, terms) for _ in range(3))
    keys_work.revoke(settings, revoked.record.id, Language.ENGLISH)
    expired = keys_work.create(settings, attrs.evolve(terms, expires=time.time() - 1))
    return Keys(good.key, other.key, revoked.key, expired.key)


def with_secret(key: str, secret: str) -> str:
    """A key of the same id with another secret, and the checksum that belongs to it."""
    body = key[:17] + secret
    return body + checksum(body)


def wrong(key: str, place: int) -> str:
    """A key whose secret differs in one character."""
    secret = key[17:-CHECKSUM_CHARS]
    other = "a" if secret[place] != "a" else "b"
    return with_secret(key, secret[:place] + other + secret[place + 1 :])


def forged_keys(keys: Keys) -> Iterator[tuple[str, str]]:
    """Every forged key with what is wrong with it."""
    secret = keys.good[17:-CHECKSUM_CHARS]
    bit = chr(ord(keys.good[20]) ^ 1)
    yield "an unknown id", new_key()[0]
    yield "one bit changed", keys.good[:20] + bit + keys.good[21:]
    yield "one bit changed, checksum made right", wrong(keys.good, 3)
    yield "the first character of the secret", wrong(keys.good, 0)
    yield "the last character of the secret", wrong(keys.good, len(secret) - 1)
    yield "the secret of another key", with_secret(keys.other, secret)
    yield "a wrong checksum", keys.good[:-1] + ("a" if keys.good[-1] != "a" else "b")
    yield "no secret", keys.good[:17]
    yield "a shorter secret", keys.good[:-7]
    yield "the prefix alone", "ion_"
    yield "the id alone", keys.good[4:16]
    yield "upper case", keys.good.upper()
    yield "quotes around it", f'"{keys.good}"'
    yield "something after it", keys.good + "%00"
    yield "a revoked key", keys.revoked
    yield "an expired key", keys.expired
    yield "injection", "ion_' OR '1'='1_x"


def odd_headers(keys: Keys, token: str) -> Iterator[tuple[str, Headers]]:
    """Good credentials, presented as they must not be."""
    bearer, own = ("Authorization", f"Bearer {keys.good}"), ("X-API-Key", keys.good)
    yield "nothing", []
    yield "the header twice", [bearer, bearer]
    yield "a good and a bad one", [bearer, ("Authorization", "Bearer x")]
    yield "the key header twice", [own, own]
    yield "both headers", [bearer, own]
    yield "a token and a key", [("Authorization", f"Bearer {token}"), own]
    yield "Basic", [("Authorization", f"Basic {keys.good}")]
    yield "Token", [("Authorization", f"Token {keys.good}")]
    yield "no scheme", [("Authorization", keys.good)]
    yield "an empty token", [("Authorization", "Bearer ")]
    yield "an empty key", [("X-API-Key", "")]
    yield "two in one header", [("Authorization", f"Bearer {keys.good}, Bearer {keys.good}")]
    yield "a token as a key", [("X-API-Key", token)]
    yield "in a cookie", [("Cookie", f"Authorization=Bearer {keys.good}")]
    yield "in another header", [("X-Authorization", f"Bearer {keys.good}")]
