"""What both fakes have in common: scripts, records, going down, and leaving nothing behind."""

import asyncio
import doctest
import gc
import importlib
import socket
import subprocess
import sys
from pathlib import Path

import aiohttp
import attrs
import pytest

from ion_framework.testing import FAULTS, FakeGemini, FakeOpenAI, fault
from ion_framework.testing.model_servers.faults import (
    Answer,
    Behaviour,
    Break,
    Cut,
    Down,
    Failure,
    Phase,
    by_model,
    mixture,
)
from tests.support.gemini import asking as gemini

MODULES = ("fake_gemini", "fake_openai", "behaviours", "faults")
FILES = Path("/proc/self/fd")


# --- scripts -------------------------------------------------------------------------------------


async def test_the_queue_comes_before_the_standing_behaviour():
    """Queued behaviours are met once each, in order, then the standing one again."""
    async with gemini() as (fake, ask):
        fake.behave(Failure(500))
        fake.behave_next(Failure(503), Answer())
        statuses = [(await ask())[0] for _ in range(4)]

    assert [503, 200, 500, 500] == statuses


async def test_a_new_standing_behaviour_drops_the_queue():
    """Behave and plan both begin afresh."""
    async with gemini() as (fake, ask):
        fake.behave_next(Failure(503))
        fake.behave(Answer())
        first = (await ask())[0]
        fake.behave_next(Failure(503))
        fake.plan(lambda _number, _request: Failure(504))
        second = (await ask())[0]

    assert (200, 504) == (first, second)


async def test_a_plan_sees_number_and_request():
    """A plan is given the number of the request, from 0, and its record."""
    seen = []

    def plan(number, request):
        seen.append((number, request.model, request.streamed))
        return Failure(503) if number == 0 else Answer()

    async with gemini() as (fake, ask):
        fake.plan(plan)
        statuses = [(await ask("a"))[0], (await ask("b"))[0]]

    assert ([503, 200], [(0, "a", False), (1, "b", False)]) == (statuses, seen)


async def test_behaviour_by_model():
    """Each model has its own behaviour, and the others answer."""
    async with gemini() as (fake, ask):
        fake.plan(by_model({"broken": Failure(503)}))
        statuses = [(await ask(model))[0] for model in ("broken", "works", "broken")]

    assert [503, 200, 503] == statuses


def test_a_mixture_keeps_its_shares_and_its_seed():
    """The same seed gives the same faults in whatever order; another seed gives others."""
    shares = {Failure(503): 0.3, Cut(Break.HANG): 0.05}
    plan, again, other = mixture(1, shares), mixture(1, shares), mixture(2, shares)
    drawn = [plan(number, None) for number in range(4000)]
    failed = drawn.count(Failure(503))
    hung = drawn.count(Cut(Break.HANG))

    assert drawn == [again(number, None) for number in reversed(range(4000))][::-1]
    assert drawn != [other(number, None) for number in range(4000)]
    assert 1050 < failed < 1350
    assert 140 < hung < 260
    assert 4000 == failed + hung + drawn.count(Answer())


@pytest.mark.parametrize("shares", [{Answer(): 1.1}, {Answer(): -0.1}])
def test_impossible_shares_are_refused(shares):
    """Shares outside 0 to 1 are refused."""
    with pytest.raises(ValueError, match="shares are 0 to 1"):
        mixture(1, shares)


async def test_the_listing_has_its_own_script():
    """A look at the models takes nothing out of the queue, and fails by its own script."""
    async with gemini() as (fake, ask):
        fake.behave_next(Failure(503))
        fake.listing.behave_next(Failure(500), Cut(Break.END, 1))
        listed = [(await ask(path="/v1/models", method="GET"))[0] for _ in range(3)]
        asked = (await ask())[0]

    assert ([500, 200, 200], 503) == (listed, asked)


# --- behaviours ----------------------------------------------------------------------------------


def test_faults_have_names_and_phases():
    """There are at least 22 faults, no two of one name, before and after the first token."""
    names = [behaviour.name for behaviour in FAULTS]

    assert (True, len(names)) == (len(names) >= 22, len(set(names)))
    assert {Phase.BEFORE, Phase.AFTER} == {behaviour.phase for behaviour in FAULTS}
    assert all(fault(name) in FAULTS for name in names)
    with pytest.raises(LookupError, match="no fault is named 'x': the faults are slow-first"):
        fault("x")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cut(Break.END, 4), "after=4 lies outside the answer, which has 4 chunks"),
        (lambda: Cut(Break.END, -1), "give 0 to 3"),
        (lambda: Cut(Break.ERROR), "needs the headers first"),
        (lambda: Cut("explode"), "explode"),
        (lambda: Failure(200), "400"),
        (lambda: Answer(first_delay_s=-1), "first_delay_s"),
    ],
)
def test_behaviours_that_cannot_be_played_are_refused(make, message):
    """A behaviour says what is wrong with it when it is made."""
    with pytest.raises(ValueError, match=message):
        make()


