"""Whether there is nothing to be found in a request, asked of every one before it is taken apart.

Nearly every request is small, and none of its texts matches any rule. To see that, neither the
places of the texts nor how much of them may still be read has to be kept in mind.
"""

from __future__ import annotations

from collections.abc import Iterable

from ion_framework import IncomingRequest, RequestText
from ion_guard.known import RULES_IN_SHORT, SHORT, rules_in_message
from ion_guard.places import Kind, Place, addresses_of, holds_messages
from ion_guard.reach import MESSAGE_READ, MESSAGES_READ, READ

FEW = READ // SHORT
"""Short texts that are read as a whole, whatever they are."""

_in_target, _in_path, _in_header, _in_id = (
    RULES_IN_SHORT[kind] for kind in (Kind.TARGET, Kind.PATH, Kind.HEADER, Kind.ID)
)


def is_quiet(request: IncomingRequest, messages: frozenset[str]) -> bool:
    """Whether a request is small, and no rule matches in any of its texts.

    Where it is not, `ion_guard.matching.text_matches` says what was found, if anything.

    Args:
        request: the request.
        messages: names of the members and parameters that hold messages.
    """
    query, headers, texts = request.query, request.headers.values(), request.texts
    if not request.complete or 2 + 2 * len(query) + len(headers) + len(texts) > FEW:
        return False
    if max(map(len, headers), default=0) > SHORT or any(map(_in_header, headers)):
        return False
    if query:
        return _are_quiet(addresses_of(request, messages)) and _are_quiet_texts(texts, messages)
    target, path = request.target, request.path
    if len(target) > SHORT or len(path) > SHORT or _in_target(target) or _in_path(path):
        return False
    return _are_quiet_texts(texts, messages)


def _are_quiet(places: Iterable[Place]) -> bool:
    """Whether all is quiet in an address; messages in one are left to whoever counts them."""
    return not any(
        kind is Kind.MESSAGE or len(text) > SHORT or RULES_IN_SHORT[kind](text)
        for kind, _, text in places
    )


def _are_quiet_texts(texts: Iterable[RequestText], messages: frozenset[str]) -> bool:
    left = MESSAGES_READ
    for item in texts:
        text = item.text
        if holds_messages(item.field, messages) or item.member in messages:
            left -= len(text)
            if len(text) > MESSAGE_READ or left < 0 or rules_in_message(text):
                return False
        elif len(text) > SHORT or _in_id(text):
            return False
    return True
