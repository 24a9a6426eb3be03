"""The page of commands: what ``--help`` says of each, word for word."""

from __future__ import annotations

from collections.abc import Iterator

from ion_framework.cli.group import ion
from ion_framework.cli.help_texts import commands


def page() -> str:
    """The page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# The command line\n"
    yield (
        "Exit codes: 0 all is well, 1 something failed or was found, 2 the command line is wrong, "
        "130 interrupted. Commands of plugins stand here as far as they are installed where this "
        "page was made.\n"
    )
    for path, text in commands(ion, ("ion",)):
        level = min(len(path) + 1, 4)
        yield f"{'#' * level} {' '.join(path)}\n\n```text\n{text}\n```\n"
