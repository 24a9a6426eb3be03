"""Judging a request: every rule is a hint or a verdict, and hints add up.

Outside of messages all hints of a request count together. Messages are judged each for itself and
by a threshold of their own: they go to a language model, and to talk about an attack is no attack.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from ion_framework import IncomingRequest
from ion_guard.actions import BLOCK, OFF, Actions
from ion_guard.conditions import conditions_of, networks_of, stands_in
from ion_guard.matching import ATTACK, Match, text_matches
from ion_guard.quiet import is_quiet
from ion_guard.settings import GuardSettings


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


NOTHING = Judgement()
"""Of nearly every request."""


class Judge:
    """Judges requests by the settings.

    Raises:
        ValueError: a setting cannot be used; says what is valid.
    """

    def __init__(self, settings: GuardSettings) -> None:
        self._actions = actions = Actions(settings)
        self._is_off = actions.all_off
        self._threshold = settings.threshold
        self._message_threshold = settings.message_threshold
        self._messages = frozenset(settings.message_fields)
        self._trusted = networks_of("trusted_addresses", settings.trusted_addresses)
        self._conditions = conditions_of(settings)

    def judge(self, request: IncomingRequest) -> Judgement:
        """What is found in a request, and whether it is refused."""
        if self._is_off or (self._trusted and stands_in(request.address, self._trusted)):
            return NOTHING
        matches = self._matches(request)
        if not matches:
            return NOTHING
        found = tuple(_first_of_each(matches))
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

    def _matches(self, request: IncomingRequest) -> list[Match]:
        found: list[Match] = []
        for each in self._conditions:
            if each.holds(request):
                found.append(Match(each.id, each.family, ATTACK, each.place, decides=True))  # noqa: PERF401  a comprehension is a call of its own, for every request
        if not is_quiet(request, self._messages):
            found += text_matches(request, self._messages)
        if not found:
            return found
        counted = (self._counted(request, match) for match in found)
        return [match for match in counted if match is not None]

    def _counted(self, request: IncomingRequest, match: Match) -> Match | None:
        action = self._actions.of(match.rule, match.family, request.path)
        return None if action == OFF else attrs.evolve(match, blocks=action == BLOCK)


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
