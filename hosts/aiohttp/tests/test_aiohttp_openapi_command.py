"""``ion openapi`` as a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ION = Path(sys.executable).with_name("ion")
PATIENCE_S = 60


def ion(*arguments: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """The command, with data of its own and no settings but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ION_")}
    return subprocess.run(
        [ION, *arguments],
        cwd=folder,
        env={**kept, "ION_DATA_DIR": str(folder), **environ},
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_the_document_is_written(tmp_path, arguments):
    """The document stands alone on standard output, on one line, in UTF-8 in any locale."""
    ran = ion("openapi", *arguments, folder=tmp_path, LC_ALL="C", PYTHONIOENCODING="ascii")

    assert (0, b"") == (ran.returncode, ran.stderr)
    assert 1 == ran.stdout.count(b"\n")
    document = json.loads(ran.stdout.decode())
    assert "3.1.0" == document["openapi"]
    assert "/chat" in document["paths"]


def test_the_document_heeds_the_settings(tmp_path):
    """What the settings change of the API is in the document."""
    settings = tmp_path / "ion.toml"
    settings.write_text('[api]\nv1_deprecated = "2027-01-31"\n[limits]\nmessage_chars = 55\n')
    ran = ion("openapi", "--config", str(settings), folder=tmp_path)
    document = json.loads(ran.stdout)

    assert document["paths"]["/chat"]["post"]["deprecated"]
    message = document["components"]["schemas"]["ChatRequest"]["properties"]["message"]
    assert 55 == message["maxLength"]


async def test_the_command_writes_what_the_host_serves(hosting, tmp_path):
    """Every operation of the host's own is written as a host serves it."""
    ran = await asyncio.to_thread(ion, "openapi", folder=tmp_path)
    written = json.loads(ran.stdout)
    async with hosting() as host, host.session.get("/openapi.json") as response:
        served = await response.json()

    assert served["paths"]
    assert served["paths"].items() <= written["paths"].items()
