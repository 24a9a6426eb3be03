"""Tokens that nobody issued, or that no longer hold: what a door must refuse."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import attrs
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

AUDIENCE = "ion"
HS, RS, ES = "https://hs.example", "https://rs.example", "https://es.example"
"""Three issuers, each with the algorithm of its name."""

Changes = dict[str, Any]
_DAY = 86_400


def part(value: object) -> str:
    """A part of a token: bytes as they are, anything else as JSON."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@attrs.frozen
class Issuers:
    """The keys of the three issuers, and the time.

    Attributes:
        secret: that of HS256.
        rsa: two keys of RS256.
        ec: the key of ES256.
        stranger: a key of RS256 that no issuer has.
        now: seconds since the epoch.
        lure: an address where somebody waits for the host to come for keys.
    """

    secret: bytes
    rsa: tuple[RSAKey, RSAKey]
    ec: ECKey
    stranger: RSAKey
    now: int
    lure: str

    def claims(self, issuer: str, **changes: object) -> dict[str, Any]:
        """The claims of a good token, changed; None takes one out."""
        good = {"iss": issuer, "aud": AUDIENCE, "sub": "s", "scope": "read"}
        times = {"iat": self.now - 5, "exp": self.now + _DAY}
        full: dict[str, Any] = {**good, **times, **changes}
        return {name: value for name, value in full.items() if value is not None}

    def signed(
        self, issuer: str, header: Changes | None = None, key: Key | None = None, **changes: object
    ) -> str:
        """A token of an issuer, by its algorithm and its key unless another is given."""
        own: dict[str, tuple[str, Key]] = {
            HS: ("HS256", OctKey.import_key(self.secret)),
            RS: ("RS256", self.rsa[0]),
            ES: ("ES256", self.ec),
        }
        algorithm, usual = own[issuer]
        used = key or usual
        full: Changes = {"alg": algorithm, "kid": usual.kid, **(header or {})}
        full = {name: value for name, value in full.items() if value is not None}
        # Signed by hand where the library would not sign such a header.
        if header and {"crit", "b64"} & header.keys():
            return self.mac(full, self.claims(issuer, **changes), self.secret)
        return jwt.encode(full, self.claims(issuer, **changes), used, algorithms=[full["alg"]])

    def mac(self, header: object, claims: object, secret: bytes) -> str:
        """A token with exactly this header and an HMAC of this secret."""
        text = f"{part(header)}.{part(claims)}"
        return f"{text}.{part(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def forged_tokens(issuers: Issuers) -> Iterator[tuple[str, str]]:
    """Every forged token with what is wrong with it."""
    yield from _unsigned(issuers)
    yield from _confused(issuers)
    yield from _pointing(issuers)
    yield from _out_of_time(issuers)
    yield from _for_others(issuers)
    yield from _damaged(issuers)


def _unsigned(issuers: Issuers) -> Iterator[tuple[str, str]]:
    for name in ("none", "None", "NONE", "nOnE", ""):
        text = f"{part({'alg': name})}.{part(issuers.claims(RS))}"
        yield f"alg {name!r}, no signature", f"{text}."
        yield f"alg {name!r}, some signature", f"{text}.AAAA"
    head, claims, _ = issuers.signed(RS).split(".")
    yield "the signature taken off", f"{head}.{claims}."
    yield "no alg at all", f"{part({'typ': 'JWT'})}.{part(issuers.claims(RS))}.AAAA"


def _confused(issuers: Issuers) -> Iterator[tuple[str, str]]:
    """HMACs with what everybody knows, and the algorithm of another issuer."""
    header, claims = {"alg": "HS256", "kid": "rsa-0"}, issuers.claims(RS)
    pem = issuers.rsa[0].as_pem(private=False)
    der = base64.b64decode(b"".join(pem.strip().splitlines()[1:-1]))
    known = {
        "the public key in PEM": pem,
        "the PEM without its last line end": pem.strip(),
        "the PEM with a space before it": b" " + pem,
        "the PEM with other line ends": pem.replace(b"\n", b"\r\n"),
        "the PEM with a tab after it": pem + b"\t",
        "the public key in DER": der,
        "the public key as a JWK": json.dumps(issuers.rsa[0].as_dict(private=False)).encode(),
        "the empty key": b"",
        "a zero byte": b"\0",
    }
    for name, secret in known.items():
        yield f"HMAC with {name}, to the issuer of RS256", issuers.mac(header, claims, secret)
    header, claims = {"alg": "HS256"}, issuers.claims(HS)
    yield "HMAC with the empty key", issuers.mac(header, claims, b"")
    yield "HMAC with a short key", issuers.mac(header, claims, b"secret")
    yield "RS256 to the issuer of HS256", issuers.signed(RS, iss=HS)
    yield "ES256 to the issuer of RS256", issuers.signed(ES, iss=RS)
    yield "alg RS256 over an HMAC", issuers.mac({"alg": "RS256"}, issuers.claims(RS), pem)
    yield "PS256 with the right key", _padded(issuers)


