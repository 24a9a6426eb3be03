"""The breaker of a model under an open load: shaky it stays closed, out of order it opens."""

import asyncio
import itertools
import random

import pytest

from ion_framework.errors import GenerationError
from ion_framework.resilience import BreakerState
from ion_framework.testing import run_virtual
from tests.support.upstreams import OK, ScriptedUpstream, answer_of, failing, resilient

RATE = 100
REFUSED = failing("unavailable")
HANGS = (1000.0,)
LIMITS = {
    "first_token_s": 3.0,
    "connect_s": 2.0,
    "total_s": 20.0,
    "breaker_after_s": 2.0,
    "breaker_open_s": 1.0,
    "breaker_longest_open_s": 4.0,
}


def shaky(seed, first_token_s):
    """Scripts of a service that refuses 30 % of the tries and lets 5 % hang."""
    coin = random.Random(seed)  # noqa: S311  repeatable, no secret
    for _ in itertools.count():
        number = coin.random()
        if number < 0.35:
            yield REFUSED if number < 0.3 else HANGS
        else:
            yield (first_token_s, *OK)


class EndlessUpstream(ScriptedUpstream):
    """Takes each script from an iterator, which can be replaced while it runs."""

    def __init__(self, scripts):
        super().__init__(OK)
        self.scripts = scripts

    async def stream(self, model, request):
        """The next script."""
        self.left[None] = [next(self.scripts)]
        async for chunk in super().stream(model, request):
            yield chunk


async def load(answers, seconds, rate=RATE):
    """Ask so often a second, whatever comes of it; whether each was answered."""

    async def one():
        try:
            await answer_of(answers)
        except GenerationError:
            return False
        return True

    asking = []
    for _ in range(round(seconds * rate)):
        asking.append(asyncio.ensure_future(one()))
        await asyncio.sleep(1 / rate)
    return asking


@pytest.mark.parametrize("first_token_s", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("rate", [20, 50, 100])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_shaky_service_is_not_left_alone(seed, rate, first_token_s):
    """Refusals that come sooner than answers do not open the breaker, from the first second on."""

    async def live():
        answers = resilient(EndlessUpstream(shaky(seed, first_token_s)), **LIMITS)
        answered = await asyncio.gather(*await load(answers, 20, rate))
        return answers.guards[0].opened, sum(answered) / len(answered)

    opened, answered = run_virtual(live())

    assert opened == 0
    assert answered > 0.85


@pytest.mark.parametrize(
    ("scripts", "within_s"),
    [
        ((REFUSED,), 2.2),
        ((failing("unreachable"),), 2.2),
        ((HANGS,), 5.2),
        # Hanging tries hold the refusals back for twice the usual wait: from 0.5 s the least.
        ((*[REFUSED] * 19, HANGS), 4.5),
    ],
    ids=["refuses", "unreachable", "hangs", "refuses and hangs"],
)
@pytest.mark.parametrize("before_s", [0, 20])
def test_an_outage_opens_the_breaker_and_heals(before_s, scripts, within_s):
    """A service that answers nothing is left alone soon, and asked again once it lives."""

    async def live():
        loop = asyncio.get_running_loop()
        service = EndlessUpstream(shaky(1, 0.5))
        answers = resilient(service, **LIMITS)
        (guard,) = answers.guards
        begun = await load(answers, before_s)
        assert guard.opened == 0
        service.scripts, began = itertools.cycle(scripts), loop.time()
        while guard.opened == 0:
            begun += await load(answers, 0.1)
        opened_after = loop.time() - began
        begun += await load(answers, 10)
        service.scripts = itertools.repeat((0.5, *OK))
        healing = loop.time()
        while guard.state is not BreakerState.CLOSED:
            begun += await load(answers, 0.1)
        healed_after = loop.time() - healing
        await asyncio.gather(*begun)
        return opened_after, healed_after

    opened_after, healed_after = run_virtual(live())

    assert opened_after <= within_s + (0 if before_s else 0.5)
    assert healed_after <= 4.0 * 1.2 + 3.0 + 0.5


def test_what_breaks_off_later_is_no_failure_of_the_row():
    """A model has succeeded with its first word; that answers break off does not open it."""

    async def live():
        service = ScriptedUpstream(("Hello", *REFUSED))
        answers = resilient(service, breaker_failures=1, tries=1)
        await asyncio.gather(*await load(answers, 1))
        return answers.guards[0].opened

    assert run_virtual(live()) == 0
