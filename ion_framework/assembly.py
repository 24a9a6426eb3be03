"""Putting the parts of an `Ion` together from the plugins that run."""

from __future__ import annotations

import attrs

from ion_framework.domain.persona import Persona
from ion_framework.domain.routing import RoutingTable
from ion_framework.pipeline.cache import TurnCache
from ion_framework.pipeline.cache_calls import CacheCalls
from ion_framework.pipeline.hooks import Hooks
from ion_framework.pipeline.implementation import Implementation
from ion_framework.pipeline.parts import Parts
from ion_framework.pipeline.provisions import Provisions
from ion_framework.plugin_host.host import PluginHost
from ion_framework.plugin_host.standing import standing_degradation
from ion_framework.settings.model import Settings


@attrs.frozen
class Assembly:
    """Everything that follows from which plugins run; replaced as a whole when that changes.

    Attributes:
        parts: what a turn meets.
        table: the standard routing of all 216 keys for the active personas.
        provisions: stores, routes, secrets and texts.
        observers: who is told of events.
    """

    parts: Parts
    table: RoutingTable
    provisions: Provisions = attrs.field(factory=Provisions)
    observers: tuple[Implementation, ...] = ()

    @classmethod
    def empty(cls, settings: Settings) -> Assembly:
        """That of no plugin at all."""
        return cls(Parts(Hooks({}, {}, settings.turn), {}, None), RoutingTable(()))


def assemble(host: PluginHost, settings: Settings) -> Assembly:
    """Put together what the active plugins bring.

    Args:
        host: the plugin host, activated.
        settings: limits and order.

    Raises:
        PluginOrderError: the order of plugins is contradictory or ambiguous.
    """
    table = host.table()
    personas = _personas(host)
    parts = Parts(
        hooks=Hooks(table, host.models(), settings.turn),
        personas=personas,
        cache=_cache(host, table["ion_provide_cache"], settings.turn.cache_s),
        degraded=standing_degradation(
            host.records,
            settings.order.get("ion_generate", ()),
            {item.plugin for item in table["ion_generate"]},
        ),
    )
    provisions = Provisions(
        stores=tuple(value for _, value in host.provided("ion_provide_store")),
        routes=tuple(
            route for _, routes in host.provided("ion_provide_routes") for route in routes
        ),
        secrets=tuple(value for _, value in host.provided("ion_provide_secrets")),
        texts=host.texts(),
    )
    return Assembly(parts, RoutingTable(personas.values()), provisions, table["ion_observe"])


def _personas(host: PluginHost) -> dict[str, Persona]:
    found = [
        persona for _, personas in host.provided("ion_provide_personas") for persona in personas
    ]
    found.sort(key=lambda persona: (persona.rank, persona.name))
    return {persona.name: persona for persona in found}


def _cache(
    host: PluginHost, providers: tuple[Implementation, ...], lookup_s: float
) -> CacheCalls | None:
    provided: dict[str, TurnCache] = {
        record.name: cache for record, cache in host.provided("ion_provide_cache")
    }
    for provider in providers:
        if provider.plugin in provided:
            return CacheCalls(provided[provider.plugin], provider, lookup_s)
    return None
