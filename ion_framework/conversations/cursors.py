"""Cursors of lists of conversations: where the next page begins, as a text that callers return.

A cursor names the last conversation of a page, so that pages neither skip nor repeat what stays in
its place while others move; and it says which list it belongs to, so that it is refused elsewhere.
"""

from __future__ import annotations

import hashlib
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode

from ion_framework.conversations.model import Conversation, Owner

_MARK = 12
"""Hexadecimal digits that tell one list from another."""


def write_cursor(owner: Owner, user_id: str | None, last: Conversation) -> str:
    """The cursor behind a conversation of a list.

    Args:
        owner: whose list it is.
        user_id: the user whose conversations it lists, None for everybody's.
        last: the last conversation of the page.
    """
    text = f"{_mark(owner, user_id)} {last.last_activity!r} {last.id}"
    return urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")


def read_cursor(cursor: str, owner: Owner, user_id: str | None) -> tuple[float, str]:
    """Latest activity and id of the conversation behind which the page begins.

    Args:
        cursor: what `write_cursor` wrote.
        owner: whose list it is.
        user_id: the user whose conversations it lists, None for everybody's.

    Raises:
        ValueError: it is none of this list.
    """
    try:
        text = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
        mark, at, conversation_id = text.split(" ", 2)
        activity = float(at)
    except ValueError:
        raise ValueError(_REFUSED) from None
    if mark != _mark(owner, user_id) or not math.isfinite(activity):
        raise ValueError(_REFUSED)
    return activity, conversation_id


_REFUSED = "the cursor is none of this list: use the one of the page before, with the same filters"


def _mark(owner: Owner, user_id: str | None) -> str:
    parts = (owner.tenant, owner.principal, *(() if user_id is None else (user_id,)))
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:_MARK]
