"""The tutorial and the pages about a host, followed to the letter by somebody new."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import attrs
import pytest

from tests.support.environments import Environment, copy_checkout, free_port
from tests.support.pages import SHELL_PAGES, Block, blocks_of, load_script

SCRIPT = load_script()
SERVE = "ion serve"
EVERY_WHEEL = "-r requirements.txt"
HOST_PAGES = [page for page in SHELL_PAGES if page != "tutorial.md"]


@attrs.define
class Reader:
    """Somebody who types what a page says, in one shell from its beginning to its end.

    Attributes:
        environment: the machine.
        folder: where the shell begins.
        port: where a host listens that is started.
        begin: lines that have been typed before.
    """

    environment: Environment
    folder: Path
    port: int
    begin: str = ""

    def follow(self, page: str) -> Iterator[tuple[Block, str]]:
        """Type every block of a page.

        Args:
            page: the page.

        Yields:
            each block that shows something, and what the block before it printed.
        """
        self._state.write_text(f"{self.begin}\ncd {shlex.quote(str(self.folder))}\n", "utf-8")
        printed = ""
        with ExitStack() as hosts:
            for block in blocks_of(page):
                if block.kind == "sh" and block.text.strip() == SERVE:
                    hosts.close()
                    hosts.enter_context(self._serving())
                elif block.kind == "sh":
                    printed = self._type(block.text.replace(":8080", f":{self.port}"))
                elif block.kind == "text":
                    yield block, printed
                elif block.title and block.title not in SCRIPT.PARTS:
                    SCRIPT.put(self._place / block.title, block.text)

    @property
    def _state(self) -> Path:
        """The variables and the folder of the shell, as lines for the next one."""
        return self.folder / "state.sh"

    @property
    def _place(self) -> Path:
        """The folder in which the shell is."""
        return Path(shlex.split(self._state.read_text("utf-8").splitlines()[-1])[1])

    def _type(self, lines: str) -> str:
        state = shlex.quote(str(self._state))
        # How the wheels of ION were built is no business of what comes after.
        kept = f"unset PIP_NO_BUILD_ISOLATION\nexport -p > {state}\necho cd \"'$PWD'\" >> {state}"
        run = self.environment.build if EVERY_WHEEL in lines else self.environment.run
        return run(f". {state}\n{lines}\n{kept}", self.folder)

    def _serving(self) -> ExitStack:
        stack = ExitStack()
        line = f". {shlex.quote(str(self._state))}; {SERVE}"
        started = stack.enter_context(self.environment.started(line, self.folder, self.port))
        started.wait_for("curl ")
        return stack


def check(reader: Reader, page: str) -> None:
    """Follow a page: each line that it shows is there."""
    for block, printed in reader.follow(page):
        assert not [line for line in block.text.splitlines() if line not in printed], printed


@pytest.mark.environment
def test_the_pages_are_followed_to_the_letter(tmp_path: Path):
    """With the wheels of this checkout, every command of the tutorial and the host pages works."""
    environment = Environment.create(tmp_path)
    copy_checkout(tmp_path / "ion")
    check(Reader(environment, tmp_path, free_port()), "tutorial.md")

    if not shutil.which("curl"):
        pytest.skip("the pages about a host need curl")
    for number, page in enumerate(HOST_PAGES):
        folder = tmp_path / f"host-{number}"
        folder.mkdir()
        activated = f". {tmp_path}/mentors/.venv/bin/activate"
        data = f"export ION_DATA_DIR={folder}/data"
        check(Reader(environment, folder, free_port(), f"{activated}\n{data}"), page)
