"""Names in the requests of API v2: of users, conversations, personas, and places in lists."""

from __future__ import annotations

from typing import Annotated

import msgspec

from ion_host_aiohttp.api.constraints import FORM
from ion_host_aiohttp.errors.messages import say

LONGEST_NAME = 128

UserId = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=LONGEST_NAME,
        # Python lets `$` match before a line break at the end, JSON Schema does not.
        pattern=r"^[^\s\x00-\x1f./\x7f-\x9f][^\x00-\x1f/\x7f-\x9f]*$(?!\n)",
        description="The caller's own name for a user: any text without control characters and"
        " `/` that does not begin with `.` or a space.",
        examples=["user-2041"],
        extra={FORM: say("form_user_id")},
    ),
]
SessionId = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=LONGEST_NAME,
        pattern=r"^session_[A-Za-z0-9_-]+$(?!\n)",
        description="Name of a conversation, as `start` gave it.",
        examples=["session_q3kXv0dSg8mPzE1yUe7WbT5nLr2HcJ4A"],
        extra={FORM: say("form_session_id")},
    ),
]
Cursor = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=600,
        pattern=r"^[A-Za-z0-9_-]+$(?!\n)",
        description="`next_cursor` of the page before.",
        extra={FORM: say("form_cursor")},
    ),
]

PersonaName = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
