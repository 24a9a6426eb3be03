"""Bad plugins beside good ones: listed without harm, named with a reason, survived by a host."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import attrs
import pytest

from ion_framework.testing.packages import MANIFEST, PluginPackage, environment_with

ION = (sys.executable, "-P", "-m", "ion_framework.cli")
BUDGET_S = 2.0
SETTINGS = f"[plugins]\nimport_budget_s = {BUDGET_S}\n"
GOOD = {
    "aiohttp", "coaching", "elro", "guard", "load", "lua", "metrics", "nana", "offline",
    "resonance", "riri", "store-sqlite", "two-tier-cache",
}  # fmt: skip
IDLE = {
    "gemini", "llm-analyzer", "log", "notify", "openai-compatible", "otel", "secrets-gcp", "sentry",
    "store-postgres", "store-redis",
}  # fmt: skip

CODE = """
from ion_framework import hookimpl

class Plugin:
    def __init__(self, context):
        {factory}

    @hookimpl
    {hook}

{entry} = {made}
"""


@attrs.frozen
class Bad:
    """A plugin that is broken in one way, and what its record has to say.

    Attributes:
        status: its status after activation.
        words: what the reason names.
        package: the plugin.
    """

    status: str
    words: tuple[str, ...]
    package: PluginPackage


def bad(name, status, *words, top="", kind="monitor", manifest="", **code):
    """A plugin that is broken by what stands at the top of its module, or in its parts."""
    parts = {
        "factory": "pass",
        "hook": "def ion_observe(self, event): pass",
        "entry": "plugin",
        "made": "Plugin",
        **code,
    }
    return Bad(
        status,
        words,
        PluginPackage(
            name=name,
            manifest=manifest or MANIFEST.format(name=name, kind=kind),
            code=top + CODE.format(**parts),
        ),
    )


NO_MANIFEST = Bad(
    "invalid",
    ("there is no manifest", "ion-plugin.toml"),
    PluginPackage(name="no-manifest", manifest=None, code="plugin = None\n"),
)
TWELVE_AND_MORE = (
    bad(
        "import-error", "failed", "no_such_module_anywhere", top="import no_such_module_anywhere\n"
    ),
    bad("syntax-error", "failed", "SyntaxError", top="def (\n"),
    bad("exits", "failed", "SystemExit: 3", "plugin.py", top="raise SystemExit(3)\n"),
    bad("interrupts", "failed", "KeyboardInterrupt", top="raise KeyboardInterrupt\n"),
    bad("sleeps", "failed", "longer than 2 s", "line", top="import time\ntime.sleep(600)\n"),
    bad("computes", "failed", "longer than 2 s", "line", top="while True:\n    pass\n"),
    NO_MANIFEST,
    bad("odd-manifest", "invalid", "colour", manifest='ion_api = 1\nname = "x"\ncolour = 3\n'),
    bad("newer-api", "incompatible", "plugin API 99", manifest="ion_api = 99\n"),
    bad("misspelt", "invalid", "did you mean ion_observe?", hook="def ion_obsreve(self): pass"),
    bad("returns-none", "invalid", "returned None", made="lambda context: None"),
    bad("raises", "failed", "ValueError: no luck", factory="raise ValueError('no luck')"),
    bad("no-factory", "failed", "AttributeError", entry="something_else"),
    bad(
        "wrong-type",
        "failed",
        "returned int instead of TurnCache",
        kind="cache",
        hook="def ion_provide_cache(self): return 3",
    ),
    bad(
        "provider-hangs",
        "failed",
        "ion_provide_cache took longer",
        kind="cache",
        hook="def ion_provide_cache(self): __import__('time').sleep(600)",
    ),
    bad(
        "never-starts",
        "failed",
        "ion_startup raised OSError: no disk",
        hook="async def ion_startup(self): raise OSError('no disk')",
    ),
    bad("foreign-hook", "invalid", "needs 'guard'", hook="def ion_guard(self, turn): pass"),
    bad("prints", "active", "runs", top="print('noise')\n", factory="print('more noise')"),
)


@pytest.fixture
def site(tmp_path):
    """A folder with all bad plugins installed; each that is imported leaves its name behind."""
    for item in TWELVE_AND_MORE:
        package = item.package
        mark = f"open({str(tmp_path / 'imported')!r}, 'a').write({package.name!r} + ' ')\n"
        attrs.evolve(package, init=mark, code=package.code).write(tmp_path / "site")
    (tmp_path / "ion.toml").write_text(SETTINGS, "utf-8")
    return tmp_path


def environment(folder):
    """The variables of a person with one settings file, and the bad plugins installed."""
    own = ("ION_", "PORT", "LC_", "LANG")
    known = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    own_settings = {"LANG": "C.UTF-8", "ION_CONFIG": str(folder / "ion.toml")}
    return environment_with(folder / "site", {**known, **own_settings})


def ion(folder, *arguments):
    """What ``ion`` printed, as JSON, and its exit code."""
    done = subprocess.run(
        (*ION, *arguments),
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        check=False,
        timeout=60,
    )
    return json.loads(done.stdout), done.returncode


def test_listing_imports_none_of_them(site):
    """``ion plugins`` lists every bad plugin, each READY or with its fault, and imports none."""
    listed, code = ion(site, "plugins", "--json")
    found = {record["name"]: record for record in listed}
    assert GOOD | IDLE | {item.package.name for item in TWELVE_AND_MORE} == set(found)
    assert 0 == code
    for item in TWELVE_AND_MORE:
        record = found[item.package.name]
        before = item.status if item.package.name in STATIC else "ready"
        assert (before, item.package.distribution) == (record["status"], record["distribution"])
        assert record["reason"]
    assert {"ready"} == {found[name]["status"] for name in GOOD}
    assert not (site / "imported").exists()


STATIC = {"no-manifest", "odd-manifest", "newer-api"}


def test_loading_names_every_culprit(site):
    """``ion plugins --load`` gives each its status with the reason, and the good ones run."""
    started = time.monotonic()
    listed, code = ion(site, "plugins", "--load", "--json")
    assert time.monotonic() - started < BUDGET_S + 20
    found = {record["name"]: record for record in listed}
    for item in TWELVE_AND_MORE:
        record = found[item.package.name]
        missing = [word for word in item.words if word not in record["reason"]]
        assert (item.status, []) == (record["status"], missing), record
    assert {"active"} == {found[name]["status"] for name in GOOD}
    assert 1 == code
    imported = set((site / "imported").read_text("utf-8").split())
    assert {item.package.name for item in TWELVE_AND_MORE} - STATIC == imported


def test_a_host_starts_and_answers(site):
    """``ion serve`` answers a message within three seconds of the import budget."""
    started = time.monotonic()
    with (site / "errors").open("wb") as errors:
        process = subprocess.Popen(
            (*ION, "serve", "--port=0", "--log-format=json"),
            cwd=site,
            env=environment(site),
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    try:
        lines = (line.decode("utf-8") for line in process.stdout)
        notice = next(filter(None, (re.search(r"http://\S+", line) for line in lines)), None)
        assert notice, (site / "errors").read_text("utf-8")
        status, reply = post(
            notice[0], "/chat", {"message": "이거 진짜 답답해요! 왜 안 되는 거죠?"}
        )
        took = time.monotonic() - started
        assert (200, "lua") == (status, reply["persona_used"].lower())
        assert reply["content"].strip()
        assert took < BUDGET_S + 20
        assert 200 == get(notice[0], "/health/ready")
    finally:
        process.kill()
        process.communicate()


def post(url, path, body):
    """The status and the JSON of an answer."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = json.loads(response.read())
    connection.close()
    return response.status, content


def get(url, path):
    """The status of an answer."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status
