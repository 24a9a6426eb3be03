"""Runs the commands in the READMEs' ``console`` blocks and writes what they print below them.

With ``--check`` it writes nothing and says whether the blocks are as they should be.
"""  # noqa: INP001  a script, not a module of a package

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.ko.md")
BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)


def shown(block: re.Match[str]) -> str:
    """The block as it should be: each command, and below it what it prints."""
    commands = [line[2:] for line in block[0].splitlines() if line.startswith("$ ")]
    return "\n".join(f"$ {command}\n{output(command)}" for command in commands)


def output(command: str) -> str:
    """What a command of this environment prints, without any setting."""
    name, *arguments = shlex.split(command)
    executable = Path(sys.executable).with_name(name)
    environ = {key: value for key, value in os.environ.items() if not key.startswith("ION_")}
    done = subprocess.run(  # noqa: S603  the READMEs' own commands
        (executable, *arguments), cwd=ROOT, env=environ, capture_output=True, check=True
    )
    return done.stdout.decode("utf-8").rstrip() + "\n"


def main(*, check: bool) -> int:
    """Write the blocks, or name the READMEs whose blocks are out of date."""
    outdated = []
    for name in READMES:
        text = (ROOT / name).read_text("utf-8")
        fresh = BLOCK.sub(shown, text)
        if fresh != text:
            outdated.append(name)
            if not check:
                (ROOT / name).write_text(fresh, "utf-8")
    if check and outdated:
        sys.stderr.write(f"out of date: {', '.join(outdated)}; run python .ci/readme.py\n")
    return int(check and bool(outdated))


if __name__ == "__main__":
    raise SystemExit(main(check="--check" in sys.argv[1:]))
