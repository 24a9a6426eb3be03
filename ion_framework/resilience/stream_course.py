"""The course of one streamed answer: whom it has asked, and what time is left for whom."""

from __future__ import annotations

from collections.abc import Sequence

from ion_framework.clock import Clock
from ion_framework.errors import FOR_OPERATORS, FailureCause, GenerationError
from ion_framework.pipeline.turn import Turn
from ion_framework.resilience.model_guard import ModelGuard
from ion_framework.resilience.stream_settings import StreamSettings
from ion_framework.resilience.stream_try import Due, TryLimits

_MARGIN_S = 0.05
"""Seconds that a try ends before the turn would end it, so that its error is typed; and seconds
that a try needs at least."""

_MARGIN_SHARE = 0.05
"""The same as a share of the given time: little time must not be lost to margins."""

_NEARLY = 0.9
"""Share of a granted time that is as good as all of it."""

_FALSE_STARTS = frozenset({FailureCause.EMPTY, FailureCause.BAD_ANSWER})
"""Causes in what the model made: the next answer may be a better one."""


class Course:
    """How one answer has gone up to now.

    The time to the first word is shared equally by the models that are still to be asked, those
    that are left alone by their breakers not counted: a model that hangs leaves time to the next.

    Attributes:
        tries: how often the service was asked.
        cause: why the last try failed, None before the first.
        model: id of the model that is asked.
        waited_s: seconds that were waited between tries of this model.
        others: whether another model is left to be asked after it.
    """

    def __init__(self, settings: StreamSettings, clock: Clock, turn: Turn) -> None:
        self._settings = settings
        self._clock = clock
        now = clock.monotonic()
        total_by = now + settings.total_s
        given_s = min(turn.speak_by, turn.deadline, total_by) - now
        self._margin_s = min(_MARGIN_S, _MARGIN_SHARE * max(0.0, given_s))
        self._turn_by = min(turn.speak_by, turn.deadline) - self._margin_s
        self._speak_by = self._model_by = min(self._turn_by, total_by)
        self._end = Due(min(total_by, turn.deadline), late=turn.deadline <= total_by)
        self._failures: dict[str, GenerationError] = {}
        self._late = False
        self.tries = 0
        self.cause: FailureCause | None = None
        self.model = ""
        self.waited_s = 0.0
        self.others = False

    def turn_to(self, model: str, later: Sequence[ModelGuard]) -> None:
        """Ask another model.

        Args:
            model: its id.
            later: the guards of those that come after it.
        """
        now, others = self._clock.monotonic(), sum(not guard.resting for guard in later)
        self.model, self.others, self.waited_s = model, others > 0, 0.0
        self._model_by = self._speak_by
        if others:
            self._model_by = now + (self._speak_by - now) / (1 + others)

    def room_s(self) -> float:
        """Seconds that may pass before the last moment to begin a try with this model."""
        return self._model_by - self._margin_s - self._clock.monotonic()

    def check_room(self) -> None:
        """See whether a try can begin.

        Raises:
            GenerationError: ``timeout``, because there is no time to ask.
        """
        if self.room_s() <= 0:
            late = self._model_by >= self._turn_by
            words = "the turn leaves no time to ask"
            raise GenerationError(FailureCause.TIMEOUT, words, tries=0, late=late)

    def limits(self, usual_s: float) -> TryLimits:
        """How long a try that begins now may take.

        Silence is fair to count where the turn has the time that the settings grant a try. Where
        it has, and other models shorten the try, the share has to be long for this model, too.

        Args:
            usual_s: seconds after which silence is unusual for the model.
        """
        now, first_s = self._clock.monotonic(), self._settings.first_token_s
        granted_s = _NEARLY * first_s
        at = min(now + first_s, self._model_by)
        fair = self._speak_by - now >= granted_s and at - now >= min(granted_s, usual_s)
        return TryLimits(
            clock=self._clock,
            first=Due(at, fair=fair, late=at >= self._turn_by),
            next_s=self._settings.next_token_s,
            end=self._end,
        )

    def note(self, error: GenerationError) -> None:
        """Remember why the model did not answer: what it said before what kept it unasked."""
        self.cause, self._late = error.cause, error.late
        self.tries += error.tries
        if not self._failures.get(self.model) or error.tries:
            self._failures[self.model] = error

    @property
    def degraded(self) -> str:
        """Which preferred models did not answer and why, in words fit for callers."""
        return "; ".join(
            f"the preferred model {model} did not answer ({error.cause.value})"
            for model, error in self._failures.items()
            if model != self.model
        )

    def error(self) -> GenerationError:
        """The one error that tells of all models; late where the turn's time ended the course."""
        failures = tuple(self._failures.values())
        waits = [error.retry_after_s for error in failures if error.retry_after_s is not None]
        return GenerationError(
            _most_hopeful(failures).cause,
            "; ".join(f"{model}: {error}" for model, error in self._failures.items()),
            retry_after_s=min(waits, default=None),
            tries=self.tries,
            late=self._late,
        )


def _most_hopeful(failures: Sequence[GenerationError]) -> GenerationError:
    """The failure that leaves most hope for another time; of equals the last.

    ``rejected`` is a verdict on the request, which may be remembered: it holds only where no model
    failed otherwise. Of the other failures those of models that were asked say most.
    """
    others = [error for error in failures if error.cause is not FailureCause.REJECTED]
    asked = [error for error in others if error.tries]
    return max(reversed(asked or others or failures), key=_hope)


def _hope(error: GenerationError) -> int:
    """How likely the same request is to succeed later on, without anybody changing a thing."""
    if error.cause in FOR_OPERATORS:
        return 0
    return 1 if error.cause in _FALSE_STARTS else 2
