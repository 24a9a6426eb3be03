"""What every router has to hold."""

from __future__ import annotations

from typing import ClassVar

from ion_framework.domain.key import ALL_KEYS
from ion_framework.domain.language import Language
from ion_framework.domain.resonance import Resonance
from ion_framework.manifest.model import Kind
from ion_framework.testing.contracts.plugin import PluginContract


class RouterContract(PluginContract):
    """Subclass with ``plugin = "<name>"`` to test a plugin that provides a router."""

    kind: ClassVar[Kind | None] = Kind.ROUTER

    async def test_every_key_has_a_decision(self) -> None:
        """Each of the 216 keys leads to an active persona, with a confidence between 0 and 1."""
        async with self.running() as ion:
            known = {persona.name for persona in ion.personas}
            for key in ALL_KEYS:
                decision = await ion.route("m", Resonance.given(key, Language.ENGLISH))
                assert decision.primary in known
                assert 0 <= decision.confidence <= 1
                assert decision.reasons

    async def test_the_decision_names_its_router(self) -> None:
        """A decision says which plugin made it."""
        async with self.running() as ion:
            decision = await ion.route("m", Resonance.given(ALL_KEYS[0], Language.ENGLISH))
            assert decision.router == self.plugin
