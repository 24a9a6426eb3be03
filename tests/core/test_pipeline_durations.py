"""What receipts say of durations: the turn's own time, not that of whoever reads it."""

import asyncio

import pytest

from ion_framework.pipeline.chunks import Finish
from ion_framework.pipeline.reply import ReplyDelta
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.testing import ScriptedGenerator, make_plugin, run_virtual, running_ion
from tests.support.parties import BOTH, of_party


def read_slowly(party, *script, pause, limits=None):
    """The receipt of a turn whose reader takes a pause at every piece."""

    async def main():
        plugin = of_party(make_plugin("gen", ScriptedGenerator(*script), "generator"), party)
        clock = asyncio.get_running_loop()
        settings = Settings(turn=limits or TurnSettings())
        async with running_ion(plugin, clock=clock, settings=settings) as ion:
            async for event in ion.stream("hello"):
                if isinstance(event, ReplyDelta):
                    await asyncio.sleep(pause)
            return event.reply.receipt

    return run_virtual(main())


@BOTH
def test_a_slow_reader_makes_no_generator_slow(party):
    """The time for which the reader holds the answer is no time of stage, attempt or plugin."""
    receipt = read_slowly(party, "one ", "two ", "three", Finish(), pause=7)

    (attempt,) = receipt.attempts
    (stage,) = [item for item in receipt.stages if item.stage == "generate"]
    (part,) = [item for item in receipt.plugins if item.hook == "ion_generate"]
    assert (0.0, 0.0, 0.0, 0.0) == (
        attempt.first_token_ms,
        attempt.duration_ms,
        stage.duration_ms,
        part.duration_ms,
    )


@BOTH
def test_the_generators_own_time_counts(party):
    """What a generator waits for before it is asked on is its own time."""
    receipt = read_slowly(party, 2, "one", Finish(), pause=7)

    (attempt,) = receipt.attempts
    assert (2000.0, 2000.0) == pytest.approx((attempt.first_token_ms, attempt.duration_ms))


@BOTH
def test_the_deadline_counts_the_readers_time(party):
    """A reader cannot stretch a turn: its deadline goes by the clock on the wall."""
    limits = TurnSettings(deadline_s=10.0)
    receipt = read_slowly(party, "one ", "two ", "three", Finish(), pause=7, limits=limits)

    assert not receipt.attempts[0].succeeded
    assert "the time of the turn was up" in receipt.attempts[0].error
