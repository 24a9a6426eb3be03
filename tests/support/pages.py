"""The pages of the documentation: their blocks, and the script that runs their commands."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import attrs

from tests.support.repository import ROOT

PAGES = ROOT / "docs" / "pages"
LANGUAGES = ("en", "ko")
SHELL_PAGES = ("tutorial.md", "howto/host.md", "howto/dashboard.md", "howto/runtime.md")
"""Pages whose ``sh`` blocks are run in a fresh environment."""

_FENCE = re.compile(r"^ *```")


@attrs.frozen
class Block:
    """A fenced block of a page.

    Attributes:
        kind: what stands after the fence.
        title: its title, empty without one.
        text: what stands between the fences.
        indent: by how many spaces it is indented.
    """

    kind: str
    title: str
    text: str
    indent: int = 0


def load_script() -> ModuleType:
    """The script that runs the commands of ``console`` blocks."""
    spec = importlib.util.spec_from_file_location("readme", ROOT / ".ci" / "readme.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def names(language: str = "en") -> list[str]:
    """The pages of a language, by their paths."""
    folder = PAGES / language
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.md"))


def text_of(page: str, language: str = "en") -> str:
    """The text of a page."""
    return (PAGES / language / page).read_text("utf-8")


def blocks_of(page: str, language: str = "en") -> list[Block]:
    """The fenced blocks of a page, in order; indented ones (of tabs) as well."""
    found: list[Block] = []
    opened: Block | None = None
    for line in text_of(page, language).splitlines(keepends=True):
        is_fence = _FENCE.match(line)
        if opened is None and is_fence:
            info, indent = line.strip().removeprefix("```"), len(line) - len(line.lstrip())
            kind, _, rest = info.partition(" ")
            title = re.fullmatch(r'(?:title="([^"]*)")?', rest)
            assert title, f"{page}: {info}"
            opened = Block(kind, title[1] or "", "", indent)
        elif opened is not None and is_fence:
            found.append(opened)
            opened = None
        elif opened is not None:
            opened = attrs.evolve(opened, text=opened.text + line[opened.indent :])
    return found


def blocks_of_kind(kind: str, title: str | None = None) -> list[tuple[str, int, Block]]:
    """The blocks of a kind of all English pages: page, number and block.

    Args:
        kind: the kind.
        title: the last part of the title; None for any.
    """
    return [
        (page, number, block)
        for page in names()
        for number, block in enumerate(blocks_of(page))
        if block.kind == kind and (title is None or Path(block.title).name == title)
    ]
