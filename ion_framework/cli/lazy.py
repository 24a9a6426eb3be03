"""Commands that are known by name and summary, and imported when they are called."""

from __future__ import annotations

from collections.abc import Callable
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
