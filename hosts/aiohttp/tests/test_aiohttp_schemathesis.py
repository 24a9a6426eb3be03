"""schemathesis asks the host everything that its own document allows, and much that it does not."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("schemathesis", reason="schemathesis is not installed")

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
EXAMPLES, SEED = 3, 20261121
PATIENCE_S = 300
ENDLESS = 1
"""Operations that never end by themselves: the configuration leaves them out."""


async def examined(url: str, folder: Path) -> tuple[str, dict]:
    """What schemathesis says of a host: for people, and as JSON."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)),
        *("run", f"{url}/openapi.json", "--seed", str(SEED), "--max-examples", str(EXAMPLES)),
        *("--generation-database", "none", "--no-color"),
        *("--report", "json", "--report-json-path", "report.json"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return output.decode(), json.loads((folder / "report.json").read_text("utf-8"))


async def test_every_answer_conforms_to_the_document(hosting, tmp_path):
    """In all phases no answer differs from the document, and nothing is taken that it forbids."""
    async with hosting() as host:
        output, report = await examined(host.url, tmp_path)

    assert {"examples", "coverage", "fuzzing", "stateful"} == report["phases"].keys()
    assert {"success"} == {phase["status"] for phase in report["phases"].values()}, output
    assert report["operations"]["total"] == report["operations"]["tested"] + ENDLESS, output
    assert [] == report["failures"], output
    assert 0 == report["exit_code"], output
