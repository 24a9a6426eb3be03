"""The page of commands: what ``--help`` says of each, word for word."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ion_framework.cli.group import ion

WIDTH = 96


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


def commands(
    command: click.Command, path: tuple[str, ...], parent: click.Context | None = None
) -> Iterator[tuple[tuple[str, ...], str]]:
    """A command and all below it, each with its help.

    Args:
        command: the command.
        path: how it is called.
        parent: the context of the command above it.
    """
    context = command.make_context(
        path[-1],
        [],
        parent=parent,
        resilient_parsing=True,
        max_content_width=WIDTH,
        terminal_width=WIDTH,
    )
    found = context.command  # a command that is imported when it is called has become itself
    yield path, found.get_help(context)
    if isinstance(found, click.Group):
        for name in found.list_commands(context):
            below = found.get_command(context, name)
            if below is not None:
                yield from commands(below, (*path, name), context)
