"""Whether an answer 200 says anything: a host that answers at once and empty is not well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

NEEDS_KEY = (
    "the host asks for a key: put one of the scope chat into ION_API_KEY, or name its file with "
    "--key-file"
)
"""What to do about answers 401."""

UNKNOWN = 401
"""The status of a host that wants to know who asks."""

CHAT = "content"
"""The member that an answer to a message is there for."""

MEMBERS: Mapping[str, str] = MappingProxyType(
    {
        "/chat": CHAT,
        "/health": "status",
        "/api/v2/health": "service_status",
        "/api/v2/process": CHAT,
        "/api/v2/bulk-process": "results",
        "/api/v2/recommend": "recommended_persona",
        "/api/v2/personas": "personas",
        "/api/v2/conversations/start": "session_id",
    }
)
"""By path, the member without which an answer 200 is none."""


def fault(body: bytes, member: str | None) -> str:
    """What is wrong with the body of an answer 200; empty where nothing is.

    Args:
        body: as it came.
        member: what it has to hold as JSON, neither null nor blank nor empty; None where any
            body will do that is not blank.
    """
    if member is None:
        return "" if body.strip() else "answer 200 is empty"
    try:
        found = json.loads(body)
    except ValueError:  # bytes that are no text are one as well
        return "answer 200 is not JSON"
    if not isinstance(found, dict):
        return "answer 200 is no JSON object"
    return f"answer 200 has no {member}" if _is_blank(found.get(member)) else ""


def _is_blank(value: object) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return value is None or value in ([], {})
