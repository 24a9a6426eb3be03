"""What the kit sees of a plugin in company: switches, threads, failures upstream, limits."""

from __future__ import annotations

import time

import pytest

from ion_framework.conformance import Grade, check_path
from ion_framework.plugin_host.source_tree import candidate_of
from ion_framework.testing.projects import PluginProject
from tests.support.bad_plugins import ASYNC, DEF, HEAD, STARTUP, beside, guard

pytestmark = pytest.mark.once


def report_of(project, folder):
    """The report on a project with nothing installed beside it."""
    return check_path(project.write(folder), lambda: ())


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("import json\n        json.dumps = lambda *a, **k: '{}'\n", "functions of json"),
        ("import gc\n        gc.disable()\n", "garbage collection"),
        ("import random\n        random.seed(1)\n", "random.seed"),
        ("import atexit\n        atexit.register(print, 'x')\n", "atexit.register"),
        ("import warnings\n        warnings.simplefilter('ignore')\n", "filters of warnings"),
        (
            "import ion_framework.domain.routing as routing\n"
            "        routing.confidence = lambda *_: routing.Decimal(1)\n",
            "functions of ion_framework.domain.routing",
        ),
    ],
)
def test_switches_of_the_process_are_seen(body, what, tmp_path):
    """Whatever the plugin switches or replaces for everybody is named."""
    report = report_of(beside(STARTUP + body), tmp_path)
    changed = [item.message for item in report.findings if item.code == "changes-process"]

    assert any(what in message for message in changed), report.told()


def test_a_thread_cannot_hide_behind_a_name(tmp_path):
    """A thread of the plugin is left running under whatever name it has."""
    start = "threading.Thread(target=time.sleep, args=(600,), daemon=True, name='ion-x').start()\n"
    report = report_of(beside(STARTUP + start), tmp_path)

    assert "leaks-threads" in {item.code for item in report.findings}


def test_what_a_factory_reads_is_seen(tmp_path):
    """A file outside that is read by a name made up at run time is seen when it is opened."""
    code = f"{HEAD}        open('/etc' + '/hosts').close()\n    @hookimpl\n{DEF}return None\n"
    report = report_of(guard(code), tmp_path)

    assert "import-effects" in {item.code for item in report.findings}, report.told()


def test_a_regular_expression_without_end_is_told_in_seconds(tmp_path):
    """What holds every thread of its process is named as the hook that hangs, and soon."""
    project = guard(DEF + "import re\n        re.match(r'(a+)+$', 'a' * 60 + '!')\n")
    began = time.monotonic()
    report = report_of(project, tmp_path)

    assert "hook-hangs" in {item.code for item in report.findings}, report.told()
    assert time.monotonic() - began < 100


# Their limits keep each of them waiting for ten seconds and more.
@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        "self.gate = getattr(self, 'gate', None) or asyncio.Semaphore(1)\n"
        "        async with self.gate:\n            await asyncio.sleep(0.4)\n",
        "from ion_framework import Refusal\n"
        "        self.seen = getattr(self, 'seen', set())\n"
        "        key = turn.request.user_id\n"
        "        if key in self.seen:\n            return Refusal('limit', 'Once a minute.')\n"
        "        self.seen.add(key)\n",
        "from ion_framework import Refusal\n"
        "        if getattr(self, 'busy', False):\n"
        "            return Refusal('limit', 'One turn for all.')\n"
        "        self.busy = True\n",
    ],
    ids=("one at a time", "one turn for each", "one turn for all"),
)
def test_limits_are_no_faults(body, tmp_path):
    """A guard that is slow and strict, as its author wants it, is gold."""
    report = report_of(guard(ASYNC + body), tmp_path)

    assert Grade.GOLD is report.grade, report.told()


def test_a_router_that_rolls_dice_is_found(tmp_path):
    """Asked twice about the same key, a router names the same persona."""
    code = (
        f"{HEAD}    @hookimpl\n    def ion_route(self, turn, personas):\n"
        "        import random\n"
        "        from ion_framework.domain.routing import decide\n"
        "        one = random.sample(personas, 1)\n"
        "        return decide(turn.resonance.key, one)\n"
    )
    report = report_of(PluginProject(name="dice", kind="router", code=code), tmp_path)

    assert "asked twice" in report.told()


def test_a_generator_whose_name_comes_late_answers(tmp_path):
    """A fallback that sorts behind the stand-in of the kit still comes before it."""
    code = (
        f"{HEAD}    model = 'zebra-1'\n    @hookimpl\n"
        "    async def ion_generate(self, turn, prompt):\n"
        "        from ion_framework import Finish, TextChunk\n"
        "        yield TextChunk('hello')\n        yield Finish()\n"
    )
    manifest = (
        'name = "zebra"\nsummary = "x"\nprovides = ["generator"]\nion_api = 1\nfallback = true\n'
    )
    report = report_of(
        PluginProject(name="zebra", kind="generator", code=code, manifest=manifest), tmp_path
    )

    assert Grade.GOLD is report.grade, report.told()


def test_what_is_installed_costs_no_grade(tmp_path):
    """The grade of a persona is the same with and without its twin beside it."""
    twin = candidate_of(PluginProject(name="twin").write(tmp_path / "twin"))
    alone = report_of(PluginProject(), tmp_path / "sage")
    report = check_path(tmp_path / "sage", lambda: (twin,))

    assert Grade.GOLD is alone.grade is report.grade
    assert "routing-here-duplicate" in {item.code for item in report.findings}
    assert not any(item.blocks for item in report.findings)