def test_behaviours_are_values():
    """Equal behaviours are equal, hash alike, and a class names them unless they are named."""
    slower = attrs.evolve(fault("slow-first-token"), first_delay_s=3)

    assert (3, "slow-first-token", "failure") == (
        slower.first_delay_s,
        slower.name,
        Failure(503).name,
    )
    assert {Failure(503)} == {Failure(503), Failure(503)}


async def test_an_unknown_behaviour_is_told_to_the_test(caplog):
    """What is no behaviour of ours is a 500, and the log says what it was."""

    @attrs.frozen
    class Strange(Behaviour):
        pass

    async with gemini() as (fake, ask):
        fake.behave(Strange())
        status, _ = await ask()

    assert 500 == status
    assert "is no behaviour of wire_behaviours" in caplog.text


# --- going down ----------------------------------------------------------------------------------


async def test_down_and_up_again_on_the_same_port():
    """While down the port refuses, also on connections that were open; afterwards it answers."""
    async with gemini() as (fake, ask):
        address = fake.base_url
        before = (await ask())[0]
        fake.behave(Down())
        # The kept connection may have been taken for this request before its reset is seen.
        with pytest.raises(aiohttp.ClientOSError):
            await ask()
        with pytest.raises(aiohttp.ClientConnectorError):
            await ask()
        fake.behave(Answer())
        after = (await ask())[0]

        assert (200, 200, address) == (before, after, fake.base_url)


async def test_stopping_resets_what_is_open():
    """A request that is being answered is lost, and that is not the client's doing."""
    async with gemini() as (fake, ask):
        fake.behave(fault("hang-after-headers"))
        asking = asyncio.ensure_future(ask())
        await fake.until(lambda: fake.open_requests == 1)
        fake.stop_listening()
        fake.stop_listening()
        with pytest.raises(aiohttp.ClientError):
            await asking
        await fake.until(lambda: fake.open_requests == 0)
        assert fake.requests[0].cancelled_at is None
        fake.listen_again()
        fake.stop_listening()
        fake.listen_again()
        fake.listen_again()
        fake.behave(Answer())
        assert 200 == (await ask())[0]


async def test_a_queued_down_takes_the_request_with_it():
    """The request that meets a queued Down is reset, and the next one is refused."""
    async with gemini() as (fake, ask):
        fake.behave_next(Down())
        with pytest.raises(aiohttp.ClientOSError):
            await ask()
        with pytest.raises(aiohttp.ClientConnectorError):
            await ask()
        fake.listen_again()
        assert 200 == (await ask())[0]


async def test_a_fake_can_begin_down():
    """A fake that is told to be down before it begins refuses from the start."""
    fake = FakeGemini()
    fake.behave(Down())
    async with fake, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(fake.base_url)


# --- life ----------------------------------------------------------------------------------------


def open_files():
    """How many files and sockets this process has open."""
    gc.collect()
    return len(list(FILES.iterdir()))


@pytest.mark.skipif(not FILES.is_dir(), reason="counts what Linux lists")
@pytest.mark.parametrize("make", [FakeGemini, FakeOpenAI])
def test_nothing_is_left_behind(make):
    """Hanging requests are cancelled at the end, and no task and no socket remains."""

    async def once():
        async with aiohttp.ClientSession() as session:
            before = asyncio.all_tasks()
            async with make() as fake:
                path = f"{fake.base_url}/chat/completions"
                question = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
                if make is FakeGemini:
                    path = f"{fake.base_url}/v1/models/m:generateContent"
                    question = {"contents": [{"parts": [{"text": "hi"}]}]}
                fake.behave(fault("hang-after-headers"))
                responses = [await session.post(path, json=question) for _ in range(5)]
                assert 5 == fake.open_requests
            assert (0, None) == (fake.open_requests, fake.requests[0].cancelled_at)
            left = asyncio.all_tasks() - before
            for response in responses:
                response.close()
        return left

    asyncio.run(once())
    files = open_files()

    assert set() == asyncio.run(once())
    assert files == open_files()


async def test_several_fakes_know_nothing_of_each_other():
    """Two fakes have two ports, two scripts and two records."""
    async with gemini() as (one, ask_one), gemini() as (two, ask_two):
        one.behave(Failure(503))
        statuses = ((await ask_one())[0], (await ask_two())[0])

        assert ((503, 200), 1, 1) == (statuses, len(one.requests), len(two.requests))
        assert one.base_url != two.base_url


async def test_a_fake_answers_only_inside_its_with():
    """Outside of ``async with`` there is no address, and afterwards the port is free."""
    fake = FakeGemini()
    with pytest.raises(RuntimeError, match="use it in 'async with'"):
        _ = fake.base_url
    async with fake:
        port = int(fake.base_url.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name):
    """What the documentation shows is what happens."""
    module = importlib.import_module(f"ion_framework.testing.model_servers.{name}")
    result = doctest.testmod(module)

    assert 0 == result.failed
    assert result.attempted


def test_loading_the_kit_does_not_load_aiohttp():
    """The package is loaded by every test run, and aiohttp is not loaded with it."""
    code = "import sys, ion_framework.testing; sys.exit('aiohttp' in sys.modules)"

    assert 0 == subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode
