"""The header ``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header): a request by name.

The draft writes the key as a string of structured fields, in quotation marks; without them, as
most clients send it, it means the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from http import HTTPStatus

from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.api.endpoint import ErrorCase
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
"""Response header of an answer that was made for an earlier request of the same key."""
LONGEST = 255

INVALID = ErrorCase(
    HTTPStatus.BAD_REQUEST, "INVALID_IDEMPOTENCY_KEY", f"`{HEADER}` is no name of a request."
)
_QUOTED = re.compile(r'"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"')
_BARE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]{1,255}")


def idempotency_key(given: Sequence[str]) -> str | None:
    """The key that a request carries, None without one.

    Args:
        given: every header of this name.

    Raises:
        RequestFailed: 400, there are several, or one that is no key.
    """
    if not given:
        return None
    text = given[0].strip()
    found = _QUOTED.fullmatch(text)
    if len(given) == 1 and (found or _BARE.fullmatch(text)):
        return found[1] if found else text
    raise RequestFailed(
        Failure(
            status=INVALID.status,
            code=INVALID.code,
            message=say("invalid_idempotency_key", header=HEADER, most=LONGEST),
            field=HEADER,
        )
    )


def fingerprint(*parts: object) -> str:
    """Digest of what a key stands for, to tell a repetition from another request.

    Args:
        parts: what the request asks for, as values of JSON.
    """
    return hashlib.sha256(encode(parts)).hexdigest()
