"""The trial of a plugin's code: what it sees, what it lets pass, and that nothing escapes it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from ion_framework.conformance import Grade, check_installed, check_path
from ion_framework.plugin_host.discovery import inline
from ion_framework.settings.model import Settings
from ion_framework.testing import make_manifest, make_persona
from ion_framework.testing.builders import persona_plugin
from ion_framework.testing.projects import PluginProject
from tests.support.bad_plugins import CALM, HEAD, NETWORK, SHUTDOWN, STARTUP, beside, guard

pytestmark = pytest.mark.once

ASYNC_ANALYZER = (
    HEAD + "    @hookimpl\n    async def ion_analyze(self, turn, following):\n        {body}\n"
)
STREAM = HEAD + "    @hookimpl\n    async def ion_transform_stream(self, chunks):\n        {body}\n"


def companions():
    """One other persona, and nothing that is installed."""
    return [persona_plugin(make_persona("other"))]


def found_in(project, folder, **options):
    """The findings of a project by code."""
    report = check_path(project.write(folder), companions, **options)
    return {finding.code: finding for finding in report.findings}


def test_a_refused_connection_is_nobodys_fault(tmp_path):
    """A plugin that declares the network may fail where it is refused, at start and in turns."""
    connect = "await asyncio.open_connection('127.0.0.1', 9)\n"
    code = CALM.replace("def ion_guard", "async def ion_guard").replace("return None", connect)
    project = guard(code + STARTUP + connect, more_manifest=NETWORK)

    assert not {"hook-raises", "startup", "hook-fails-at-once"} & set(found_in(project, tmp_path))


def test_a_connection_that_is_not_declared_is_seen(tmp_path):
    """A connection that the code only makes when it runs is found, and says where it went."""
    project = beside(
        STARTUP + "try:\n            await getattr(asyncio, 'open_connection')"
        "('127.0.0.1', 9)\n        except OSError as error:\n"
        "            self.error = error\n"
    )
    finding = found_in(project, tmp_path)["effects-undeclared"]
    assert "127.0.0.1" in finding.message


HIDDEN = "getattr(os, 'env' + 'iron')"


@pytest.mark.parametrize(
    ("read", "code", "told"),
    [
        (f"{HIDDEN}.get('HIDDEN_' + 'ONE')", "capability-environment", "HIDDEN_ONE"),
        ("getattr(os, 'get' + 'env')('HIDDEN_TWO')", "capability-environment", "HIDDEN_TWO"),
        (f"'HIDDEN_THREE' in {HIDDEN}", "capability-environment", "HIDDEN_THREE"),
        (f"dict({HIDDEN})", "capability-environment-open", "all of them"),
    ],
)
def test_a_variable_that_only_a_run_shows_is_found(read, code, told, tmp_path):
    """What the text does not show of reads of the environment, the run does."""
    project = beside(STARTUP + f"self.seen = {read}\n")

    assert told in found_in(project, tmp_path)[code].message


def test_variables_that_the_manifest_names_may_be_read(tmp_path):
    """A declared variable is no finding, nor is one that a library reads for itself."""
    project = beside(
        STARTUP + f"{HIDDEN}.get('DECLARED')\n        import shutil\n"
        "        shutil.get_terminal_size()\n",
        more_manifest='\n[capabilities]\nenvironment = ["DECLARED"]\n',
    )

    assert not [code for code in found_in(project, tmp_path) if "environment" in code]


def test_a_variable_that_the_text_shows_is_told_once(tmp_path):
    """A read that both the text and the run show is one finding, with its line."""
    project = beside(STARTUP + "self.seen = os.environ.get('PLAIN')\n")
    report = check_path(project.write(tmp_path), companions)

    found = [item for item in report.findings if item.code == "capability-environment"]
    assert ["PLAIN" in item.message and ":" in item.where for item in found] == [True]


def test_a_dependency_that_hangs_is_left_when_cancelled(tmp_path):
    """An analyser that swallows its cancellation only while those after it hang is found."""
    body = (
        "try:\n            return await following()\n"
        "        except asyncio.CancelledError:\n            await asyncio.sleep(5)\n"
    )
    code = ASYNC_ANALYZER.format(body=body)
    finding = found_in(PluginProject(name="eyes", kind="analyzer", code=code), tmp_path)

    assert "while its dependencies hang" in finding["hook-survives-cancellation"].message


def test_streams_are_read_to_their_end(tmp_path):
    """A stream that fails for odd pieces is found; one that is well is gold."""
    well = "async for chunk in chunks:\n            yield chunk"
    odd = well.replace("yield chunk", "yield chunk if getattr(chunk, 'text', 1) else 1 / 0")
    projects = [
        PluginProject(name="flow", kind="extension", code=STREAM.format(body=body))
        for body in (well, odd)
    ]
    reports = [
        check_path(project.write(tmp_path / str(n)), companions)
        for n, project in enumerate(projects)
    ]

    assert Grade.GOLD is reports[0].grade, reports[0].told()
    assert "ZeroDivisionError" in reports[1].told()


def test_a_hook_that_never_lets_go_is_named(tmp_path):
    """A plain function that computes for ever is stopped with its process, and named."""
    project = guard(CALM.replace("return None", "\n        while turn.text: turn.text"))
    finding = found_in(project, tmp_path)["hook-hangs"]

    assert "a turn" in finding.where or "ion_guard" in finding.where


def test_blocking_plugins_may_block(tmp_path):
    """A plain function that blocks is no finding where the manifest says so."""
    manifest = 'name = "watch"\nsummary = "x"\nprovides = ["guard"]\nion_api = 1\nblocking = true\n'
    project = guard(CALM.replace("return None", "time.sleep(0.15)"), manifest=manifest)

    assert "hook-blocks" not in found_in(project, tmp_path)


def test_the_environment_of_the_caller_stays_outside(tmp_path, monkeypatch):
    """Variables of the caller do not reach the plugin, unless its manifest names them."""
    monkeypatch.setenv("SOMEBODYS_SECRET", "s3cret")
    body = "self.context.clock\n        assert 'SOMEBODYS_SECRET' not in os.environ\n"
    project = beside(STARTUP + body)

    assert "startup" not in found_in(project, tmp_path, environ=dict(os.environ))


def test_settings_reach_the_plugin(tmp_path):
    """The table of the plugin is what its factory is given."""
    setting = '[settings.word]\ntype = "string"\ndescription = "A word."\ndefault = "no"\n'
    project = beside(
        STARTUP + "assert self.context.settings['word'] == 'yes'\n", more_manifest=setting
    )
    settings = Settings(plugin={"watch": {"word": "yes"}})

    assert "startup" not in found_in(project, tmp_path / "with", settings=settings)
    assert "startup" in found_in(project, tmp_path / "without")


def test_nothing_of_it_runs_in_this_process(tmp_path):
    """Checking a plugin with code imports none of it here."""
    code = CALM.replace("class Plugin", "os.environ['MARK_OF_A_CHECK'] = 'here'\nclass Plugin")
    check_path(guard(code).write(tmp_path), companions)

    assert "MARK_OF_A_CHECK" not in os.environ


@pytest.mark.skipif(sys.platform != "linux", reason="looks at the processes in /proc")
@pytest.mark.parametrize(("where", "seconds"), [(STARTUP, "97531"), (SHUTDOWN, "97532")])
def test_a_process_of_its_own_ends_with_the_check(where, seconds, tmp_path):
    """What a plugin starts and leaves behind ends with the process that tried it."""
    start = f"import subprocess\n        self.it = subprocess.Popen(['sleep', '{seconds}'])\n"
    found_in(beside(where + start), tmp_path)

    # It has been killed, and goes when the system gets to it.
    until = time.monotonic() + 30.0
    while (left := running(seconds)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not left


def running(word):
    """The command lines of processes that hold a word: other tests of this file run meanwhile."""
    return [line for line in map(command_line, Path("/proc").iterdir()) if word in line]


def command_line(process):
    """The command line of a process, empty where there is none (any more)."""
    try:
        return (process / "cmdline").read_text("utf-8", "replace")
    except OSError:
        return ""


def test_a_plugin_of_this_process_cannot_be_tried():
    """One that lives in this process only is not tried, and the report says so."""
    candidate = inline(make_manifest("here", "extension"), lambda _: object())
    report = check_installed("here", lambda: [candidate])

    assert "not-tried" in {finding.code for finding in report.findings}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit memory like this")
def test_memory_has_a_limit(tmp_path):
    """A plugin that wants more memory than it is given gets an error."""
    project = guard(CALM.replace("return None", "bytearray(8 * 1024**3)"))

    assert "MemoryError" in found_in(project, tmp_path)["hook-raises"].message
