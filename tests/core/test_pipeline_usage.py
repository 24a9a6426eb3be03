"""What was spent on an answer: what counts as a number, and what an answer cut off has taken."""

import asyncio
import math

import attrs
import pytest

from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import Finish, FinishReason, Usage
from ion_framework.testing import (
    ScriptedGenerator,
    make_plugin,
    run_virtual,
    running_ion,
)
from tests.support.parties import BOTH, of_party
from tests.support.upstreams import ScriptedUpstream, error_of, resilient

SPENT = Usage(12, 3, 5, 0.25)


def reply_of(script, party="first"):
    """The reply of a turn whose generator plays this script."""

    async def main():
        plugin = of_party(make_plugin("gen", ScriptedGenerator(*script), "generator"), party)
        async with running_ion(plugin, clock=asyncio.get_running_loop()) as ion:
            return await ion.respond("hello")

    return run_virtual(main())


@pytest.mark.parametrize("amount", [-1, -0.5, math.inf, -math.inf, math.nan], ids=repr)
def test_an_amount_that_is_none_is_unknown(amount):
    """A number of tokens or a price that is negative or not finite counts as not said."""
    assert Usage(amount, amount, amount, amount) == Usage()
    assert attrs.evolve(SPENT, cost_usd=amount) == Usage(12, 3, 5)


@pytest.mark.parametrize("amount", ["12", 12.5, (), b"1"], ids=repr)
def test_tokens_are_whole_numbers(amount):
    """What is no whole number is no number of tokens, so that whoever adds them up can."""
    assert Usage(amount, amount, amount) == Usage()


@pytest.mark.parametrize("amount", [0, 1, 10**400], ids=["none", "one", "many"])
def test_an_amount_is_kept_as_it_is(amount):
    """A number that is neither negative nor infinite is taken over, however large."""
    assert amount == Usage(amount).input_tokens == Usage(cost_usd=amount).cost_usd


@BOTH
@pytest.mark.parametrize(
    ("failure", "spent"),
    [
        (GenerationError(FailureCause.CUT_OFF, "cut off", usage=SPENT), SPENT),
        (GenerationError(FailureCause.CUT_OFF, "cut off"), Usage()),
        (ConnectionError("down"), Usage()),
    ],
    ids=["counted", "not counted", "untyped"],
)
def test_an_answer_that_breaks_off_tells_what_it_took(failure, spent, party):
    """Tokens that the generator had counted when its answer broke off stand in the receipt."""
    reply = reply_of(("half an", failure), party)

    assert (FinishReason.TRUNCATED, spent) == (reply.finish_reason, reply.usage)
    assert reply.receipt.usage == spent


@pytest.mark.parametrize("usage", ["12", 12, {"input_tokens": 12}], ids=repr)
def test_what_is_no_usage_does_not_cost_the_half_answer(usage):
    """A generator that puts something else into its error still gets its half answer served."""
    reply = reply_of(("half an", GenerationError(FailureCause.CUT_OFF, "cut off", usage=usage)))

    assert ("half an", FinishReason.TRUNCATED) == (reply.content, reply.finish_reason)
    assert reply.usage == Usage()


def test_a_remote_answer_that_breaks_off_keeps_what_was_counted():
    """What an upstream counted before it broke off is in the error of the resilient stream."""
    cut_off = GenerationError(FailureCause.CUT_OFF, "cut off", usage=SPENT)

    error = run_virtual(_error(ScriptedUpstream(("Hello", cut_off))))

    assert (error.cause, error.usage) == (FailureCause.CUT_OFF, SPENT)


def test_a_whole_answer_counts_what_its_end_says():
    """The usage of a complete answer is that of its `Finish`."""
    assert reply_of(("whole", Finish(usage=SPENT))).usage == SPENT


async def _error(service):
    return await error_of(resilient(service))
