"""Answers that their own generator calls second best: flagged, shared, never stored."""

import asyncio

import attrs
import pytest

from ion_framework.errors import FailureCause, GenerationError, TurnError
from ion_framework.pipeline.cache import CachedReply, Miss, Stale
from ion_framework.pipeline.chunks import Finish, FinishReason, TextChunk, Usage
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.settings.model import Settings
from ion_framework.testing import (
    CacheProvider,
    DictCache,
    ScriptedGenerator,
    make_plugin,
    running_ion,
)

QUESTION = "How do I read a query plan?"
WHY = "the preferred model big did not answer (unavailable)"


class TwoModels:
    """Answers with its second model as long as the first is out."""

    model = "big"

    def __init__(self):
        self.out = True
        self.count = 0

    @hookimpl
    async def ion_generate(self):
        """Generate as the class says."""
        self.count += 1
        yield TextChunk(f"answer {self.count}")
        yield Finish(model="small", degraded=WHY) if self.out else Finish()


class Broken:
    """A preferred generator that fails."""

    @hookimpl
    async def ion_generate(self):
        """Fail before the first word."""
        raise OSError("S3CRET")
        yield


REJECTED = GenerationError(FailureCause.REJECTED, "the prompt is too long")
DECLINED = Finish(FinishReason.SAFETY, repeatable=True)


class Passing:
    """A preferred generator that leaves the message to the next."""

    @hookimpl
    async def ion_generate(self):
        """Leave it to the next."""


def parts(generator, *others):
    """A generator, a cache, and other plugins."""
    return (
        *others,
        make_plugin("two-models", generator, "generator"),
        make_plugin("store", CacheProvider(DictCache()), "cache"),
    )


def test_a_second_best_answer_is_flagged_and_not_stored():
    """It is told as degraded with its reason, and the next turn asks anew."""

    async def main():
        generator = TwoModels()
        async with running_ion(*parts(generator)) as ion:
            first, second = await ion.respond(QUESTION), await ion.respond(QUESTION)
            return first, second, ion.cache.stats().entries

    first, second, entries = asyncio.run(main())

    assert (first.content, first.model, first.degraded) == ("answer 1", "small", WHY)
    assert (second.content, second.receipt.cache.status) == ("answer 2", CacheStatus.MISS)
    assert first.receipt.cache.reason == "the answer is degraded"
    assert (first.receipt.cache.stored, entries) == (False, 0)


def test_the_first_model_back_is_stored_and_not_flagged():
    """When the preferred model answers again, its answer is whole and kept."""

    async def main():
        generator = TwoModels()
        async with running_ion(*parts(generator)) as ion:
            await ion.respond(QUESTION)
            generator.out = False
            return await ion.respond(QUESTION), await ion.respond(QUESTION)

    back, again = asyncio.run(main())

    assert (back.content, back.model, back.degraded) == ("answer 2", "big", "")
    assert back.receipt.cache.stored
    assert (again.receipt.cache.status, again.content) == (CacheStatus.HIT, "answer 2")


class Noting(DictCache):
    """Always misses, and notes what the lease is ended with."""

    spare = None

    def __init__(self):
        super().__init__()
        self.told = []

    async def lookup(self, key):
        """A miss whose lease is the cache itself."""
        return Miss(self, self.spare)

    async def store(self, reply, ttl_s):
        """Note it."""
        self.told.append(("store", reply))

    async def share(self, reply):
        """Note it."""
        self.told.append(("share", reply))

    async def refuse(self, refusal):
        """Note it."""
        self.told.append(("refuse", refusal))

    async def release(self):
        """Nothing is held."""


def refusal_of(*generators):
    """What the cache is told where these generators, first to last, give no answer."""
    cache = Noting()
    names = tuple(f"g{number}" for number in range(len(generators)))

    async def main():
        plugins = (
            *(make_plugin(*pair, "generator") for pair in zip(names, generators, strict=True)),
            make_plugin("store", CacheProvider(cache), "cache"),
        )
        settings = Settings(order={"ion_generate": names})
        async with running_ion(*plugins, settings=settings) as ion:
            with pytest.raises(TurnError):
                await ion.respond(QUESTION)

    asyncio.run(main())
    ((how, refusal),) = cache.told
    assert "refuse" == how
    return refusal


@pytest.mark.parametrize(
    "generators",
    [
        pytest.param((ScriptedGenerator(attrs.evolve(DECLINED, degraded=WHY)),), id="model"),
        pytest.param((Broken(), ScriptedGenerator(DECLINED)), id="after-a-failure"),
        pytest.param((Passing(), ScriptedGenerator(DECLINED)), id="after-one-that-passed"),
        pytest.param((Passing(), ScriptedGenerator(REJECTED)), id="request-rejected"),
    ],
)
def test_what_a_stand_in_declines_is_not_remembered(generators):
    """Only the preferred model of the preferred generator refuses for those who ask later."""
    assert not refusal_of(*generators).repeatable


def test_what_the_preferred_model_declines_is_remembered():
    """A refusal of the first generator that nobody stood in for may be kept."""
    assert refusal_of(ScriptedGenerator(DECLINED)).repeatable


def test_a_refusal_in_place_of_which_an_old_answer_is_served_is_not_remembered():
    """A rejected request whose old answer is served leaves that answer for the next turn, too."""
    cache = Noting()
    old = Stale(CachedReply("old", Usage(), "big", "gen", 0.0), 900.0)
    cache.spare = old

    async def main():
        plugins = (
            make_plugin("gen", ScriptedGenerator(REJECTED), "generator"),
            make_plugin("store", CacheProvider(cache), "cache"),
        )
        async with running_ion(*plugins) as ion:
            return await ion.respond(QUESTION)

    reply = asyncio.run(main())
    ((how, refusal),) = cache.told

    assert ("old", "refuse", False) == (reply.content, how, refusal.repeatable)


def test_those_who_wait_get_the_flag_too():
    """Turns that wait for the answer are given it with its flag, and the cache is not."""
    cache = Noting()

    async def main():
        plugins = (
            make_plugin("two-models", TwoModels(), "generator"),
            make_plugin("store", CacheProvider(cache), "cache"),
        )
        async with running_ion(*plugins) as ion:
            await ion.respond(QUESTION)

    asyncio.run(main())
    ((how, shared),) = cache.told

    assert (how, shared.content, shared.degraded) == ("share", "answer 1", WHY)


def test_both_reasons_are_told():
    """Where another generator failed before, its failure and the model's are told."""

    async def main():
        broken = make_plugin("broken", Broken(), "generator")
        settings = Settings(order={"ion_generate": ("broken", "two-models")})
        async with running_ion(*parts(TwoModels(), broken), settings=settings) as ion:
            return await ion.respond(QUESTION)

    degraded = asyncio.run(main()).degraded

    assert degraded == f"the generator broken failed before its first word; {WHY}"


def test_the_reason_is_a_text():
    """A reason that is no text is refused where it is made."""
    with pytest.raises(TypeError):
        Finish(degraded=None)
