"""Judging a request: every rule is a hint or a verdict, and hints add up.

Outside of messages all hints of a request count together. Messages are judged each for itself and
by a threshold of their own: they go to a language model, and to talk about an attack is no attack.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import attrs

from ion_framework import IncomingRequest
from ion_guard.actions import BLOCK, OFF, Actions
from ion_guard.conditions import conditions_of, networks_of, stands_in
from ion_guard.normalizing import RAW, forms_of, forms_of_message
from ion_guard.places import Kind, Place, places_of
from ion_guard.rules import Rule, all_rules
from ion_guard.settings import GuardSettings

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


@attrs.frozen
class Judgement:
    """What was found in a request.

    Attributes:
        matches: the rules that matched.
        score: what they add up to outside of messages.
        message_score: what they add up to in the worst message.
        attack: class of the rule for which the request would be refused if every rule blocked,
            None where it would not be.
        refused: class of the rule for which the request is refused, None where it is not.
    """

    matches: tuple[Match, ...] = ()
    score: int = 0
    message_score: int = 0
    attack: str | None = None
    refused: str | None = None


class Judge:
    """Judges requests by the settings.

    Raises:
        ValueError: a setting cannot be used; says what is valid.
    """

    def __init__(self, settings: GuardSettings) -> None:
        self._actions = Actions(settings)
        self._threshold = settings.threshold
        self._message_threshold = settings.message_threshold
        self._messages = frozenset(settings.message_fields)
        self._trusted = networks_of("trusted_addresses", settings.trusted_addresses)
        self._conditions = conditions_of(settings)

    def judge(self, request: IncomingRequest) -> Judgement:
        """What is found in a request, and whether it is refused."""
        if self._actions.all_off or stands_in(request.address, self._trusted):
            return Judgement()
        found = tuple(_first_of_each(self._matches(request)))
        if not found:
            return Judgement()
        outside = [match for match in found if not match.message]
        return Judgement(
            matches=found,
            score=sum(match.weight for match in outside),
            message_score=max(_by_message(found).values(), default=0),
            attack=self._refused_for(found),
            refused=self._refused_for([match for match in found if match.blocks]),
        )

    def _refused_for(self, counted: Sequence[Match]) -> str | None:
        deciding = next((match for match in counted if match.decides), None)
        if deciding is not None:
            return deciding.family
        outside = [match for match in counted if not match.message]
        if sum(match.weight for match in outside) >= self._threshold:
            return _heaviest(outside)
        for place, score in _by_message(counted).items():
            if 0 < self._message_threshold <= score:
                return _heaviest(match for match in counted if match.place == place)
        return None

    def _matches(self, request: IncomingRequest) -> Iterator[Match]:
        for condition in self._conditions:
            if condition.holds(request):
                yield from self._counted(
                    request,
                    Match(condition.id, condition.family, ATTACK, condition.place, decides=True),
                )
        for match in _text_matches(request, self._messages):
            yield from self._counted(request, match)

    def _counted(self, request: IncomingRequest, match: Match) -> Iterator[Match]:
        action = self._actions.of(match.rule, match.family, request.path)
        if action != OFF:
            yield attrs.evolve(match, blocks=action == BLOCK)


def _text_matches(request: IncomingRequest, messages: frozenset[str]) -> Iterator[Match]:
    left, left_of_messages = READ, MESSAGES_READ
    is_unread = not request.complete
    for number, place in enumerate(places_of(request, messages)):
        if place.kind is Kind.MESSAGE:
            text = place.text[: min(MESSAGE_READ, left_of_messages)]
            left_of_messages -= len(text)
            # Two messages may have one name; each is judged for itself.
            name = f"{place.name}#{number}"
            for rule in _rules_in_message(text):
                yield Match(rule.id, rule.family, rule.weight, name, message=True)
            continue
        yield from _length(place)
        text = place.text[:LONGEST]
        if not _PLAIN.fullmatch(text):
            is_unread = is_unread or len(text) > left
            text = text[:left]
            left -= len(text)
        for rule in _rules_in(text, place.kind):
            yield Match(rule.id, rule.family, rule.weight, place.name)
    if is_unread:
        yield Match("text-unread", "protocol", ATTACK, "body")


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
    forms = forms_of_message(text)
    return tuple(rule for rule in all_rules() if rule.matches(forms))


def _first_of_each(matches: Iterable[Match]) -> Iterator[Match]:
    """A rule counts once outside of messages, and once in each message."""
    seen = set()
    for match in matches:
        key = (match.rule, match.place if match.message else "")
        if key not in seen:
            seen.add(key)
            yield match


def _by_message(matches: Iterable[Match]) -> dict[str, int]:
    scores: dict[str, int] = {}
    for match in matches:
        if match.message:
            scores[match.place] = scores.get(match.place, 0) + match.weight
    return scores


def _heaviest(matches: Iterable[Match]) -> str:
    weights: dict[str, int] = {}
    for match in matches:
        weights[match.family] = weights.get(match.family, 0) + match.weight
    return max(weights, key=lambda family: weights[family])