def _padded(issuers: Issuers) -> str:
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
    from cryptography.hazmat.primitives.hashes import SHA256

    text = f"{part({'alg': 'PS256', 'kid': 'rsa-0'})}.{part(issuers.claims(RS))}"
    padding = PSS(MGF1(SHA256()), SHA256.digest_size)
    key = issuers.rsa[0].get_op_key("sign")
    return f"{text}.{part(key.sign(text.encode(), padding, SHA256()))}"


def _pointing(issuers: Issuers) -> Iterator[tuple[str, str]]:
    """Headers that point to the forger's own key."""
    own = issuers.stranger
    public = own.as_dict(private=False)
    for name in ("../../etc/passwd", "/dev/null", "rsa-0\0", "' OR 1=1 --", "rsa-9", "x" * 300):
        yield f"kid {name[:20]!r}", issuers.signed(RS, {"kid": name}, own)
    yield "no kid", issuers.signed(RS, {"kid": None}, own)
    yield "the kid of another key", issuers.signed(RS, {"kid": "rsa-1"})
    yield "jku", issuers.signed(RS, {"jku": issuers.lure}, own)
    yield "jku, unknown kid", issuers.signed(RS, {"jku": issuers.lure, "kid": "x"}, own)
    yield "x5u", issuers.signed(RS, {"x5u": issuers.lure}, own)
    yield "jwk", issuers.signed(RS, {"jwk": public}, own)
    yield "jwk, unknown kid", issuers.signed(RS, {"jwk": public, "kid": "x"}, own)
    yield "x5c", issuers.signed(RS, {"x5c": ["MIIB"]}, own)
    yield "the key of a stranger", issuers.signed(RS, key=own)


def _out_of_time(issuers: Issuers) -> Iterator[tuple[str, str]]:
    now = issuers.now
    for name in ("exp", "iat", "sub", "aud", "iss"):
        yield f"no {name}", issuers.signed(RS, **{name: None})
    yield "expired", issuers.signed(RS, exp=now - 60)
    yield "expired long ago", issuers.signed(RS, exp=0)
    yield "nbf in the future", issuers.signed(RS, nbf=now + 3600)
    yield "iat in the future", issuers.signed(RS, iat=now + 3600)
    yield "exp as text", issuers.signed(RS, exp=str(now + _DAY))
    yield "exp true", issuers.signed(RS, exp=True)
    yield "exp infinite", issuers.signed(RS, exp=float("inf"))
    yield "exp not a number", issuers.signed(RS, exp=float("nan"))
    yield "exp a list", issuers.signed(RS, exp=[now + _DAY])


def _for_others(issuers: Issuers) -> Iterator[tuple[str, str]]:
    yield "another audience", issuers.signed(RS, aud="other")
    yield "an audience that begins alike", issuers.signed(RS, aud=AUDIENCE + ".evil")
    yield "no audience in the list", issuers.signed(RS, aud=[])
    yield "an unknown issuer", issuers.signed(RS, iss="https://evil.example")
    yield "an issuer with a slash more", issuers.signed(RS, iss=RS + "/")
    yield "several issuers", issuers.signed(RS, iss=[RS, ES])
    yield "a blank subject", issuers.signed(RS, sub=" ")
    yield "a subject that is a number", issuers.signed(RS, sub=5)
    yield "a logout", issuers.signed(RS, {"typ": "logout+jwt"})


def _damaged(issuers: Issuers) -> Iterator[tuple[str, str]]:
    yield "crit", issuers.signed(HS, {"crit": ["exp"], "kid": None})
    yield "crit of what it has", issuers.signed(HS, {"crit": ["b64"], "b64": True, "kid": None})
    yield "b64", issuers.signed(HS, {"b64": False, "kid": None})
    text = issuers.signed(RS)
    head, claims, signature = text.split(".")
    other = part(issuers.claims(RS, sub="admin"))
    yield "other claims under the signature", f"{head}.{other}.{signature}"
    yield "the signature of another token", f"{head}.{claims}.{issuers.signed(RS, sub='t')[-342:]}"
    yield "a character more", text + "A"
    yield "a character less", text[:-1]
    yield "padding", text + "=="
    yield "a fourth part", text + ".AAAA"
    yield "five parts", f"{head}...{claims}.{signature}"
    yield "oversized", issuers.signed(RS, more="x" * 8192)
    yield "oversized garbage", "a." * 4000
    yield "garbage", "garbage"
    yield "dots", ".."
    yield "a payload that is a list", issuers.mac({"alg": "HS256"}, [1], issuers.secret)
    yield (
        "a member twice",
        issuers.mac({"alg": "HS256"}, _twice(issuers.claims(HS, sub="s")), issuers.secret),
    )
    zeros = part(bytes(64))
    yield "a signature of zeros", f"{'.'.join(issuers.signed(ES).split('.')[:2])}.{zeros}"


def _twice(claims: Changes) -> bytes:
    return (json.dumps(claims)[:-1] + ', "sub": "root"}').encode()
