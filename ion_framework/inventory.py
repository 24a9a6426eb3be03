"""What an `Ion` has: its plugins, and what they bring."""

from __future__ import annotations

from collections.abc import Mapping

from ion_framework.assembly import Assembly
from ion_framework.clock import Clock
from ion_framework.domain.persona import Persona, find_persona
from ion_framework.domain.routing import RoutingTable
from ion_framework.errors import UnknownPersonaError
from ion_framework.pipeline.cache import TurnCache
from ion_framework.pipeline.containment import Containment
from ion_framework.pipeline.hooks import Hooks
from ion_framework.pipeline.language_model import LanguageModel
from ion_framework.pipeline.parts import Parts
from ion_framework.pipeline.provisions import Provisions
from ion_framework.plugin_host.host import PluginHost
from ion_framework.plugin_host.record import PluginRecord
from ion_framework.settings.model import Settings


class Inventory:
    """What there is, as it is at the moment.

    Args:
        settings: the settings.
        host: the plugin host.
        clock: the clock.
    """

    def __init__(self, settings: Settings, host: PluginHost, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self._host = host
        self._assembly = Assembly.empty(settings)

    @property
    def _parts(self) -> Parts:
        return self._assembly.parts

    @property
    def plugins(self) -> tuple[PluginRecord, ...]:
        """Every installed plugin with its status, by name."""
        return self._host.records

    @property
    def host(self) -> PluginHost:
        """The plugin host, for tools that inspect it."""
        return self._host

    @property
    def hooks(self) -> Hooks:
        """The hooks with their implementations in order."""
        return self._parts.hooks

    @property
    def personas(self) -> tuple[Persona, ...]:
        """The active personas by rank, then by name."""
        return tuple(self._parts.personas.values())

    def persona(self, name: str) -> Persona:
        """A persona by its name, or its display name in any language; case does not matter.

        Raises:
            UnknownPersonaError: it is not active; lists those that are.
        """
        found = find_persona(name, self._parts.personas)
        if found is None:
            raise UnknownPersonaError(name, tuple(self._parts.personas))
        return found

    @property
    def table(self) -> RoutingTable:
        """The standard routing of all 216 keys for the active personas."""
        return self._assembly.table

    @property
    def cache(self) -> TurnCache | None:
        """The cache of replies, None without one."""
        return self._parts.cache.cache if self._parts.cache else None

    @property
    def language_model(self) -> LanguageModel:
        """The model that answers the turns, for questions of the host's own."""
        return LanguageModel(lambda: self._parts.hooks, self.settings.turn, self.clock, "")

    @property
    def provisions(self) -> Provisions:
        """Stores, routes, secrets and texts that plugins provide."""
        return self._assembly.provisions

    @property
    def degraded(self) -> str:
        """Why every answer is second best just now, empty where it is not."""
        return self._parts.degraded

    def warnings(self) -> tuple[str, ...]:
        """What looks like a mistake in the settings but does not stop the start."""
        return self._host.warnings()

    def containments(self) -> Mapping[str, Containment]:
        """The bounds of each plugin with code, and what it did against them."""
        return self._host.containments()
