"""What every plugin has to hold, whatever it provides."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import ClassVar

from ion_framework.conformance import Grade, check_installed
from ion_framework.domain.persona import Persona
from ion_framework.ion import Ion
from ion_framework.manifest.model import Kind
from ion_framework.plugin_host.discovery import Candidate, canonical, installed
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.settings.model import Settings
from ion_framework.testing.builders import (
    lone_source,
    make_persona,
    persona_plugin,
    standard_parts,
)
from ion_framework.testing.contracts.guarding import refuse_overrides

IMPORT_MS = 1000.0
"""Milliseconds within which import and factory of a plugin should be done."""


class PluginContract:
    """Subclass this for a kind without a contract of its own.

    Attributes:
        plugin: name of the plugin under test; it has to be installed.
        settings: its table ``[plugin.<name>]``.
        environ: the environment that it sees.
        companions: further personas in the tests.
        waived: tests of the contract that the plugin does without, each with the reason; every
            other one can be neither redefined nor switched off.
    """

    plugin: ClassVar[str]
    kind: ClassVar[Kind | None] = None
    settings: ClassVar[Mapping[str, object]] = {}
    environ: ClassVar[Mapping[str, str]] = {}
    companions: ClassVar[tuple[Persona, ...]] = (make_persona("companion"),)
    waived: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        refuse_overrides(cls)

    def make(self) -> Ion:
        """An `Ion` with the plugin under test and simple stand-ins for everything else."""
        settings = Settings(plugin={self.plugin: self.settings} if self.settings else {})
        source = lone_source(self.plugin, *self._stand_ins())
        return Ion(settings, source=source, environ=self.environ)

    def _stand_ins(self) -> tuple[Candidate, ...]:
        bare = Ion(Settings(), source=lone_source(self.plugin), environ=self.environ)
        kinds = {kind.value for record in bare.plugins for kind in record.provides}
        return (*standard_parts(*kinds), *map(persona_plugin, self.companions))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Ion]:
        """The same, started; stopped at the end."""
        async with self.make() as ion:
            yield ion

    def record(self, ion: Ion) -> PluginRecord:
        """The record of the plugin under test."""
        return ion.host.record(self.plugin)

    # --- what holds for every plugin ------------------------------------------------------------

    def test_it_is_ready_without_an_import(self) -> None:
        """The plugin is installed, and READY by its manifest alone."""
        record = self.record(self.make())
        assert (Status.READY, "can be activated") == (record.status, record.reason)

    def test_listing_does_not_import_it(self) -> None:
        """Finding and judging the plugin imports none of its modules."""
        package = self.record(self.make()).candidate.package
        code = (
            "import sys; from ion_framework.plugin_host.host import PluginHost; "
            "from ion_framework.plugin_host.discovery import installed; "
            "from ion_framework.settings.model import Settings; "
            "from ion_framework.clock import SystemClock; "
            "PluginHost(Settings(), installed, {}, SystemClock()); "
            f"print({package!r} in sys.modules)"
        )
        done = subprocess.run(  # noqa: S603  our own interpreter, our own text
            [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "False"

    def test_it_provides_its_kind(self) -> None:
        """The manifest says that the plugin is of the kind that this contract is for."""
        provides = self.record(self.make()).provides
        assert provides
        assert self.kind is None or self.kind in provides

    def test_distribution_and_package_carry_its_name(self) -> None:
        """The plugin's name is the end of its distribution's name and of its package's."""
        candidate = self.record(self.make()).candidate
        assert canonical(candidate.distribution).endswith(self.plugin)
        assert candidate.package.replace("_", "-").endswith(self.plugin)

    def test_it_is_graded_gold(self) -> None:
        """The conformance kit grades the plugin gold; what it found says what is missing."""
        report = check_installed(self.plugin, installed, self.make().settings, self.environ)
        assert report.grade is Grade.GOLD, report.told()

    async def test_it_activates_within_a_second(self) -> None:
        """The plugin becomes ACTIVE, and its import and factory take less than a second."""
        async with self.running() as ion:
            record = self.record(ion)
            assert (Status.ACTIVE, "runs") == (record.status, record.reason)
            assert (record.import_ms or 0.0) < IMPORT_MS

    async def test_two_instances_live_side_by_side(self) -> None:
        """Two `Ion` objects with the plugin run in one process and stop on their own."""
        async with self.running() as first, self.running() as second:
            assert self.record(first).status is Status.ACTIVE
        assert self.record(second).status is Status.ACTIVE

    async def test_a_turn_succeeds_with_it(self) -> None:
        """A Korean and an English message are answered while the plugin is active."""
        async with self.running() as ion:
            for text in ("오늘 뭐부터 하면 좋을까요?", "Where do I start today?"):
                reply = await ion.respond(text)
                assert reply.content.strip()
