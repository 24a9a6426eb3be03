"""The options of commands that ask a running host."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


def host_options(*, required: bool) -> Callable[[_Command], _Command]:
    """Give a command ``--url`` and ``--key-file``.

    Args:
        required: whether there is no command without a host.
    """

    def add(command: _Command) -> _Command:
        named = click.option(
            "--url",
            metavar="URL",
            required=required,
            help="Address of the running host, as http://127.0.0.1:8080.",
        )
        keyed = click.option(
            "--key-file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE",
            help="File with an API key of the scope admin.  [default: ION_API_KEY]",
        )
        return named(keyed(command))

    return add
