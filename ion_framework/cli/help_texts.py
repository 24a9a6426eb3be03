"""What ``--help`` says of every command, for references made of it."""

from __future__ import annotations

from collections.abc import Iterator

import click

WIDTH = 96
"""Columns of the texts."""


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
