"""Questions of plugins to the language model that answers the turns."""

import asyncio

import pytest

from ion_framework.domain.language import Language
from ion_framework.domain.prompt import Prompt
from ion_framework.errors import NoAnswerError
from ion_framework.pipeline.chunks import Finish, FinishReason, TextChunk, Usage
from ion_framework.pipeline.language_model import LONGEST_COMPLETION, Completion, LanguageModel
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.turn import Turn, TurnRequest
from ion_framework.plugin_host.discovery import inline
from ion_framework.settings.model import Settings
from ion_framework.testing import (
    FailingGenerator,
    FakeGenerator,
    ScriptedGenerator,
    make_manifest,
    make_plugin,
    running_ion,
)
from tests.support.parties import BOTH, of_party

TURN = Turn(TurnRequest(text="hello"))
QUESTION = Prompt("quiz", "1", "Answer in one word.", (), "Is water wet?", Language.ENGLISH)
NO_MODEL = "no language model is active"


class Asking:
    """A plugin that asks while context is gathered, and keeps what it was told."""

    def __init__(self, context, limit_s=5.0):
        self.available_early = context.language_model.available
        self.told = None
        self._model = context.language_model
        self._limit_s = limit_s

    @hookimpl
    async def ion_gather_context(self, turn):
        """Ask, and leave the context as it is."""
        try:
            self.told = await self._model.ask(turn, QUESTION, self._limit_s)
        except NoAnswerError as error:
            self.told = error


async def asked(*generators, limit_s=5.0, order=()):
    """What the plugin that asks was told, the plugin, and the reply to the turn."""
    made = []

    def factory(context):
        made.append(Asking(context, limit_s))
        return made[0]

    settings = Settings(order={"ion_generate": order} if order else {})
    asking = inline(make_manifest("asking", "extension"), factory)
    async with running_ion(asking, *generators, settings=settings) as ion:
        reply = await ion.respond("hello")
    return made[0].told, made[0], reply


def generator(target, name="model", **manifest):
    """A generator as a plugin."""
    return make_plugin(name, target, "generator", **manifest)


@BOTH
async def test_the_answer_comes_as_a_whole(party: str):
    """The pieces are joined; generator, model, reason and tokens are told."""
    model = FakeGenerator(("It ", "is."))
    told, asking, _ = await asked(of_party(generator(model), party))

    assert Completion("It is.", FinishReason.STOP, "model", "fake-1", Usage(13, 2)) == told
    assert QUESTION == model.prompts[0]
    assert asking.available_early is False


async def test_the_reply_knows_nothing_of_it():
    """A question that fails neither degrades the reply nor counts among its attempts."""

    class Moody:
        """A generator that only answers users."""

        @hookimpl
        async def ion_generate(self, prompt):
            if prompt.name == "quiz":
                raise ConnectionError("not now")
            yield TextChunk("hello")
            yield Finish()

    told, _, reply = await asked(generator(Moody()))

    assert isinstance(told, NoAnswerError)
    assert ("hello", "") == (reply.content, reply.degraded)
    assert [True] == [attempt.succeeded for attempt in reply.receipt.attempts]


async def test_a_fallback_is_not_asked():
    """A generator that is a fallback answers without a model, so there is none."""
    fallback = FakeGenerator()
    told, _, reply = await asked(generator(fallback, fallback=True))

    assert NO_MODEL in str(told)
    assert told.retry_after_s is None
    assert ["model"] == [reply.generator]
    assert QUESTION not in fallback.prompts


async def test_the_generator_that_goes_first_is_the_one():
    """Where the settings put a fallback first, the model after it is not asked."""
    plugins = (
        generator(FakeGenerator(), "model"),
        generator(FakeGenerator(), "plain", fallback=True),
    )

    first, _, _ = await asked(*plugins, order=("plain", "model"))
    second, _, _ = await asked(*plugins)

    assert NO_MODEL in str(first)
    assert "model" == second.generator


async def test_the_second_generator_is_not_asked():
    """Where the first fails, the question fails, though the turn falls back to the second."""
    second = FakeGenerator()
    plugins = (generator(FailingGenerator(), "first"), generator(second, "second"))
    told, _, reply = await asked(*plugins, order=("first", "second"))

    assert "the generator first failed before its first word" in str(told)
    assert "second" == reply.generator
    assert QUESTION not in second.prompts


@BOTH
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ((ConnectionError("secret words"),), "the generator model failed before its first word"),
        (
            ("It ", OSError("secret words")),
            "the generator model failed in the middle of its answer",
        ),
        ((SystemExit(3),), "the generator model failed before its first word"),
        ((asyncio.CancelledError(),), "the generator model failed before its first word"),
        (("It ",), "the generator model failed in the middle of its answer"),
        ((60, "late"), "the generator model failed before its first word, and the time"),
        (("It ", 60, "late"), "the generator model failed in the middle of its answer, and the"),
        (("x" * LONGEST_COMPLETION, "x", Finish()), "the generator model found no end"),
    ],
)
async def test_every_failure_is_one_error(script, expected: str, party: str):
    """Whatever a generator does, the question ends in time, in words of the core's own."""
    model = ScriptedGenerator(*script)
    async with running_ion(of_party(generator(model), party)) as ion:
        asking = LanguageModel(lambda: ion.hooks, ion.settings.turn, ion.clock, "asking")
        async with asyncio.timeout(5):
            with pytest.raises(NoAnswerError, match=expected) as caught:
                await asking.ask(TURN, QUESTION, 0.1)
        await asyncio.sleep(0.01)

    assert "secret" not in str(caught.value)
    assert caught.value.retry_after_s is not None
    assert (1, 1) == (model.calls, model.closed)


async def test_a_refusal_of_the_model_is_an_answer():
    """A model that declines gives an empty text, and the reason says so."""
    declining = ScriptedGenerator(Finish(FinishReason.SAFETY))
    async with running_ion(generator(declining)) as ion:
        asking = LanguageModel(lambda: ion.hooks, ion.settings.turn, ion.clock, "asking")
        told = await asking.ask(TURN, QUESTION, 1.0)

    assert ("", FinishReason.SAFETY) == (told.text, told.reason)


async def test_a_generator_cannot_ask_itself():
    """To the generator that goes first there is no language model: no question goes in circles."""

    class Circular:
        """A generator that asks the model before it answers."""

        def __init__(self, context):
            self._model = context.language_model

        @hookimpl
        async def ion_generate(self, turn, prompt):
            try:
                await self._model.ask(turn, prompt, 1.0)
            except NoAnswerError as error:
                yield TextChunk(str(error))
            yield Finish()

    async with running_ion(inline(make_manifest("circular", "generator"), Circular)) as ion:
        reply = await ion.respond("hello")

    assert NO_MODEL in reply.content


async def test_outside_an_ion_there_is_none():
    """The model of a context that was made by hand is missing, and says so."""
    missing = LanguageModel.missing()

    assert not missing.available
    with pytest.raises(NoAnswerError, match=NO_MODEL):
        await missing.ask(TURN, QUESTION, 1.0)
