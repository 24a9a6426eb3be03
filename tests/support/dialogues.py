"""Conversations through the installed plugins, to see who answers in them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ion_framework import Ion
from ion_framework.conversations.conversations import Conversations, Start
from ion_framework.conversations.model import Owner
from ion_framework.conversations.turning import TurnOrder
from ion_framework.domain.routing import RoutingDecision
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.plugin_host.discovery import Source, inline, installed
from ion_framework.settings.model import PluginSettings, Settings
from ion_framework.testing import FakeGenerator, MemoryStore, make_manifest


def _source(store: MemoryStore) -> Source:
    """The installed analyser, router and personas, with a store and a generator of this process."""
    kept = inline(make_manifest("shelves", "store"), lambda _context: store)
    voice = inline(make_manifest("voice", "generator"), lambda _context: FakeGenerator())
    return lambda: (*installed(), kept, voice)


PLUGINS = ("resonance", "lua", "elro", "riri", "nana", "shelves", "voice")


async def decisions(texts: Sequence[str]) -> list[RoutingDecision]:
    """The routing of each message of a conversation."""
    store, owner = MemoryStore(), Owner(tenant="default", principal="ann")
    settings = Settings(plugins=PluginSettings(enable=PLUGINS))
    async with Ion(settings, source=_source(store), environ={}) as ion:
        conversations = Conversations(ion, store, ion.settings.conversations, ion.clock)
        started = await conversations.start(Start(owner=owner, user_id="u"))
        found = []
        for text in texts:
            order = TurnOrder(
                owner=owner,
                conversation_id=started.id,
                request=TurnRequest(text=text),
                present=lambda _made: "{}",
            )
            kept = await conversations.turn(order)
            assert kept.made is not None
            found.append(kept.made.reply.decision)
        await conversations.aclose()
        return found


async def handovers(texts: Sequence[str]) -> int:
    """How often a conversation changes hands."""
    held = [decision.primary for decision in await decisions(texts)]
    return sum(before != after for before, after in pairwise(held))
