"""The installed plugin keeps the contract of every monitor."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, ClassVar

import pytest
from ion_sentry.plugin import Sentry

from ion_framework import Ion, Settings
from ion_framework.plugin_host.record import Status
from ion_framework.testing import MonitorContract, lone_source, make_persona
from ion_framework.testing.builders import persona_plugin, standard_parts

KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"


class TestSentry(MonitorContract):
    """The monitor, which sends every trace: to nobody, or to a server that keeps and fails."""

    plugin = "sentry"
    environ: ClassVar[dict[str, str]] = {"SENTRY_DSN": f"http://{KEY}@127.0.0.1:9/1"}
    settings: ClassVar[Mapping[str, object]] = {"traces_sample_rate": 1.0, "flush_s": 0.5}

    def reach(self, url: str) -> Mapping[str, str]:
        """A DSN whose project is at a server."""
        return {"SENTRY_DSN": f"{url.replace('//', f'//{KEY}@')}/1"}

    def lost(self, monitor: Sentry) -> int:
        """Events that did not arrive, whatever the reason."""
        return monitor.tally.lost


def test_it_is_idle_without_a_dsn() -> None:
    """Without a DSN the plugin is IDLE and names the variable."""
    record = Ion(Settings(), source=lone_source("sentry"), environ={}).host.record("sentry")

    assert record.status is Status.IDLE
    assert "SENTRY_DSN" in record.reason


@pytest.mark.parametrize("given", [{}, {"release": "mine@2"}])
async def test_the_manifests_defaults_work(given: dict[str, str], fake: Any) -> None:
    """Installed, with a DSN alone, it sends under the core's release, else under the one given."""
    environ = {"SENTRY_DSN": fake.dsn(), "SENTRY_TRACES_SAMPLE_RATE": "1"}
    settings = Settings(plugin={"sentry": given})
    source = lone_source("sentry", *standard_parts(), persona_plugin(make_persona("sage")))
    async with Ion(settings, source=source, environ=environ) as ion:
        await ion.respond("hello")

    (event,) = fake.of("transaction")
    assert event["release"] == given.get("release", f"ion-framework@{version('ion-framework')}")
    assert event["environment"] == "production"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"dsn": f"https://{KEY}@/1"}, "dsn: must be as"),
        ({"dsn": f"https://{KEY}@a.example/project"}, "dsn: must be as"),
        ({"dsn": f"ftp://{KEY}@a.example/1"}, "dsn: must be as"),
        ({"dsn": "https://a.example/1"}, "dsn: must be as"),
        ({"dsn": f"https://{KEY}@a.example:0x/1"}, "dsn: must be as"),
        ({"dsn": f"https://{KEY}@a.example/1", "environment": "a b"}, "environment: must have"),
        ({"dsn": f"https://{KEY}@a.example/1", "release": "a/b"}, "release: must have"),
    ],
)
async def test_settings_that_cannot_work_are_named(settings: dict[str, str], says: str) -> None:
    """A DSN, environment or release that Sentry could not take makes the plugin FAILED."""
    source = lone_source("sentry")
    async with Ion(Settings(plugin={"sentry": settings}), source=source, environ={}) as ion:
        record = ion.host.record("sentry")

    assert record.status is Status.FAILED
    assert f"plugin.sentry.{says}" in record.reason
    assert KEY not in record.reason
