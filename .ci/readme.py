"""Runs the commands in the ``console`` blocks of READMEs and documentation; shows what they print.

With ``--check`` it writes nothing and says whether the blocks are as they should be. Names of files
leave the others out.

A page and its translation have the same blocks, which are run once. A page of the documentation
has a folder of its own: a block that has a file's name for its title is put there first. Of a TOML
file that is there already only the tables change that the block holds. A title ``exit code 1``
says how the last command of its block ends. What differs from run to run is shown as ``…``, which
stands for any text; so do durations in milliseconds.
"""  # noqa: INP001  a script, not a module of a package

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READMES = (Path("README.md"), Path("README.ko.md"))
PAGES = Path("docs/pages")
BLOCK = re.compile(
    r'^```(?P<kind>\w+)(?: title="(?P<title>[^"\n]*)")?\n(?P<text>.*?)(?=^```$)',
    re.MULTILINE | re.DOTALL,
)
ANY = re.compile(r"(?P<text>…)|\d+(?:\.\d+)?(?=(?: → \d+(?:\.\d+)?)? ms)")
EXIT_CODE = "exit code "
PARTS = ("ion-plugin.toml", "ion.toml")
"""Titles of blocks that show a part of such a file; they are not put anywhere."""


def sources() -> list[tuple[Path, ...]]:
    """Every page with its translation, by paths inside the repository."""
    pages = [file.relative_to(ROOT / PAGES / "en") for file in (ROOT / PAGES / "en").rglob("*.md")]
    return [READMES, *((PAGES / "en" / page, PAGES / "ko" / page) for page in sorted(pages))]


def fresh(files: Sequence[Path]) -> list[str]:
    """The console blocks of a page and its translation as they should be."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = ROOT if files == READMES else Path(scratch) / "folder"
        folder.mkdir(exist_ok=True)
        return list(_run((ROOT / files[0]).read_text("utf-8"), folder, Path(scratch) / "data"))


def with_blocks(file: Path, text: str, shown: Sequence[str]) -> str:
    """The text of a file with these console blocks in the place of its own."""
    blocks = [match for match in BLOCK.finditer(text) if match["kind"] == "console"]
    if len(blocks) != len(shown):
        raise SystemExit(f"{file}: has {len(blocks)} console blocks, the original {len(shown)}")
    for match, block in zip(reversed(blocks), reversed(shown), strict=True):
        text = text[: match.start("text")] + block + text[match.end("text") :]
    return text


def _run(text: str, folder: Path, data: Path) -> Iterator[str]:
    """Put a page's files into a folder and run its commands there; gives its console blocks."""
    for match in BLOCK.finditer(text):
        title = match["title"] or ""
        if match["kind"] == "console":
            yield _shown(match["text"], folder, data, title)
        elif title and title not in PARTS:
            put(folder / title, match["text"])


def _shown(block: str, folder: Path, data: Path, title: str) -> str:
    """A console block as it should be: each command, and below it what it prints."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)[1:]
    pairs = list(zip(parts[::2], parts[1::2], strict=True))
    found = []
    for number, (command, before) in enumerate(pairs, 1):
        is_last = number == len(pairs)
        code = int(title.removeprefix(EXIT_CODE)) if is_last and title else 0
        printed, written = output(command, folder, data, code), before.strip("\n")
        written = written if is_same(written, printed) else printed
        found.append(f"$ {command}\n{written}\n" if written else f"$ {command}\n")
    return "\n".join(found)


def is_same(shown: str, printed: str) -> bool:
    """Whether what is shown is what was printed, but for what differs from run to run."""
    pattern, end = "", 0
    for match in ANY.finditer(shown):
        wild = ".*?" if match["text"] else r"\d+(?:\.\d+)?"
        pattern, end = pattern + re.escape(shown[end : match.start()]) + wild, match.end()
    return re.fullmatch(pattern + re.escape(shown[end:]), printed, re.DOTALL) is not None


def put(file: Path, text: str) -> None:
    """Write a file, or change the tables of a TOML file that is there."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return
    whole = file.read_text("utf-8")
    for table in filter(None, re.split(r"^(?=\[)", text, flags=re.MULTILINE)):
        header = table.splitlines()[0]
        pattern = rf"^{re.escape(header)}\n(?:[^\[\n].*\n)*"
        before, *after = re.split(pattern, whole, flags=re.MULTILINE)
        if len(after) != 1:
            raise SystemExit(f"{file.name} has {len(after)} tables {header}")
        whole = f"{before}{table.rstrip()}\n{after[0]}"
    file.write_text(whole, "utf-8")


def environment(data: Path) -> dict[str, str]:
    """Variables without any setting, with a data folder of its own, for texts in English."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("ION_", "GEMINI_"))
    }
    return kept | {"ION_DATA_DIR": str(data), "LC_ALL": "C.UTF-8"}


def output(command: str, folder: Path, data: Path, code: int = 0) -> str:
    """What a command of this Python's environment prints."""
    name, *arguments = shlex.split(command)
    executable = Path(sys.executable).with_name(name)
    done = subprocess.run(  # noqa: S603  the pages' own commands
        (executable, *arguments),
        cwd=folder,
        env=environment(data),
        capture_output=True,
        check=False,
    )
    if done.returncode != code:
        told = done.stdout + done.stderr
        raise SystemExit(f"{command}: exit code {done.returncode}\n{told.decode('utf-8')}")
    return done.stdout.decode("utf-8").rstrip()


def _is_up_to_date(file: Path, blocks: Sequence[str], *, write: bool) -> bool:
    text = (ROOT / file).read_text("utf-8")  # now: commands take long, and somebody may edit it
    new = with_blocks(file, text, blocks)
    if write and new != text:
        (ROOT / file).write_text(new, "utf-8")
    return new == text


def main(names: list[str], *, check: bool) -> int:
    """Write the blocks, or name the files whose blocks are out of date."""
    wanted = [files for files in sources() if not names or files[0].as_posix() in names]
    with ThreadPoolExecutor(2) as threads:
        shown = list(threads.map(fresh, wanted))
    outdated = [
        file
        for files, blocks in zip(wanted, shown, strict=True)
        for file in files
        if not _is_up_to_date(file, blocks, write=not check)
    ]
    if check and outdated:
        listed = ", ".join(file.as_posix() for file in outdated)
        sys.stderr.write(f"out of date: {listed}; run python .ci/readme.py\n")
    return int(check and bool(outdated))


if __name__ == "__main__":
    options = sys.argv[1:]
    raise SystemExit(main([o for o in options if o != "--check"], check="--check" in options))
