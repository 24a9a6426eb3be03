"""JSON Web Key Sets: which of the keys in one can verify an issuer's tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey
from joserfc.util import base64_to_int

from ion_framework.settings.serving import JwtAlgorithm
from ion_host_aiohttp.access.token_text import LONGEST_KID
from ion_host_aiohttp.api.nesting import deeper_than

KeysById = Mapping[str | None, Key]
"""Public keys by their ``kid``; a key without one stands under None."""

LARGEST_BYTES = 262_144
"""Bytes of a key set."""

RSA_BITS = range(2048, 8193)
"""Sizes of RSA keys: smaller ones are weak, larger ones take long to verify."""

_DEEPEST = 16
_TYPES = {JwtAlgorithm.RS256: "RSA", JwtAlgorithm.ES256: "EC"}
_CURVE = "P-256"
_MEMBERS = ("kty", "n", "e", "crv", "x", "y")


def keys_of(document: bytes, algorithm: JwtAlgorithm) -> KeysById:
    """The keys of a set that verify signatures by an algorithm; others in it are passed over.

    There may be none: an issuer can withdraw all of its keys.

    Args:
        document: the set, JSON.
        algorithm: the one algorithm of the issuer; no key for another, and no secret, is taken.

    Raises:
        ValueError: it is no key set, holds a private key, a key that is damaged or has the wrong
            size, or two of the same id; says which.
    """
    found: dict[str | None, Key] = {}
    for entry in _entries(document):
        if not _is_for(entry, algorithm):
            continue
        key_id = entry.get("kid")
        if not (key_id is None or (isinstance(key_id, str) and len(key_id) <= LONGEST_KID)):
            raise ValueError("a kid is no short text")
        if key_id in found:
            raise ValueError(f"two keys for {algorithm} have the same kid")
        found[key_id] = _imported(entry, algorithm)
    return found


def key_for(keys: KeysById, key_id: str | None) -> Key | None:
    """The key of an id; the only key for a token that names none."""
    if key_id is None and len(keys) == 1:
        return next(iter(keys.values()))
    return keys.get(key_id)


def _entries(document: bytes) -> list[dict[str, Any]]:
    if len(document) > LARGEST_BYTES:
        raise ValueError(f"it has more than {LARGEST_BYTES} bytes")
    if deeper_than(_DEEPEST, document):
        raise ValueError("it is nested too deeply")
    try:
        found = json.loads(document)
    except ValueError:
        raise ValueError("it is not valid JSON") from None
    entries = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError('it is no JSON Web Key Set: an object with a list of objects "keys"')
    return entries


def _is_for(entry: Mapping[str, Any], algorithm: JwtAlgorithm) -> bool:
    """Whether a key says of itself that it is one for this algorithm."""
    operations = entry.get("key_ops", ["verify"])
    return (
        entry.get("kty") == _TYPES[algorithm]
        and entry.get("alg", algorithm.value) == algorithm.value
        and entry.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and entry.get("crv", _CURVE) == _CURVE
    )


def _imported(entry: dict[str, Any], algorithm: JwtAlgorithm) -> Key:
    if "d" in entry:
        raise ValueError("it holds a private key; give the public ones alone")
    # Certificates and addresses in the entry are not needed, so they are not even read.
    plain: dict[str, Any] = {name: entry[name] for name in _MEMBERS if name in entry}
    try:
        if algorithm is JwtAlgorithm.ES256:
            return ECKey.import_key(plain)
        bits = base64_to_int(plain["n"]).bit_length()
        if bits in RSA_BITS:
            return RSAKey.import_key(plain)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"a key is damaged ({type(error).__name__})") from None
    raise ValueError(f"an RSA key has {bits} bits instead of 2048 to 8192")
