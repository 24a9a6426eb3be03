"""The host under test: its address, and the key that it asks for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from ion_framework.settings.secrets import Secrets, read_secret

KEY = "ION_API_KEY"
KEY_FILE = "ION_API_KEY_FILE"
_Command = TypeVar("_Command", bound=Callable[..., Any])

_PROBLEM = (
    "{value} is no address of a host: write http://127.0.0.1:8080, without user and password; "
    f"a key goes into {KEY} or --key-file"
)


def address(context: click.Context, option: click.Parameter, text: str | None) -> str | None:
    """The address of a host, without a slash at its end.

    Raises:
        click.BadParameter: it is none, or holds a password, which files and logs would show.
    """
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    secret = parts.username is not None
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or secret
        or parts.query
        or port == 0
    ):
        told = _PROBLEM.format(value="the text" if secret else repr(text))
        raise click.BadParameter(told, context, option)
    return text.rstrip("/")


def _needed(context: click.Context, option: click.Parameter, text: str | None) -> str | None:
    """The address of a host that has to be given.

    Raises:
        click.BadParameter: it is none.
        click.UsageError: it is not given.
    """
    if text is None:
        raise click.UsageError(
            "which host? Give its address with --url, such as --url http://127.0.0.1:8080, or put "
            "it into the variable ION_API_HOST",
            context,
        )
    return address(context, option, text)


def url_option(*, required: bool = False, says: str = "Address of the host.") -> Callable[..., Any]:
    """The option ``--url``."""
    return click.option(
        "--url",
        callback=_needed if required else address,
        envvar="ION_API_HOST",
        metavar="URL",
        help=f"{says}  [default: ION_API_HOST]",
    )


def key_option(command: _Command) -> _Command:
    """The option ``--key-file``."""
    option = click.option(
        "--key-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="F",
        help=f"File with an API key of the scope chat.  [default: {KEY}]",
    )
    return option(command)


def key_from(file: Path | None) -> str | None:
    """The API key of a file, or of the environment; None without one.

    Raises:
        SettingsError: the file cannot be read.
    """
    if file:
        return read_secret("--key-file", file)
    known = {KEY: os.environ.get(KEY, ""), KEY_FILE: os.environ.get(KEY_FILE, "")}
    return Secrets(known).find(KEY)
