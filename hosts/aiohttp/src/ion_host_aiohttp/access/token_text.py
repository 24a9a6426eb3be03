"""The text of a JSON Web Token, read strictly and before anything in it is believed.

What is ambiguous is refused here: a member that stands twice, a number that JSON does not know, a
header that asks for more than a signature.
"""

from __future__ import annotations

import json
import re
from typing import Any

import attrs
from joserfc.util import urlsafe_b64decode

from ion_host_aiohttp.access.refusals import RefusedError
from ion_host_aiohttp.api.nesting import deeper_than

LONGEST = 8192
"""Characters of a token."""

LONGEST_KID = 256
_DEEPEST = 16
_PARTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_TYPES = frozenset({"jwt", "at+jwt", "application/jwt", "application/at+jwt"})
"""What ``typ`` may say: tokens of other types (a logout, an event) let nobody in (RFC 8725)."""


@attrs.frozen
class TokenText:
    """A token whose signature nobody has looked at.

    Attributes:
        text: all of it.
        algorithm: how it says that it is signed.
        key_id: the key that it says it is signed with; None where it names none.
        claims: what it says.
    """

    text: str = attrs.field(repr=False)
    algorithm: str
    key_id: str | None = attrs.field(repr=False)
    claims: dict[str, Any] = attrs.field(repr=False)


def read_token(text: str) -> TokenText:
    """Read a token.

    Raises:
        RefusedError: it is no token, or one that is not taken; says why.
    """
    if len(text) > LONGEST:
        raise RefusedError(f"the token has more than {LONGEST} characters")
    parts = _PARTS.fullmatch(text)
    if parts is None:
        raise RefusedError("it is neither a key nor a signed token")
    header = _object(parts[1], "header")
    if header.keys() & {"crit", "b64"}:
        raise RefusedError("the token's header asks for an extension")
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str):
        raise RefusedError("the token's header has no alg")
    if not (key_id is None or (isinstance(key_id, str) and len(key_id) <= LONGEST_KID)):
        raise RefusedError("the token's kid is no short text")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise RefusedError("the token's typ is another than JWT")
    return TokenText(text, algorithm, key_id, _object(parts[2], "payload"))


def _object(part: str, what: str) -> dict[str, Any]:
    """The JSON object of a part of a token.

    Raises:
        RefusedError: there is none.
    """
    try:
        decoded = urlsafe_b64decode(part.encode())
        if deeper_than(_DEEPEST, decoded):
            raise RefusedError(f"the token's {what} is nested too deeply")
        # As text, because of bytes json would guess the encoding, and take UTF-16 as well.
        written = decoded.decode("utf-8")
        found = json.loads(written, object_pairs_hook=_unique, parse_constant=_no_number)
    except ValueError as error:
        raise RefusedError(f"the token's {what} is not valid JSON in base64url") from error
    if not isinstance(found, dict):
        raise RefusedError(f"the token's {what} is no JSON object")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a member stands twice")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON")
