"""The receipt: the full reason why a turn was answered as it was."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.domain.key import ResonanceKey
from ion_framework.pipeline.chunks import FinishReason, Usage


class CacheStatus(StrEnum):
    """What the cache did for a turn; the value of the header ``ION-Cache``."""

    HIT = "hit"
    STALE = "stale"
    MISS = "miss"
    BYPASS = "bypass"


class Outcome(StrEnum):
    """What one implementation of a hook did in a turn.

    ``skipped`` means that it was not called: its plugin is in quarantine, or has no place free.
    """

    ANSWERED = "answered"
    CHANGED = "changed"
    ALLOWED = "allowed"
    REFUSED = "refused"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@attrs.frozen
class Participation:
    """One implementation that took part in a turn.

    Attributes:
        hook: the hook.
        plugin: the plugin.
        distribution: the distribution that it comes from, empty for the core's own.
        version: version of the distribution.
        outcome: what it did; ``passed`` means that it had nothing to say.
        duration_ms: how long it took, in milliseconds, without the time in which the reader of
            the answer held the turn.
        detail: what went wrong, empty otherwise.
    """

    hook: str
    plugin: str
    distribution: str
    version: str
    outcome: Outcome
    duration_ms: float
    detail: str = ""


@attrs.frozen
class CacheOutcome:
    """What the cache did.

    Attributes:
        status: hit, stale, miss or bypass.
        key: digest of the cache key, empty where none was made.
        age_s: age of the answer served, in seconds; None unless one was served.
        stored: whether the answer was handed to the cache.
        reason: why it was bypassed or not stored, empty otherwise.
    """

    status: CacheStatus
    key: str = ""
    age_s: float | None = None
    stored: bool = False
    reason: str = ""


@attrs.frozen
class Attempt:
    """One attempt to generate.

    Attributes:
        plugin: the generator.
        model: its model, as far as known.
        succeeded: whether its stream was used to the end.
        first_token_ms: milliseconds until the first piece of text, None without one.
        duration_ms: milliseconds from start to end, without the time in which the reader of the
            answer held the turn.
        error: what went wrong, empty otherwise.
        cause: the cause as `ion_framework.errors.FailureCause` names it, empty where the generator
            does not say.
        tries: how often the generator asked its service, as far as it says.
        late: whether it failed because the time of the turn was up.
    """

    plugin: str
    model: str
    succeeded: bool
    first_token_ms: float | None
    duration_ms: float
    error: str = ""
    cause: str = ""
    tries: int = 1
    late: bool = False


@attrs.frozen
class StageTiming:
    """How long one stage of the turn took.

    Attributes:
        stage: the stage.
        start_ms: milliseconds from the beginning of the turn to that of the stage.
        duration_ms: milliseconds that it took, without the time in which the reader of the answer
            held the turn.
    """

    stage: str
    start_ms: float
    duration_ms: float


@attrs.frozen
class Receipt:
    """Why this answer.

    Attributes:
        request_id: the turn.
        key: the resonance key.
        scores: every persona's score, best first.
        margin: lead of the persona over the runner-up.
        confidence: confidence of the routing, 0 to 1.
        reasons: the router's reasons, one sentence each.
        evidence: what in the message spoke for the key, as text for people.
        plugins: every implementation that took part, in order.
        cache: what the cache did.
        attempts: the attempts to generate, in order; empty on a cache hit.
        finish_reason: why the generation ended.
        usage: tokens spent; those of the original generation on a cache hit.
        stages: how long each stage took, in order.
        prompt: name and version of the prompt, as ``lua/standard@1``.
        deadline_ms: milliseconds that the whole turn had, from guards to the last fallback.
        spent_ms: milliseconds that it took.
        lore: the entries of the persona's lorebook in the prompt, by their names.
    """

    request_id: str
    key: ResonanceKey
    scores: Mapping[str, Decimal] = attrs.field(converter=frozen)
    margin: Decimal
    confidence: Decimal
    reasons: tuple[str, ...]
    evidence: tuple[str, ...]
    plugins: tuple[Participation, ...]
    cache: CacheOutcome
    attempts: tuple[Attempt, ...]
    finish_reason: FinishReason
    usage: Usage
    stages: tuple[StageTiming, ...]
    prompt: str
    deadline_ms: float
    spent_ms: float
    lore: tuple[str, ...] = ()
