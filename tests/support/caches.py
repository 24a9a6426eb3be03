"""Caches that find what they are told to, and turns that ask them."""

import asyncio

import attrs

from ion_framework.pipeline.cache import CachedReply
from ion_framework.pipeline.chunks import Usage
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.testing import CacheProvider, DictCache, make_plugin, running_ion
from tests.support.parties import of_party

OLD = CachedReply("an old answer", Usage(1, 2), "m", "gen", 0.0)


class Finding(DictCache):
    """A cache that always finds the same."""

    def __init__(self, found):
        super().__init__()
        self._found = found

    async def lookup(self, key):
        """What it was made to find."""
        return self._found


@attrs.frozen
class Flight:
    """What another turn is making: comes after some seconds, or fails then."""

    seconds: float
    outcome: object

    async def wait(self):
        """Wait, and tell."""
        await asyncio.sleep(self.seconds)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def reply_of(found, generator, *others, party="first", deadline_s=60.0, request="hello"):
    """The reply of a turn for which the cache finds this.

    Args:
        found: what the cache finds.
        generator: the plugin object of the preferred generator.
        others: further plugins.
        party: whose the plugins are.
        deadline_s: seconds that the settings give a turn.
        request: what is asked.
    """
    plugins = (
        make_plugin("gen", generator, "generator"),
        make_plugin("store", CacheProvider(Finding(found)), "cache"),
        *others,
    )
    async with running_ion(
        *(of_party(plugin, party) for plugin in plugins),
        settings=Settings(turn=TurnSettings(deadline_s=deadline_s)),
        clock=asyncio.get_running_loop(),
    ) as ion:
        reply = await ion.respond(request)
        # What was begun behind the caller's back ends, and the observers hear of it.
        await asyncio.sleep(120)
        return reply
