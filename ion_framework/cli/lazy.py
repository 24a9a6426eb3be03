"""Commands that are known by name and summary, and imported when they are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click

Load = Callable[[list[str]], click.Command]
"""Gives the command for its arguments; raises a `click.ClickException` where there is none."""


class LazyCommand(click.Command):
    """Stands for a command in ``--help`` and in completion, and becomes it when it is called.

    Args:
        name: the command's name.
        summary: its line in ``--help``.
        load: gives the command itself.
    """

    def __init__(self, name: str, summary: str, load: Load) -> None:
        super().__init__(name, help=summary, short_help=summary)
        self._load = load

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """The context of the command itself; everything after this is the command's own."""
        return self._load(args).make_context(info_name, args, parent, **extra)


def lazily(module: str, name: str, summary: str) -> LazyCommand:
    """A command that stands in a module of this package under its own name.

    Args:
        module: the module, within ``ion_framework.cli``.
        name: the command's name; in the module dashes are underscores, and a word that Python
            keeps for itself (``import``) has one at its end.
        summary: its line in ``--help``.
    """

    def load(_: list[str]) -> click.Command:
        own = name.replace("-", "_") + ("_" if iskeyword(name) else "")
        found: click.Command = getattr(import_module(f"ion_framework.cli.{module}"), own)
        return found

    return LazyCommand(name, summary, load)


def add_lazily(group: click.Group, commands: Mapping[str, tuple[str, str]]) -> None:
    """Give a group commands that are imported when they are called.

    Args:
        group: the group.
        commands: module and summary by name.
    """
    for name, (module, summary) in commands.items():
        group.add_command(lazily(module, name, summary))
