"""Which rules match in the texts of a request, and what there is too much of.

Rules never change while a process runs, so that what they say of a text is remembered: the texts
and the headers of one client come again and again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import attrs

from ion_framework import IncomingRequest
from ion_framework.text_memo import TextMemo
from ion_guard.normalizing import RAW, forms_of, forms_of_message
from ion_guard.places import Kind, Place, addresses_of, bodies_of, headers_of
from ion_guard.rules import Rule, all_rules

LONGEST = 4096
"""Characters of a text outside of messages that are looked at; a longer one is a match."""

LONG = 1024
"""Characters of such a text above which its length is a hint."""

READ = 16384
"""Characters outside of messages that are looked at in a request; more are a match by itself. Plain
names, of letters, digits, ``_`` and ``-``, are not counted: they cost next to nothing."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]{0,128}")

MESSAGE_READ = 4096
"""Characters of a message that are looked at."""

MESSAGES_READ = 16384
"""Characters of all messages of a request that are looked at."""

HINT, ATTACK = 2, 5
_REMEMBERED = 2048
_FEW = 512
_SHORT = 512


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


def text_matches(request: IncomingRequest, messages: frozenset[str]) -> Iterator[Match]:
    """The rules that match in a request, in the order of its texts.

    Args:
        request: the request.
        messages: names of the members and parameters that hold messages.
    """
    looking = _Looking(is_unread=not request.complete)
    for place in addresses_of(request, messages):
        yield from looking.matches(place)
    yield from looking.header_matches(request)
    for place in bodies_of(request, messages):
        yield from looking.matches(place)
    if looking.is_unread:
        yield Match("text-unread", "protocol", ATTACK, "body")


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

    def matches(self, place: Place) -> Iterator[Match]:
        """The rules that match in the next text."""
        number = self.number
        self.number += 1
        if place.kind is Kind.MESSAGE:
            text = place.text[: min(MESSAGE_READ, self.left_of_messages)]
            self.left_of_messages -= len(text)
            # Two messages may have one name; each is judged for itself.
            name = f"{place.name}#{number}"
            for rule in _rules_in_message(text):
                yield Match(rule.id, rule.family, rule.weight, name, message=True)
            return
        yield from _length(place)
        text = place.text[:LONGEST]
        if not _PLAIN.fullmatch(text):
            self.is_unread = self.is_unread or len(text) > self.left
            text = text[: self.left]
            self.left -= len(text)
        for rule in _rules_in(text, place.kind):
            yield Match(rule.id, rule.family, rule.weight, place.name)

    def header_matches(self, request: IncomingRequest) -> Iterator[Match]:
        """The rules that match in the headers, which come next."""
        headers = request.headers
        if sum(map(len, headers.values())) > self.left:
            # How far they are looked at depends on what came before them.
            for place in headers_of(request):
                yield from self.matches(place)
            return
        texts = [text for item in headers.items() for text in item]
        read, found = _known_headers.of(lambda: _whole_headers(request), *texts)
        self.left -= read
        self.number += len(headers)
        yield from found


def _whole_headers(request: IncomingRequest) -> tuple[int, tuple[Match, ...]]:
    """What headers take of what may be looked at, where there is room for all, and the matches.

    Of each rule the first match, which is the one that counts: so there are no more than rules.
    """
    looking = _Looking(is_unread=False)
    found: dict[str, Match] = {}
    for place in headers_of(request):
        for match in looking.matches(place):
            found.setdefault(match.rule, match)
    return READ - looking.left, tuple(found.values())


_known_headers: TextMemo[tuple[int, tuple[Match, ...]]] = TextMemo(_FEW)
"""Whole sets of headers: those of one browser hardly change from one request to the next."""


def _length(place: Place) -> Iterator[Match]:
    if place.kind is Kind.HEADER or len(place.text) <= LONG:
        return
    weight = ATTACK if len(place.text) > LONGEST else HINT
    yield Match("text-length", "protocol", weight, place.name)


def _rules_in(text: str, kind: Kind) -> tuple[Rule, ...]:
    return _remembered(text, kind) if len(text) <= _SHORT else _found_in(text, kind)


def _found_in(text: str, kind: Kind) -> tuple[Rule, ...]:
    if not text:
        return ()
    forms = forms_of(text)
    return tuple(
        rule
        for rule in all_rules()
        if kind not in rule.not_in
        and (rule.forms == (RAW,)) == (kind is Kind.TARGET)
        and rule.matches(forms)
    )


_remembered = lru_cache(_REMEMBERED)(_found_in)
"""The same few headers and ids come again and again."""


def _rules_in_message(text: str) -> tuple[Rule, ...]:
    return _known_messages.of(lambda: _found_in_message(text), text)


def _found_in_message(text: str) -> tuple[Rule, ...]:
    forms = forms_of_message(text)
    return tuple(rule for rule in all_rules() if rule.matches(forms))


_known_messages: TextMemo[tuple[Rule, ...]] = TextMemo(_REMEMBERED)
"""By digest: what people write is not kept."""
