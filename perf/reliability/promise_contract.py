"""The API is what its document says: schemathesis finds nothing, the door being open or not."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from perf.processes import ion, python, unconfigured
from perf.reliability.child import ROOT
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.stage import staged

EXAMPLES = 50
CONFIGURATION = ROOT / "hosts/aiohttp/tests/schemathesis.toml"
ENDLESS = 1
"""Operations that never end by themselves: the configuration leaves them out."""
PHASES = ("examples", "coverage", "fuzzing", "stateful")
REPORT = "report.json"
PATIENCE_S = 900.0
UNLIMITED = '[rate]\nlimit = "off"\nfailed_logins = "off"\n'
"""The examination asks thousands of times a minute; limits are another promise."""


async def check(setting: Setting) -> Sequence[Finding]:
    """Examine a host that lets everybody in, then one that demands a key."""
    findings: list[Finding] = []
    for door in ("open", "closed"):
        folder = setting.folder / door
        folder.mkdir()
        report = await _examine(attrs.evolve(setting, folder=folder), closed=door == "closed")
        findings += _told(door, report)
    return findings


async def _examine(setting: Setting, *, closed: bool) -> Mapping[str, Any]:
    """What schemathesis reports of a host.

    Raises:
        ChildProcessError: it wrote no report.
    """
    headers = ("--header", f"X-API-Key: {_key(setting.folder)}") if closed else ()
    async with staged(setting, config=UNLIMITED) as stage:
        process = await asyncio.create_subprocess_exec(
            *python("-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)),
            *("run", f"{stage.hosts[0].url}/openapi.json", *headers),
            *("--max-examples", str(setting.number(EXAMPLES)), "--seed", str(setting.seed)),
            *("--phases", ",".join(PHASES), "--generation-database", "none", "--no-color"),
            *("--report", "json", "--report-json-path", REPORT),
            cwd=setting.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
    return _read(setting.folder / REPORT, output.decode())


def _key(folder: Path) -> str:
    """A key that may do everything, in the key file of the host that is started next."""
    made = subprocess.run(
        ion("keys", "create", "--scope", "admin", "--json"),
        cwd=folder,
        env=unconfigured({"ION_DATA_DIR": str(folder)}),
        capture_output=True,
        check=True,
    )
    return str(json.loads(made.stdout)["key"])


def _read(file: Path, output: str) -> Mapping[str, Any]:
    if not file.is_file():
        raise ChildProcessError(f"schemathesis wrote no report: {output[-2000:]}")
    report: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
    if report["failures"]:
        print(output)
    return report


def _told(door: str, report: Mapping[str, Any]) -> Sequence[Finding]:
    cases, operations = report["test_cases"], report["operations"]
    bad = {
        f"{failure['title']}: {', '.join(failure['operations'])}" for failure in report["failures"]
    }
    phases = {name: report["phases"].get(name, {}).get("status", "not run") for name in PHASES}
    return (
        Finding(
            f"failures, {door} door",
            "0",
            f"{cases['unique_failures']} of {cases['generated']} cases {sorted(bad) or ''}".strip(),
            not bad and cases["errored"] == 0,
            {"cases": (float(cases["generated"]),)},
        ),
        Finding(
            f"operations examined, {door} door",
            f"all but {ENDLESS}, which has no end",
            f"{operations['tested']} of {operations['total']}",
            operations["tested"] == operations["total"] - ENDLESS > 0,
        ),
        Finding(
            f"phases without a failure, {door} door",
            ", ".join(PHASES),
            ", ".join(f"{name} {status}" for name, status in phases.items()),
            set(phases.values()) == {"success"},
        ),
    )


PROMISE = Promise(
    number=25,
    title="schemathesis, all phases and stateful, 50 examples: 0 failures on v1 and v2",
    check=check,
    seconds=120,
)
