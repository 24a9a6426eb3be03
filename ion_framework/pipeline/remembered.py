"""Turns that came before: what guards, reading, routing and prompt made of a message.

A message that is answered from the cache would otherwise be guarded, read, routed and put into a
prompt at every turn, only to find the key under which its answer lies. Where all who take part in
that are marked `ion_framework.pipeline.markers.pure`, they would say the same again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import attrs

from ion_framework.domain.prompt import Prompt
from ion_framework.pipeline.cache import CacheKey
from ion_framework.pipeline.parts import Parts
from ion_framework.pipeline.receipt import Outcome, Participation
from ion_framework.pipeline.trace import Trace
from ion_framework.pipeline.turn import Turn, TurnRequest

ENTRIES = 512
LONGEST_TEXT = 2000
"""Longer texts hardly ever come twice, and would fill the memory."""

KEPT_S = 600.0
"""Seconds after which a message is prepared anew, as long as answers are kept by default."""

_GOOD = frozenset({Outcome.ANSWERED, Outcome.CHANGED, Outcome.ALLOWED, Outcome.PASSED})


@attrs.frozen
class Prepared:
    """A turn that is ready for the cache.

    Attributes:
        turn: the turn, with its reading, decision and persona.
        prompt: its prompt.
        key: the key of its answer, None where none is looked up.
    """

    turn: Turn
    prompt: Prompt
    key: CacheKey | None


@attrs.frozen
class Remembered:
    """What an earlier turn was prepared to.

    Attributes:
        prepared: what it was; its request is the earlier one.
        plugins: who took part, with no duration: they are not asked again.
        since: when that was, on the monotonic clock.
    """

    prepared: Prepared
    plugins: tuple[Participation, ...]
    since: float


class TurnMemo:
    """The last single messages of one set of parts, least recently used out first.

    Args:
        current: the parts with which turns begin now.
        entries: how many are kept.
    """

    def __init__(self, current: Callable[[], Parts], entries: int = ENTRIES) -> None:
        self._current = current
        self._entries = entries
        self._parts: Parts | None = None
        self._known: OrderedDict[object, Remembered] = OrderedDict()

    def recall(self, request: TurnRequest, parts: Parts, trace: Trace) -> Prepared | None:
        """The request as it was prepared before, None where it was not; the trace says who did.

        Args:
            request: what is asked.
            parts: what the turn works with.
            trace: its notes.
        """
        if parts is not self._parts or not _comes_again(request):
            return None
        asked = _asked(request)
        known = self._known.get(asked)
        if known is None:
            return None
        if trace.began - known.since > KEPT_S:
            del self._known[asked]
            return None
        self._known.move_to_end(asked)
        trace.participations.extend(known.plugins)
        old = known.prepared
        turn = Turn(
            request,
            old.turn.context,
            old.turn.resonance,
            old.turn.decision,
            old.turn.persona,
            trace.deadline,
        )
        return Prepared(turn, old.prompt, old.key)

    def note(self, prepared: Prepared, parts: Parts, trace: Trace) -> None:
        """Remember a turn, where it would be prepared in the same way again.

        Args:
            prepared: the turn.
            parts: what it works with.
            trace: its notes up to the prompt.
        """
        request, persona = prepared.turn.request, prepared.turn.persona
        if prepared.key is None or persona is None or parts is not self._current():
            return
        if not (_comes_again(request) and parts.hooks.is_pure(persona.name) and _is_good(trace)):
            return
        if parts is not self._parts:
            self._parts = parts
            self._known.clear()
        plugins = tuple(attrs.evolve(item, duration_ms=0.0) for item in trace.participations)
        self._known[_asked(request)] = Remembered(prepared, plugins, trace.began)
        if len(self._known) > self._entries:
            self._known.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._parts = None
        self._known.clear()


def _asked(request: TurnRequest) -> object:
    """All of a single message that its preparation may depend on."""
    return (
        request.text,
        request.principal,
        request.tenant,
        request.user_id,
        request.key,
        request.persona,
        request.language,
        request.prompt_mode,
        request.parameters,
        request.whole_history,
    )


def _comes_again(request: TurnRequest) -> bool:
    """Whether it is a single message: what stands in a conversation hardly ever comes twice."""
    is_single = not (
        request.session_id
        or request.history
        or request.summary
        or request.notes
        or request.holding is not None
    )
    return is_single and len(request.text) <= LONGEST_TEXT


def _is_good(trace: Trace) -> bool:
    """Whether nobody failed or was left out, and no analyser passed.

    Who stood in for one of them may not do so the next time.
    """
    answered = trace.all_answered("ion_analyze")
    return answered and all(item.outcome in _GOOD for item in trace.participations)
