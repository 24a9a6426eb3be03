"""``ion conversations``: what the store of conversations holds, for whoever runs the host."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ion_framework.cli.options import common, json_option, language_option, settings_of
from ion_framework.cli.output import Output, note
from ion_framework.cli.texts import locale_language
from ion_framework.running import run

if TYPE_CHECKING:
    from ion_framework.conversations.exporting import Selection
    from ion_framework.domain.language import Language

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _selecting(command: _Command) -> _Command:
    """Give a command ``--user``, ``--tenant`` and ``--principal``."""
    for option, text in (
        ("--principal", "Only those of this caller, as the host authenticated it."),
        ("--tenant", "Only those of this tenant."),
        ("--user", "Only those with this user."),
    ):
        command = click.option(option, metavar="NAME", help=text)(command)
    return command


def _every(command: _Command) -> _Command:
    """Give a command the options that all of these have."""
    return language_option(json_option(common(click.pass_context(command))))  # type: ignore[arg-type,return-value]  # click types decorators loosely


@click.group(invoke_without_command=True)
@_selecting
@_every
def conversations(
    context: click.Context,
    *,
    user: str | None,
    tenant: str | None,
    principal: str | None,
    language: Language | None,
    as_json: bool,
) -> None:
    """List, show, export, delete, back up and restore conversations; without a command, list.

    Works on the store that a host with the same settings uses, while it serves.
    """
    if context.invoked_subcommand is None:
        _list(context, _selection(user, tenant, principal), _language(language), as_json)


@conversations.command("list")
@_selecting
@_every
def list_(
    context: click.Context,
    *,
    user: str | None,
    tenant: str | None,
    principal: str | None,
    language: Language | None,
    as_json: bool,
) -> None:
    """List conversations, latest activity first; JSON has everything but their turns."""
    _list(context, _selection(user, tenant, principal), _language(language), as_json)


@conversations.command()
@click.argument("conversation")
@_selecting
@_every
def show(  # noqa: PLR0913  click gives one argument per option
    context: click.Context,
    *,
    conversation: str,
    user: str | None,
    tenant: str | None,
    principal: str | None,
    language: Language | None,
    as_json: bool,
) -> None:
    """Show a conversation with its turns; JSON is its line of an export. Exits with 1 for none."""
    selection = _selection(user, tenant, principal)
    context.exit(
        run(_show(settings_of(context), conversation, selection, _language(language), as_json))
    )


@conversations.command()
@click.option(
    "--output",
    "file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write there, for the owner alone.  [default: standard output]",
)
@_selecting
@_every
def export(  # noqa: PLR0913  click gives one argument per option
    context: click.Context,
    *,
    file: Path | None,
    user: str | None,
    tenant: str | None,
    principal: str | None,
    language: Language | None,
    as_json: bool,
) -> None:
    """Write conversations with their turns, and the feedback, as JSON: one object a line.

    A line is {"conversation": …, "turns": […]} or {"feedback": …}. With --user it is what ION
    keeps of that user. --json changes nothing.
    """
    _ = language, as_json
    run(_export(settings_of(context), _selection(user, tenant, principal), file))


@conversations.command()
@click.argument("names", nargs=-1, metavar="[CONVERSATION]...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_selecting
@_every
def delete(  # noqa: PLR0913  click gives one argument per option
    context: click.Context,
    *,
    names: tuple[str, ...],
    yes: bool,
    user: str | None,
    tenant: str | None,
    principal: str | None,
    language: Language | None,
    as_json: bool,
) -> None:
    """Delete conversations by name, or with --user alone everything that is kept of a user.

    Exits with 1 where one of the names is of no conversation.
    """
    if bool(names) == (user is not None):
        raise click.UsageError("give either names of conversations, or --user", context)
    from ion_framework.cli.conversations_deleting import delete_all

    context.exit(
        run(
            delete_all(
                settings_of(context),
                names,
                _selection(user, tenant, principal),
                lambda text: _agreed(text, _language(language), yes=yes),
                Told(Output(), _language(language), as_json),
            ),
            reads_input=True,
        )
    )
