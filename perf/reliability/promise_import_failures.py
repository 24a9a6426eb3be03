"""Plugins that cannot be imported keep no host from starting, and are named with what to do."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp

from ion_framework.testing.packages import PluginPackage
from perf.processes import free_port, ion, unconfigured
from perf.reliability.bad_packages import installed, manifest
from perf.reliability.offline import OFFLINE, offline_host
from perf.reliability.promise import Finding, Promise, Setting

BUDGET_S = 5.0
LEAST_BUDGET_S = 1.0
CONFIG = "[plugins]\nimport_budget_s = {budget_s}\n"
MOST_S = 3.0
"""Seconds after the import budget until the host answers."""

HANG_S = 30.0
WAIT_S = 60.0
GOOD = """
from ion_framework import hookimpl

class Healthy:
    @hookimpl
    def ion_finish(self, reply):
        return None

def plugin(context):
    return Healthy()
"""
WORDS = {
    "missing": "No module named",
    "broken": "SyntaxError",
    "leaving": "SystemExit",
    "hanging": "took longer than {budget_s:g} s",
    "foreign": "plugin API",
}
"""What the reason of each bad plugin has to say, with the budget."""


def _packages() -> list[PluginPackage]:
    def package(name: str, code: str, text: str = "") -> PluginPackage:
        chosen = text or manifest(name, "extension")
        return PluginPackage(name=name, manifest=chosen, code=code)

    newer = re.sub(r"ion_api = \d+", "ion_api = 99", manifest("foreign", "extension"))
    return [
        package("missing", "import a_library_that_nobody_has\n" + GOOD),
        package("broken", "def plugin(context:\n"),
        package("leaving", "raise SystemExit(3)\n" + GOOD),
        package("hanging", f"import time\ntime.sleep({HANG_S:g})\n" + GOOD),
        package("foreign", GOOD, newer),
        package("healthy", GOOD),
    ]


async def check(setting: Setting) -> Sequence[Finding]:
    """Start a host beside five plugins that cannot be imported, and ask the doctor about them."""
    environ = installed(setting, _packages())
    budget_s = setting.seconds(BUDGET_S, LEAST_BUDGET_S)
    config = CONFIG.format(budget_s=budget_s)
    began = time.perf_counter()
    async with (
        offline_host(setting, config, environ) as host,
        aiohttp.ClientSession() as session,
    ):
        up_s = time.perf_counter() - began
        async with session.post(
            f"{host.url}/api/v2/process", json={"user_input": "How do I read a query plan?"}
        ) as response:
            answered = response.status
        async with session.get(f"{host.url}/api/v2/plugins") as response:
            listed = (await response.json())["plugins"]
    variables = unconfigured(
        {
            **OFFLINE,
            **environ,
            "ION_CONFIG": str(setting.folder / "ion.toml"),
            "ION_DATA_DIR": str(setting.folder),
            "ION_LOG_FORMAT": "json",
        }
    )
    doctor, (strict_code, strict_said) = await asyncio.gather(
        asyncio.to_thread(_doctor, setting.folder, variables),
        asyncio.to_thread(_strict, setting.folder, variables),
    )
    return [
        _is_up(up_s, budget_s, answered),
        _are_loaded(listed),
        *_are_named(doctor, budget_s),
        Finding(
            "exit code of a start that requires one of them",
            "not 0, naming it",
            f"{strict_code}" + ("" if "missing" in strict_said else ", not named"),
            strict_code not in (0, None) and "missing" in strict_said,
        ),
    ]


def _is_up(up_s: float, budget_s: float, answered: int) -> Finding:
    most_s = budget_s + MOST_S
    return Finding(
        "the host answers",
        f"<= {most_s:g} s after its start",
        f"{up_s:.1f} s, HTTP {answered}",
        up_s <= most_s and answered == 200,  # noqa: PLR2004  the one good answer
        {"start": [up_s]},
    )


def _are_loaded(listed: Sequence[Mapping[str, str]]) -> Finding:
    by_name = {each["name"]: each["status"] for each in listed}
    wanted = ("healthy", "lua", "elro", "riri", "nana", "resonance", "offline")
    lost = [name for name in wanted if by_name.get(name) != "active"]
    return Finding("other plugins that are not active", "0", ", ".join(lost) or "0", not lost)


def _are_named(doctor: Sequence[Mapping[str, str]], budget_s: float) -> list[Finding]:
    findings = []
    for name, template in WORDS.items():
        words = template.format(budget_s=budget_s)
        about = [each for each in doctor if name in each["check"] or name in each["message"]]
        bad = [each for each in about if each["severity"] != "ok"]
        told = next((each for each in bad if words in json.dumps(each)), None)
        fix = str(told["fix"]) if told else ""
        findings.append(
            Finding(
                f"the doctor names {name} and what to do",
                words,
                f"named, fix: {fix[:60]}" if fix else f"{[each['message'] for each in about][:2]}",
                bool(fix),
            )
        )
    return findings


def _doctor(folder: Path, environ: Mapping[str, str]) -> list[dict[str, str]]:
    done = subprocess.run(
        ion("doctor", "--json", "--no-trial"),
        cwd=folder,
        env=environ,
        capture_output=True,
        check=False,
        timeout=WAIT_S,
    )
    found: list[dict[str, str]] = json.loads(done.stdout)["findings"]
    return found


def _strict(folder: Path, environ: Mapping[str, str]) -> tuple[int | None, str]:
    """Exit code and error output of a start with a required plugin that cannot be imported."""
    try:
        done = subprocess.run(
            ion("serve", "--port", str(free_port())),
            cwd=folder,
            env={**environ, "ION_PLUGINS_REQUIRED": "missing"},
            capture_output=True,
            check=False,
            timeout=WAIT_S,
        )
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stderr.decode("utf-8", "replace")


PROMISE = Promise(
    number=27,
    title="plugins that cannot be imported stop no host, and the doctor names them",
    check=check,
    seconds=30,
    fast=True,
)
