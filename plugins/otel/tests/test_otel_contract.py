"""The installed plugin keeps the contract of every monitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest
from ion_otel.plugin import Otel

from ion_framework import Ion, Settings
from ion_framework.plugin_host.record import Status
from ion_framework.testing import MonitorContract, lone_source

BASE = {"endpoint": "http://127.0.0.1:4318"}
SECRET = "hunter2"


class TestOtel(MonitorContract):
    """The monitor, which sends every trace: to nobody, or to a server that keeps and fails."""

    plugin = "otel"
    environ: ClassVar[dict[str, str]] = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    settings: ClassVar[Mapping[str, object]] = {"flush_s": 0.5, "delay_ms": 20}

    def reach(self, url: str) -> Mapping[str, str]:
        """The address of a collector."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": url}

    def lost(self, monitor: Otel) -> int:
        """Spans that failed, were dropped, or waited when time was up."""
        return monitor.tally.lost + monitor.tally.waiting


def test_it_is_idle_without_an_endpoint() -> None:
    """Without an endpoint the plugin is IDLE and names both variables."""
    record = Ion(Settings(), source=lone_source("otel"), environ={}).host.record("otel")

    assert record.status is Status.IDLE
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in record.reason
    assert "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" in record.reason


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, Status.READY),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9/v1/traces"}, Status.READY),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
            },
            Status.INVALID,
        ),
    ],
)
def test_what_the_environment_asks_for_is_known(environ: dict[str, str], status: Status) -> None:
    """Either variable wakes the plugin, and a protocol that it does not speak is refused."""
    record = Ion(Settings(), source=lone_source("otel"), environ=environ).host.record("otel")

    assert record.status is status
    assert status is not Status.INVALID or "must be one of http/protobuf" in record.reason


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"endpoint": f"https://ann:{SECRET}@a.example"}, "endpoint: must be as"),
        ({"endpoint": "collector:4318"}, "endpoint: must be as"),
        ({"endpoint": "http://:4318"}, "endpoint: must be as"),
        ({"endpoint": "http://a.example:port"}, "endpoint: must be as"),
        ({"traces_endpoint": f"http://a.example/?key={SECRET}"}, "traces_endpoint: must be as"),
        (BASE | {"headers": SECRET}, "headers: must be as"),
        (BASE | {"headers": f"a={SECRET}%0d%0ab"}, "headers: must be as"),
        (BASE | {"resource_attributes": "=x"}, "resource_attributes: must be as"),
        (BASE | {"queue_size": 100, "batch_size": 101}, "batch_size: must be at most"),
    ],
)
async def test_settings_that_cannot_work_are_named(settings: dict[str, object], says: str) -> None:
    """An address, a header or a batch that cannot work makes the plugin FAILED."""
    source = lone_source("otel")
    async with Ion(Settings(plugin={"otel": settings}), source=source, environ={}) as ion:
        record = ion.host.record("otel")

    assert record.status is Status.FAILED
    assert f"plugin.otel.{says}" in record.reason
    assert SECRET not in record.reason
