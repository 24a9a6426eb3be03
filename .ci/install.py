"""Installs what a tox environment depends on; pip does the work.

Our own distributions are built without an environment of their own for each: hatchling is installed
once beside them, which saves the dozen of environments that pip would make for it. Byte code is
made by the first import, of what is imported.
"""  # noqa: INP001  a script, not a module of a package

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OURS = ("dev-requirements.txt", "-e", "--editable")
"""Arguments of pip that mean that something of ours is built."""


def backend() -> list[str]:
    """What our distributions are built with, and what it needs for an editable one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return [*project["build-system"]["requires"], "editables"]


def pip(*arguments: str) -> int:
    """Run ``pip install`` with these arguments; gives its exit code."""
    command = (sys.executable, "-I", "-m", "pip", "install", "--no-compile", *arguments)
    return subprocess.run(command, check=False).returncode  # noqa: S603  the arguments are tox's


def main(arguments: list[str]) -> int:
    """Install what the arguments name."""
    if not any(argument.endswith(OURS) for argument in arguments):
        return pip(*arguments)
    return pip("--quiet", *backend()) or pip("--no-build-isolation", *arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
