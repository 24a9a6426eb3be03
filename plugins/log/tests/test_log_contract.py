"""The installed plugin keeps the contract of every monitor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

import pytest

from ion_framework import Ion, Settings, TurnRequest
from ion_framework.domain.trace_context import TraceContext
from ion_framework.plugin_host.record import Status
from ion_framework.testing import MonitorContract, lone_source, make_persona
from ion_framework.testing.builders import persona_plugin, standard_parts

TRACE = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", 1)


class TestLog(MonitorContract):
    """The monitor that logs what failed."""

    plugin = "log"
    environ: ClassVar[Mapping[str, str]] = {"ION_LOG_TURNS": "failed"}


class TestTalkativeLog(MonitorContract):
    """The monitor when it logs whatever there is, texts included."""

    plugin = "log"
    waived: ClassVar[Mapping[str, str]] = {"test_no_text_gets_out": "it was told to log texts"}
    settings: ClassVar[Mapping[str, object]] = {
        "turns": "all",
        "plugins": True,
        "requests": True,
        "include_text": True,
        "level": "debug",
    }


class TestThoroughLog(MonitorContract):
    """The monitor when it logs whatever happens, for machines, and nothing that was said."""

    plugin = "log"
    settings: ClassVar[Mapping[str, object]] = {
        "turns": "all",
        "plugins": True,
        "requests": True,
        "format": "json",
        "stream": "stdout",
    }


@pytest.mark.parametrize("project", ["", "projects/mine/traces/"])
async def test_the_manifests_defaults_work(project, capsys):
    """Told what to log and no more, it logs to standard error, joined to the project given."""
    environ = {"ION_LOG_TURNS": "all"} | ({"GOOGLE_CLOUD_PROJECT": "mine"} if project else {})
    source = lone_source("log", *standard_parts(), persona_plugin(make_persona("sage")))
    async with Ion(Settings(), source=source, environ=environ) as ion:
        await ion.respond(TurnRequest(text="hello", trace=TRACE))

    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert line["logging.googleapis.com/trace"] == f"{project}{TRACE.trace_id}"


def test_it_is_idle_until_it_is_told_what_to_log():
    """Without ``turns`` the plugin is IDLE and names the variable."""
    record = Ion(Settings(), source=lone_source("log"), environ={}).host.record("log")

    assert record.status is Status.IDLE
    assert "ION_LOG_TURNS" in record.reason
