"""Parts whose answers break off: nobody takes half of one for a whole, and it is paid for."""

from __future__ import annotations

import pytest

from ion_framework.ensemble.broken_off import BROKE_OFF, BrokenOffError
from ion_framework.ensemble.plan import MergeStrategy
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import Finish, FinishReason, TextChunk, Usage
from ion_framework.pipeline.markers import hookimpl
from tests.support.ensembles import TWO, by_name, request_for, respond, speaker

HALF = "half of what"
SPENT = Usage(10, 2)


class Breaking:
    """A generator that breaks off for some, and answers the others.

    Args:
        names: whose answers break off; ``synthesis`` is the one that is written of all.
        error: what ends them, None where the generator says so itself.
    """

    model = "breaking-1"

    def __init__(self, *names, error=None):
        self.seen = []
        self._names = names
        self._error = error

    def _breaks(self, turn):
        return any(turn.request.request_id.endswith(f"-{name}") for name in self._names)

    @hookimpl
    async def ion_generate(self, turn, prompt):
        """Half of an answer, or a whole one."""
        self.seen.append(prompt)
        if not self._breaks(turn):
            yield TextChunk(await by_name(turn, prompt))
            yield Finish(FinishReason.STOP, Usage(10, 5), self.model)
            return
        yield TextChunk(HALF)
        if self._error is not None:
            raise self._error
        yield Finish(FinishReason.TRUNCATED, SPENT, self.model)


@pytest.mark.parametrize("error", [None, GenerationError(FailureCause.UNAVAILABLE, "gone")])
def test_half_an_answer_is_not_merged(error):
    """A part that broke off counts as failed, is told as that, and none of it is given."""
    reply = respond(TWO, speaker(Breaking("bob", error=error)))

    failed = next(item for item in reply.contributions if item.persona == "bob")
    assert (reply.personas, reply.merged_by) == (("ann",), None)
    assert HALF not in reply.content
    assert reply.degraded == f"bob: {BROKE_OFF}"
    assert (failed.reply, failed.text) == (None, "")
    assert isinstance(failed.error, BrokenOffError)
    assert not failed.error.late
    assert failed.broken.receipt.finish_reason is FinishReason.TRUNCATED
    assert reply.broken == (failed.broken,)
    assert "gone" in failed.error.detail or error is None


def test_half_an_answer_is_not_handed_on():
    """A persona that builds on another one is not told of an answer that broke off."""
    generator = Breaking("ann")
    reply = respond(request_for(TWO), speaker(generator))

    assert reply.personas == ("bob",)
    assert not any(HALF in prompt.context for prompt in generator.seen)


def test_when_all_break_off_that_is_the_error():
    """Where every part broke off the error says so, and can be tried again."""
    with pytest.raises(BrokenOffError, match=BROKE_OFF) as caught:
        respond(TWO, speaker(Breaking("ann", "bob")))

    assert (caught.value.code, caught.value.repeatable) == ("answer_broken_off", False)
    assert caught.value.retry_after_s is not None
    assert HALF not in str(caught.value)


def test_a_persona_that_answers_alone_gives_the_whole_or_nothing():
    """Where one persona is enough and its answer breaks off, there is no joint answer."""

    class Never(Breaking):
        """Breaks off every answer."""

        def _breaks(self, _turn):
            return True

    with pytest.raises(BrokenOffError):
        respond("I am very anxious about it.", speaker(Never()))


def test_a_synthesis_that_breaks_off_becomes_hierarchical():
    """Half of one answer written of all is not given: the parts stand, and it was spent."""
    request = request_for(TWO, strategy=MergeStrategy.SYNTHESIS)
    reply = respond(request, speaker(Breaking("synthesis"), fallback=False))

    assert reply.merged_by is MergeStrategy.HIERARCHICAL
    assert HALF not in reply.content
    assert "could not be written into one" in reply.degraded
    assert [item.usage for item in reply.broken] == [SPENT]


def test_a_vote_that_breaks_off_is_none():
    """Half of a number is no vote: who breaks off abstains."""

    class Voting(Breaking):
        """Breaks off in every vote."""

        @hookimpl
        async def ion_generate(self, turn, prompt):
            """A number that may go on, or an answer."""
            if prompt.name == "ensemble/vote":
                yield TextChunk("1")
                yield Finish(FinishReason.TRUNCATED, SPENT, self.model)
                return
            yield TextChunk(await by_name(turn, prompt))
            yield Finish(FinishReason.STOP, Usage(10, 5), self.model)

    request = request_for(TWO, strategy=MergeStrategy.VOTING)
    reply = respond(request, speaker(Voting(), fallback=False))

    assert reply.vote.voters == "coverage"
    assert reply.beside == (SPENT, SPENT)
