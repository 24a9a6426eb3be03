"""Types of what requests hold, for the documentation: what the host checks in words of its own.

The decoder takes any text here; the endpoint refuses what does not fit, and says so better than a
decoder can. The document says the same, so that it is true.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from ion_framework.domain.blank import NOT_BLANK
from ion_host_aiohttp.openapi.schemas import LIMIT

EXAMPLE = "이거 진짜 답답해요! 왜 안 되는 거죠?"

MessageText = Annotated[
    str,
    msgspec.Meta(
        examples=[EXAMPLE],
        extra_json_schema={"minLength": 1, "pattern": NOT_BLANK, LIMIT: "message_chars"},
    ),
]
"""A message that a persona shall answer: not blank, and as long as the operator allows."""


def one_of(words: Iterable[str]) -> msgspec.Meta:
    """What makes of a text in the documentation one of a closed list of words."""
    return msgspec.Meta(extra_json_schema={"enum": [str(word) for word in words]})
