"""A service that follows a script, for tests of what stands before a service."""

import asyncio
import itertools
from contextlib import aclosing

import attrs
import structlog

from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import Finish
from ion_framework.resilience.stream_settings import StreamSettings
from ion_framework.resilience.streaming import ResilientStream
from ion_framework.testing import make_turn
from ion_framework.testing.fakes import play_script

OK = ("Hello ", "there.", Finish())


def failing(cause, retry_after_s=None, **facts):
    """A script of one error."""
    said = f"it was {cause}"
    return (GenerationError(FailureCause(cause), said, retry_after_s=retry_after_s, **facts),)


class ScriptedUpstream:
    """Plays one script a try, as `play_script` does.

    Args:
        scripts: one for each try, in order, the last one again and again; a mapping gives each
            model scripts of its own.
    """

    def __init__(self, *scripts, **by_model):
        self.asked = []
        self.closed = 0
        self.left = {None: list(scripts)} | {key: list(value) for key, value in by_model.items()}

    async def stream(self, model, request):
        """The next script."""
        self.asked.append((asyncio.get_running_loop().time(), model))
        scripts = self.left.get(model, self.left[None])
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        try:
            async with aclosing(play_script(script)) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            self.closed += 1

    @property
    def models(self):
        """The models asked, in order."""
        return [model for _, model in self.asked]

    @property
    def pauses(self):
        """Seconds between the tries."""
        times = [at for at, _ in self.asked]
        return [round(after - before, 3) for before, after in itertools.pairwise(times)]


def resilient(upstream, *, models=("first",), coin=0.5, **settings):
    """A `ResilientStream` on the running loop's time."""
    return ResilientStream(
        upstream,
        models,
        StreamSettings(**{"breaker_after_s": 0.0, **settings}),
        clock=asyncio.get_running_loop(),
        logger=structlog.get_logger(),
        random=lambda: coin,
    )


async def answer_of(answers, **turn):
    """The chunks of one answer; `turn` changes the turn's deadline or speak_by."""
    asked = attrs.evolve(make_turn(), **turn)
    async with aclosing(answers.answer("request", asked)) as chunks:
        return [chunk async for chunk in chunks]


async def error_of(answers, **turn):
    """The error that one answer ends with."""
    try:
        chunks = await answer_of(answers, **turn)
    except GenerationError as error:
        return error
    raise AssertionError(f"it answered: {chunks}")
