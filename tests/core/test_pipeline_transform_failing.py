"""What a transformation that fails leaves behind: every word, and nothing in the cache."""

import asyncio

from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.pipeline.reply import ReplyDelta
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.testing import (
    CacheProvider,
    DictCache,
    FakeGenerator,
    make_plugin,
    run_virtual,
    running_ion,
)
from tests.support.parties import BOTH, of_party


@BOTH
def test_an_answer_that_lacks_a_transformation_is_not_stored(party):
    """Where a transformation failed, the answer is sent without it and is not kept for others."""

    class Broken:
        @hookimpl
        async def ion_transform_stream(self, chunks):
            async for chunk in chunks:
                raise ValueError("not today")
                yield chunk

    async def main():
        plugins = (
            make_plugin("broken", Broken(), "extension"),
            make_plugin("store", CacheProvider(DictCache()), "cache"),
        )
        async with running_ion(*(of_party(plugin, party) for plugin in plugins)) as ion:
            replies = [await ion.respond("hello") for _ in range(2)]
            return replies, ion.cache.stats().entries

    replies, entries = asyncio.run(main())

    assert ["You said: hello"] * 2 == [reply.content for reply in replies]
    assert [CacheStatus.MISS] * 2 == [reply.receipt.cache.status for reply in replies]
    assert {"the transformation broken failed"} == {r.receipt.cache.reason for r in replies}
    assert 0 == entries


class Stubborn:
    """Takes in everything, says nothing in time, ignores its cancellation and speaks too late."""

    def __init__(self):
        self.over = asyncio.Event()

    @hookimpl
    async def ion_transform_stream(self, chunks):
        """Hold every piece, and give the first late."""
        held = []
        async for chunk in chunks:
            held.append(chunk)
            if len(held) == 3:
                break
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(1)
        for chunk in held:
            yield chunk
        await self.over.wait()


def test_a_transformation_that_speaks_after_it_was_left_takes_no_words_along():
    """What a step yields once it was given up neither arrives nor takes away what it had held."""

    async def main():
        loop, stubborn, told = asyncio.get_running_loop(), Stubborn(), []
        plugins = (
            make_plugin("gen", FakeGenerator(("a", "b", "c", "d")), "generator"),
            make_plugin("stubborn", stubborn, "extension"),
        )
        settings = Settings(turn=TurnSettings(deadline_s=60.0, next_token_s=5.0))
        async with running_ion(*plugins, settings=settings, clock=loop) as ion:
            async for event in ion.stream("hello"):
                if isinstance(event, ReplyDelta):
                    told.append(event.text)
                    await asyncio.sleep(2)
            stubborn.over.set()
            await asyncio.sleep(1)
        return told

    assert ["a", "b", "c", "d"] == run_virtual(main())
