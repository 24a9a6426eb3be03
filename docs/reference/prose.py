"""Docstrings as Markdown: Google's sections become lists, blocks become code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

_SECTIONS = {
    "Args:": "Arguments",
    "Attributes:": "Attributes",
    "Returns:": "Returns",
    "Raises:": "Raises",
}
EXAMPLE = "Example::"
"""The line above the code of an example."""

_ITEM = re.compile(r"(\w+): (.*)")
_INDENT = "    "
_DEEPER = _INDENT * 2


def markdown(documented: object) -> str:
    """The docstring of a function or class as Markdown, empty where it has none."""
    return "\n".join(_lines((inspect.getdoc(documented) or "").splitlines())).strip() + "\n"


def cell(text: object) -> str:
    """A text that may stand in a cell of a table."""
    return inline(" ".join(str(text).split())).replace("|", "\\|")


def inline(text: str) -> str:
    """A line of a docstring; names stand in double backticks there, as reStructuredText has it."""
    return text.replace("``", "`")


def _lines(lines: list[str]) -> Iterator[str]:
    section = block = ""
    for number, line in enumerate(lines):
        if line in _SECTIONS:
            section = line
            yield f"**{_SECTIONS[line]}**\n"
        elif line.endswith("::"):
            block = "python" if line == EXAMPLE else "text"
            yield from (_heading(line), "", f"```{block}")
        elif block and line and not line.startswith(_INDENT):
            block = ""
            yield from ("```", "", inline(line))
        elif block:
            yield from (
                [line.removeprefix(_INDENT)] if line or not lines[number - 1].endswith("::") else []
            )
        elif section and line.startswith(_INDENT):
            yield _of_section(section, line)
        else:
            section = "" if line else section
            yield _defining(line, lines[number - 1] if number else "")
    if block:
        yield "```"


def _heading(line: str) -> str:
    """The line before a block."""
    return f"**{line[:-2]}**" if line == EXAMPLE else inline(line[:-1])


def _defining(line: str, above: str) -> str:
    """A line; the first below a term that stands alone begins its definition."""
    if line.startswith(_INDENT) and above and not above.startswith(_INDENT):
        return f":   {inline(line.strip())}"
    return inline(line)


def _of_section(section: str, line: str) -> str:
    """A line of a section: an item begins with a name, and what is deeper goes on with it."""
    text = line.removeprefix(_INDENT)
    item = _ITEM.fullmatch(text)
    if section != "Returns:" and item and not line.startswith(_DEEPER):
        return f"- `{item[1]}`: {inline(item[2])}"
    return f"  {inline(text.strip())}" if line.startswith(_DEEPER) else inline(text)


_KOREAN = {
    "reference/hooks.md": "한 턴에서 호출되는 순서대로 늘어놓은 모든 훅입니다. "
    "훅마다 어느 계열인지, 무엇을 돌려주는지, 실패하면 어떻게 되는지와 예제가 있습니다. "
    "코드에서 만든 페이지라 영어로만 있고, 흐름은 [턴](../ko/explanation/turn.md)에서 "
    "한국어로 설명합니다.",
    "reference/manifest.md": "`ion-plugin.toml`의 모든 키입니다. "
    "코드에서 만든 페이지라 영어로만 있습니다. "
    "처음이라면 [튜토리얼](../ko/tutorial.md)부터 보세요.",
    "reference/commands.md": "`ion`의 모든 명령과 `--help` 내용입니다. "
    "많은 명령이 `--lang ko`로 결과를 한국어로 보여 줍니다.",
    "reference/settings.md": "`ion.toml`의 모든 키와 환경 변수입니다. "
    "코드에서 만든 페이지라 영어로만 있습니다.",
}
"""What a Korean reader is told on a page that is made once, in English."""


def in_korean(name: str, page: str) -> str:
    """A page with a preface in Korean below its title.

    Args:
        name: its address.
        page: its text.
    """
    title, _, rest = page.partition("\n")
    return f'{title}\n\n!!! note "한국어"\n\n    {_KOREAN[name]}\n\n{rest}'
