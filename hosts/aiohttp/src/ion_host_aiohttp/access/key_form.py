"""What an API key looks like: ``ion_<key id>_<secret><checksum>``, in letters and digits.

The id is public, and names the key in lists and logs. The secret has 43 of 62 characters, 256 bits
of chance. The checksum depends on nothing secret beside the key itself; scanners that look for
secrets in code use it to tell a key from a text that only looks like one. The pattern for them is
``ion_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}``.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib

import attrs

PREFIX = "ion_"
ID_CHARS = 12
SECRET_CHARS = 43
CHECKSUM_CHARS = 6

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID = re.compile(rf"[0-9A-Za-z]{{{ID_CHARS}}}")
_KEY = re.compile(
    rf"{PREFIX}([0-9A-Za-z]{{{ID_CHARS}}})_([0-9A-Za-z]{{{SECRET_CHARS + CHECKSUM_CHARS}}})"
)


@attrs.frozen
class PresentedKey:
    """A text that has the form of a key; nothing says yet that it is one.

    Attributes:
        id: the id of the key that it claims to be.
        digest: SHA-256 of the whole text.
    """

    id: str
    digest: bytes = attrs.field(repr=False)


def new_key() -> tuple[str, PresentedKey]:
    """A new key, and what is kept of it."""
    key_id = _random(ID_CHARS)
    body = f"{PREFIX}{key_id}_{_random(SECRET_CHARS)}"
    key = body + checksum(body)
    return key, PresentedKey(key_id, digest_of(key))


def presented(text: str) -> PresentedKey | None:
    """What a text in the form of a key claims to be; None where it has another form.

    Args:
        text: what a request presents.
    """
    found = _KEY.fullmatch(text)
    if found is None or checksum(text[:-CHECKSUM_CHARS]) != text[-CHECKSUM_CHARS:]:
        return None
    return PresentedKey(found[1], digest_of(text))


def is_key_id(text: str) -> bool:
    """Whether a text has the form of a key id."""
    return _ID.fullmatch(text) is not None


def digest_of(key: str) -> bytes:
    """What is stored of a key.

    One round of SHA-256, and not a slow function for passwords: nobody can try 2 to the 256th
    secrets, however fast each trial is, while a slow function would hand every stranger a way to
    keep the host busy.
    """
    return hashlib.sha256(key.encode()).digest()


def checksum(body: str) -> str:
    """CRC-32 of a key's text up to its checksum, in six letters and digits."""
    number, characters = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_CHARS):
        number, place = divmod(number, len(_ALPHABET))
        characters = _ALPHABET[place] + characters
    return characters


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
