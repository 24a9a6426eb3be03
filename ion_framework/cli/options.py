"""The options that every command takes, and those that many take."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import click

from ion_framework.settings.loading import CommandLine, load_settings
from ion_framework.settings.model import Settings

if TYPE_CHECKING:
    from ion_framework.domain.language import Language

_Command = TypeVar("_Command", bound=Callable[..., Any])

_META = "ion_framework.cli.command_line"


def command_line(context: click.Context) -> CommandLine:
    """What the command line has said so far about the settings."""
    found: CommandLine = context.meta.get(_META, CommandLine())
    return found


def settings_of(context: click.Context) -> Settings:
    """The settings: file, environment, command line.

    Raises:
        SettingsError: a file or a setting is wrong.
    """
    return load_settings(os.environ, command_line(context))


def _note(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Add an option to the settings. Groups and their commands share what is said to either."""
    if value is None or value is False or value == ():
        return
    known, name = command_line(context), str(parameter.name)
    if isinstance(value, tuple):
        value = (*getattr(known, name), *value)
    context.meta[_META] = attrs.evolve(known, **{name: value})


COMMON: tuple[Callable[[_Command], _Command], ...] = (
    click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        expose_value=False,
        callback=_note,
        help="Settings file.  [default: ION_CONFIG]",
    ),
    click.option(
        "--enable",
        multiple=True,
        metavar="NAME",
        expose_value=False,
        callback=_note,
        help="Run only this plugin or distribution; repeatable.",
    ),
    click.option(
        "--disable",
        multiple=True,
        metavar="NAME",
        expose_value=False,
        callback=_note,
        help="Do not run this plugin or distribution; repeatable.",
    ),
    click.option(
        "--safe-mode",
        is_flag=True,
        expose_value=False,
        callback=_note,
        help="Run ION's own plugins only.",
    ),
)


def common(command: _Command) -> _Command:
    """Give a command ``--config``, ``--enable``, ``--disable`` and ``--safe-mode``.

    They do not become arguments of the function; `settings_of` heeds them. Commands of plugins
    may use this as well.
    """
    for option in reversed(COMMON):
        command = option(command)
    return command


def peek(arguments: list[str]) -> CommandLine:
    """What arguments say about the settings, before it is known whose arguments they are."""
    parser = click.Command(
        "peek",
        params=common(click.Command("options")).params,
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )
    context = parser.make_context("peek", list(arguments), resilient_parsing=True)
    return command_line(context)


json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


def _language(_: click.Context, __: click.Parameter, value: str | None) -> Language | None:
    from ion_framework.domain.language import Language

    return Language(value) if value else None


language_option = click.option(
    "--lang",
    "language",
    type=click.Choice(["en", "ko"]),
    callback=_language,
    help="Language of the texts.  [default: that of the locale]",
)
