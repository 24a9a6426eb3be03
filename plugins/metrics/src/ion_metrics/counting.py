"""What happens, counted. Runs for every request and turn: a look-up and some additions each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.events import (
    AnswerRefreshed,
    LoopHeld,
    PluginStatusChanged,
    RequestCompleted,
    TurnCompleted,
    TurnFailed,
)
from ion_framework.pipeline.receipt import Attempt, CacheStatus, Outcome, Participation
from ion_metrics import names
from ion_metrics.ledger import Ledger
from ion_metrics.names import Metric
from ion_metrics.vocabulary import Vocabulary, method_word, status_word

ANSWERED, FAILED, SUCCEEDED = "answered", "failed", "succeeded"
_TOO_MANY = 429
_HTTP, _TURN, _STAGE = names.HTTP_BUCKETS, names.TURN_BUCKETS, names.STAGE_BUCKETS
_HTTP_SUM, _TURN_SUM, _STAGE_SUM = len(_HTTP) + 1, len(_TURN) + 1, len(_STAGE) + 1
_MOST_KNOWN = 10_000


class Counting:
    """Counts events.

    Args:
        ledger: where.
        vocabulary: what labels may say.
    """

    def __init__(self, ledger: Ledger, vocabulary: Vocabulary) -> None:
        self._ledger = ledger
        self._words = vocabulary
        self._known: dict[object, tuple[int, ...]] = {}
        self._stages: dict[str, int] = {}
        self._takers: dict[type, Callable[[Any], None]] = {
            RequestCompleted: self._request,
            TurnCompleted: self._turn,
            TurnFailed: self._failure,
            AnswerRefreshed: self._refresh,
            PluginStatusChanged: self._change,
            LoopHeld: self._hold,
        }

    def take(self, event: object) -> None:
        """Count an event; one of a later version that is not known here counts nothing."""
        taker = self._takers.get(type(event))
        if taker is not None:
            taker(event)

    # --- requests -------------------------------------------------------------------------------

    def _request(self, event: RequestCompleted) -> None:
        if event.lasting:
            self._lasting(event)
            return
        key = (method_word(event.method), event.route, event.outcome)
        places = self._known.get(key) or self._request_places(key)
        values, seconds = self._ledger.values, event.duration_s
        values[places[0]] += 1.0
        values[places[1] + bisect_left(_HTTP, seconds)] += 1.0
        values[places[1] + _HTTP_SUM] += seconds
        if event.status == _TOO_MANY:
            self._count(names.HTTP_LIMITED, self._words.word("route", event.route))

    def _lasting(self, event: RequestCompleted) -> None:
        route = self._words.word("route", event.route)
        labels = method_word(event.method), route, status_word(event.outcome)
        self._count(names.HTTP_LASTING, *labels)

    def _request_places(self, key: tuple[str, str, int]) -> tuple[int, ...]:
        method, route = key[0], self._words.word("route", key[1])
        place = self._ledger.place
        count = place(names.HTTP_REQUESTS, (method, route, status_word(key[2])))
        return self._keep(key, (count, place(names.HTTP_DURATION, (method, route))))

    # --- turns ----------------------------------------------------------------------------------

    def _turn(self, event: TurnCompleted) -> None:
        reply = event.reply
        receipt = reply.receipt
        status = receipt.cache.status
        key = (reply.persona, reply.degraded != "", status)
        places = self._known.get(key) or self._turn_places(key)
        values, seconds = self._ledger.values, event.duration_s
        values[places[0]] += 1.0
        values[places[1]] += 1.0
        values[places[2] + bisect_left(_TURN, seconds)] += 1.0
        values[places[2] + _TURN_SUM] += seconds
        for stage in receipt.stages:
            seconds = stage.duration_ms / 1000
            at = self._stages.get(stage.stage) or self._stage_place(stage.stage)
            values[at + bisect_left(_STAGE, seconds)] += 1.0
            values[at + _STAGE_SUM] += seconds
        for part in receipt.plugins:
            if part.outcome is Outcome.FAILED or part.outcome is Outcome.SKIPPED:
                self._trouble(part)
        if receipt.attempts:
            self._attempts(receipt.attempts)
            # A turn that waited for another's answer, or had it stored, has spent nothing.
            if status is CacheStatus.MISS or status is CacheStatus.BYPASS:
                self._spent(reply.model, receipt.usage)

    def _turn_places(self, key: tuple[str, bool, CacheStatus]) -> tuple[int, ...]:
        persona, degraded = self._words.word("persona", key[0]), "true" if key[1] else "false"
        place = self._ledger.place
        return self._keep(
            key,
            (
                place(names.TURNS, (persona, ANSWERED, degraded)),
                place(names.CACHE_TURNS, (key[2].value,)),
                place(names.TURN_DURATION, (key[2].value,)),
            ),
        )

    def _stage_place(self, stage: str) -> int:
        word = self._words.word("stage", stage)
        place = self._ledger.place(names.STAGE_DURATION, (word,))
        if len(self._stages) < _MOST_KNOWN:
            self._stages[stage] = place
        return place

    def _failure(self, event: TurnFailed) -> None:
        outcome = self._words.word("outcome", event.code)
        persona = self._words.word("persona", event.persona)
        self._count(names.TURNS, persona, outcome, "false")
        self._time(names.TURN_DURATION, event.duration_s, FAILED)

    def _refresh(self, event: AnswerRefreshed) -> None:
        self._count(names.REFRESHES, SUCCEEDED if event.succeeded else FAILED)
        self._spent("", event.usage)

    # --- generation -----------------------------------------------------------------------------

    def _attempts(self, attempts: tuple[Attempt, ...]) -> None:
        for each in attempts:
            plugin = self._words.word("plugin", each.plugin)
            model = self._words.word("model", each.model)
            cause = self._words.word("cause", each.cause) or FAILED
            self._count(names.ATTEMPTS, plugin, model, SUCCEEDED if each.succeeded else cause)
            self._time(names.ATTEMPT_DURATION, each.duration_ms / 1000, plugin)
            if each.first_token_ms is not None:
                self._time(names.FIRST_TOKEN, each.first_token_ms / 1000, plugin)

    def _spent(self, model: str, usage: Usage) -> None:
        word = self._words.word("model", model)
        for kind, tokens in (
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
            ("cached", usage.cached_tokens),
        ):
            if tokens:
                self._count(names.TOKENS, word, kind, by=float(tokens))
        if usage.cost_usd:
            self._count(names.COST, word, by=usage.cost_usd)

    # --- plugins --------------------------------------------------------------------------------

    def _trouble(self, part: Participation) -> None:
        plugin, hook = self._words.word("plugin", part.plugin), self._words.word("hook", part.hook)
        self._count(names.PLUGIN_CALLS, plugin, hook, part.outcome.value)

    def _change(self, event: PluginStatusChanged) -> None:
        plugin = self._words.word("plugin", event.plugin)
        self._count(names.PLUGIN_CHANGES, plugin, self._words.word("status", event.after))

    def _hold(self, event: LoopHeld) -> None:
        plugin = self._words.word("plugin", event.plugin)
        self._count(names.LOOP_HELD, plugin)
        self._count(names.LOOP_HELD_SECONDS, plugin, by=event.seconds)

    # --- inside ---------------------------------------------------------------------------------

    def _keep(self, key: object, places: tuple[int, ...]) -> tuple[int, ...]:
        if len(self._known) < _MOST_KNOWN:
            self._known[key] = places
        return places

    def _count(self, metric: Metric, *labels: str, by: float = 1.0) -> None:
        self._ledger.values[self._ledger.place(metric, labels)] += by

    def _time(self, metric: Metric, seconds: float, *labels: str) -> None:
        observe(self._ledger, metric, seconds, *labels)


def observe(ledger: Ledger, metric: Metric, seconds: float, *labels: str) -> None:
    """Count a duration in a histogram."""
    place = ledger.place(metric, labels)
    ledger.values[place + bisect_left(metric.buckets, seconds)] += 1.0
    ledger.values[place + len(metric.buckets) + 1] += seconds
