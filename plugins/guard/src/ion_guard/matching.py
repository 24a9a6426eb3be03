"""Which rules match in the texts of a request, and what there is too much of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

import attrs

from ion_framework import IncomingRequest
from ion_guard.known import rules_in, rules_in_message
from ion_guard.places import Kind, Place, addresses_of, bodies_of, headers_of
from ion_guard.reach import LONG, LONGEST, MESSAGE_READ, MESSAGES_READ, READ

_PLAIN = re.compile(r"[A-Za-z0-9_-]{0,128}")

HINT, ATTACK = 2, 5


@attrs.frozen
class Match:
    """A rule that matched.

    Attributes:
        rule: its id.
        family: its class.
        weight: what it counts.
        place: where, in words that are not the caller's.
        message: whether that is a message.
        blocks: whether it counts towards a refusal.
        decides: whether it needs no others.
    """

    rule: str
    family: str
    weight: int
    place: str
    message: bool = False
    blocks: bool = False
    decides: bool = False


def text_matches(request: IncomingRequest, messages: frozenset[str]) -> list[Match]:
    """The rules that match in a request, in the order of its texts.

    Args:
        request: the request.
        messages: names of the members and parameters that hold messages.
    """
    looking = _Looking(is_unread=not request.complete)
    found: list[Match] = []
    for place in chain(
        addresses_of(request, messages), headers_of(request), bodies_of(request, messages)
    ):
        found += looking.matches(place)
    if looking.is_unread:
        found.append(Match("text-unread", "protocol", ATTACK, "body"))
    return found


@attrs.define
class _Looking:
    """How far one request has been looked at.

    Attributes:
        is_unread: whether something of it was not, and will not be.
        left: characters outside of messages that may still be looked at.
        left_of_messages: the same of messages.
        number: texts so far.
    """

    is_unread: bool
    left: int = READ
    left_of_messages: int = MESSAGES_READ
    number: int = 0

    def matches(self, place: Place) -> Sequence[Match]:
        """The rules that match in the next text."""
        number = self.number
        self.number += 1
        kind, name, whole = place
        if kind is Kind.MESSAGE:
            return self._message_matches(f"{name}#{number}", whole)
        text = whole[:LONGEST]
        if not _PLAIN.fullmatch(text):
            self.is_unread = self.is_unread or len(text) > self.left
            text = text[: self.left]
            self.left -= len(text)
        rules = rules_in(text, kind)
        if not rules and len(whole) <= LONG:
            return ()
        found = [Match(rule.id, rule.family, rule.weight, name) for rule in rules]
        return found if kind is Kind.HEADER else [*_length(name, len(whole)), *found]

    def _message_matches(self, name: str, whole: str) -> Sequence[Match]:
        """The rules that match in a message; two may have one name, so it has a number, too."""
        text = whole[: min(MESSAGE_READ, self.left_of_messages)]
        self.left_of_messages -= len(text)
        rules = rules_in_message(text)
        return [Match(rule.id, rule.family, rule.weight, name, message=True) for rule in rules]


def _length(name: str, length: int) -> tuple[Match, ...]:
    """The match of a text that is long for its place, if it is."""
    if length <= LONG:
        return ()
    weight = ATTACK if length > LONGEST else HINT
    return (Match("text-length", "protocol", weight, name),)
