"""The bulkhead: a plugin whose calls hang takes nothing from the others."""

import asyncio

import pytest
from structlog.testing import capture_logs

from ion_framework.domain.language import Language
from ion_framework.domain.prompt import Prompt
from ion_framework.errors import TurnRefusedError
from ion_framework.pipeline.bulkhead import Bulkhead, BulkheadFullError
from ion_framework.pipeline.chunks import Finish, TextChunk
from ion_framework.pipeline.markers import hookimpl
from ion_framework.plugin_host.discovery import inline
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import PluginSettings, Settings, TurnSettings
from ion_framework.testing import (
    make_manifest,
    make_persona,
    make_plugin,
    make_resonance,
    run_virtual,
    running_ion,
)

PLACES = 4
SETTINGS = Settings(
    plugins=PluginSettings(bulkhead=PLACES), turn=TurnSettings(deadline_s=600, context_s=60)
)
PROMPT = Prompt("own", "1", "system", (), "user", Language.ENGLISH)


def hook(name, function):
    """An object with one implementation."""
    function.__name__ = name
    return type("Single", (), {name: hookimpl(function)})()


def outcomes(replies, wanted):
    """What each plugin did in a hook, by reply."""
    return [
        [(i.plugin, i.outcome.value) for i in reply.receipt.plugins if i.hook == wanted]
        for reply in replies
    ]


def at_once(count, *plugins, settings=SETTINGS, **options):
    """What comes of so many turns at once, the last of them, and the `Ion` they ran in."""

    async def run():
        loop = asyncio.get_running_loop()
        async with running_ion(*plugins, clock=loop, settings=settings, **options) as ion:
            began = loop.time()
            asked = [asyncio.ensure_future(ion.respond(f"q{n}")) for n in range(count)]
            done = await asyncio.gather(*asked, return_exceptions=True)
            return done, loop.time() - began, ion

    return run_virtual(run())


def test_places_are_counted():
    """A place is refused where none is free, and told of once until half of them are."""
    told = []
    bulkhead = Bulkhead(2, lambda: told.append(1))
    first, second = (bulkhead.enter("ion_route", "p") for _ in range(2))
    for _ in range(3):
        with pytest.raises(BulkheadFullError, match="all its 2 places are taken"):
            bulkhead.enter("ion_route", "p")
    assert (2, 3, 1) == (bulkhead.running, bulkhead.refused, len(told))
    first.leave()
    first.leave()
    first.come_back()
    assert 2 == bulkhead.running
    first.end()
    first.come_back()
    second.end()
    assert 0 == bulkhead.running
    for _ in range(3):
        bulkhead.running += 1
    with pytest.raises(BulkheadFullError):
        bulkhead.enter("ion_route", "p")
    assert 2 == len(told)


def test_a_step_without_a_place_is_skipped_at_once():
    """A transformation that has no place free is skipped, counted, and told of in one line."""

    async def slow(self):
        await asyncio.sleep(10)

    plugin = make_plugin("slow", hook("ion_gather_context", slow), "extension")
    with capture_logs() as logs:
        replies, _, ion = at_once(10, plugin)

    found = [step[0][1] for step in outcomes(replies, "ion_gather_context")]
    assert ["passed"] * PLACES + ["skipped"] * 6 == found
    bulkhead = ion.containments()["slow"].bulkhead
    assert (0, 6) == (bulkhead.running, bulkhead.refused)
    assert Status.ACTIVE is ion.host.record("slow").status
    assert ["slow"] == [x["plugin"] for x in logs if x["event"] == "a plugin has no place free"]


def test_the_next_one_decides():
    """A decider without a place is passed over, and the next one answers."""

    async def slow(self):
        await asyncio.sleep(1)
        return make_resonance()

    quick = hook("ion_analyze", lambda self: make_resonance())
    replies, _, _ = at_once(
        PLACES + 1,
        make_plugin("slow", hook("ion_analyze", slow), "analyzer"),
        make_plugin("spare", quick, "analyzer", fallback=True),
    )

    assert [("slow", "skipped"), ("spare", "answered")] == outcomes(replies, "ion_analyze")[-1]


def test_a_guard_without_a_place_fails_closed():
    """What a guard has no place to check is not answered."""

    async def slow(self):
        await asyncio.sleep(1)

    done, _, _ = at_once(PLACES + 1, make_plugin("slow", hook("ion_guard", slow), "guard"))

    assert isinstance(done[-1], TurnRefusedError)
    assert "guard_failed" == done[-1].code
    assert not any(isinstance(one, Exception) for one in done[:-1])


def test_a_persona_whose_hooks_hang_speaks_by_its_manifest():
    """Without a place for its own hook a persona is given the standard prompt."""

    async def hang(self):
        await asyncio.sleep(0.5)
        return PROMPT

    persona = make_persona("own")
    target = hook("ion_build_prompt", hang)
    plugin = inline(make_manifest("own", "persona", persona=persona), lambda _: target)
    replies, _, _ = at_once(PLACES + 1, plugin, personas=())

    assert ["own@1"] * PLACES + ["own/standard@1"] == [r.receipt.prompt for r in replies]


def test_who_is_left_behind_keeps_its_place_until_it_ends():
    """A call that swallows its cancellation takes up a place for as long as it runs."""

    async def stubborn(self):
        for _ in range(100):
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                continue

    async def main():
        loop = asyncio.get_running_loop()
        settings = Settings(
            plugins=PluginSettings(bulkhead=PLACES), turn=TurnSettings(context_s=1.5)
        )
        plugin = make_plugin("stubborn", hook("ion_gather_context", stubborn), "extension")
        async with running_ion(plugin, clock=loop, settings=settings) as ion:
            bulkhead = ion.containments()["stubborn"].bulkhead
            await asyncio.gather(ion.respond("a"), ion.respond("b"))
            running = bulkhead.running
            await asyncio.sleep(200)
            return running, bulkhead.running

    assert (2, 0) == run_virtual(main())


def test_waiting_for_a_model_takes_no_place():
    """A transformation of the stream has its place only while it works itself."""

    class Louder:
        @hookimpl
        async def ion_transform_stream(self, chunks):
            async for chunk in chunks:
                yield TextChunk(chunk.text.upper()) if isinstance(chunk, TextChunk) else chunk

    class Slow:
        model = "slow-1"

        @hookimpl
        async def ion_generate(self, prompt):
            await asyncio.sleep(5)
            yield TextChunk(prompt.user)
            await asyncio.sleep(5)
            yield Finish()

    replies, took_s, ion = at_once(
        PLACES * 3,
        make_plugin("louder", Louder(), "extension"),
        make_plugin("slow", Slow(), "generator"),
    )

    assert [f"Q{n}" for n in range(PLACES * 3)] == [reply.content for reply in replies]
    assert 10.0 == pytest.approx(took_s)
    assert 0 == ion.containments()["louder"].bulkhead.running


def test_a_blocking_call_keeps_its_place_until_its_thread_is_done():
    """The place of a function in a thread is free again when the function has returned."""

    def quick(self):
        return None

    async def main():
        plugin = make_plugin("quick", hook("ion_gather_context", quick), "extension", blocking=True)
        async with running_ion(plugin, settings=SETTINGS) as ion:
            for n in range(PLACES * 3):
                await ion.respond(f"q{n}")
            return ion.containments()["quick"].bulkhead

    bulkhead = asyncio.run(main())

    assert (0, 0) == (bulkhead.running, bulkhead.refused)
