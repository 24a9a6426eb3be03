"""``ion conversations``: what the store of conversations holds, for whoever runs the host."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ion_framework.cli.options import common, json_option, language_option, settings_of
from ion_framework.cli.texts import locale_language
from ion_framework.running import run

if TYPE_CHECKING:
    from ion_framework.cli.conversations_acts import Order

_FILTERS = (
    ("--user", "user_id", "Only those with this user."),
    ("--tenant", "tenant", "Only those of this tenant."),
    ("--principal", "principal", "Only those of this caller, as the host authenticated it."),
)


def _ordered(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that all of these have, and what they say as one `Order`.

    An option that stands before the name of the command counts as if it stood behind it.
    """

    @functools.wraps(function)
    def command(**options: Any) -> None:
        from ion_framework.cli.conversations_acts import Order
        from ion_framework.conversations.exporting import Selection

        context = click.get_current_context()
        above = context.parent.params if context.parent else {}
        chosen = {name: options.pop(name, None) or above.get(name) for _, name, _ in _FILTERS}
        language = options.pop("language") or above.get("language") or locale_language(os.environ)
        as_json = options.pop("as_json") or bool(above.get("as_json"))
        order = Order(lambda: settings_of(context), Selection(**chosen), language, as_json=as_json)
        function(context, order, **options)

    made: Callable[..., None] = language_option(json_option(common(command)))
    return made


def _filtered(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say whose conversations are meant."""
    for option, name, text in reversed(_FILTERS):
        function = click.option(option, name, metavar="NAME", help=text)(function)
    return function


def _refuse_filters(context: click.Context, order: Order) -> None:
    if order.selection != type(order.selection)():
        raise click.UsageError(
            "this takes everything: leave --user, --tenant, --principal", context
        )


@click.group(invoke_without_command=True)
@_filtered
@_ordered
def conversations(context: click.Context, order: Order) -> None:
    """List, show, export, delete, back up and restore conversations; without a command, list.

    Works on the store that a host with the same settings uses, while it serves.
    """
    if context.invoked_subcommand is None:
        from ion_framework.cli.conversations_acts import show_list

        run(show_list(order))


@conversations.command("list")
@_filtered
@_ordered
def list_(_: click.Context, order: Order) -> None:
    """List conversations, latest activity first; JSON has everything but their turns."""
    from ion_framework.cli.conversations_acts import show_list

    run(show_list(order))


@conversations.command()
@click.argument("conversation")
@_filtered
@_ordered
def show(context: click.Context, order: Order, *, conversation: str) -> None:
    """Show a conversation with its turns; JSON is its line of an export.

    Exits with 1 where there is none of this name.
    """
    from ion_framework.cli.conversations_acts import show_one

    context.exit(run(show_one(order, conversation)))


@conversations.command()
@_filtered
@_ordered
def export(_: click.Context, order: Order) -> None:
    """Write conversations with their turns, then the feedback, as JSON: one object a line.

    A line is {"conversation": …, "turns": […]} or {"feedback": …}. With --user it is what the store
    holds of that user. --json changes nothing.
    """
    from ion_framework.cli.conversations_acts import export_all

    run(export_all(order))


@conversations.command()
@click.argument("names", nargs=-1, metavar="[CONVERSATION]...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_filtered
@_ordered
def delete(context: click.Context, order: Order, *, names: tuple[str, ...], yes: bool) -> None:
    """Delete conversations by name; or with --user all conversations and feedback of a user.

    Exits with 1 where one of the names is of no conversation.
    """
    from ion_framework.cli.conversations_acts import delete_named, delete_user

    if bool(names) == (order.selection.user_id is not None):
        raise click.UsageError("give either names of conversations, or --user", context)
    act = delete_named(order, names, yes=yes) if names else delete_user(order, yes=yes)
    context.exit(run(act, reads_input=True))


@conversations.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@_ordered
def backup(context: click.Context, order: Order, *, file: Path, overwrite: bool) -> None:
    """Write everything that the store holds into FILE, while the host serves."""
    from ion_framework.cli.conversations_acts import back_up

    _refuse_filters(context, order)
    if file.exists() and not overwrite:
        raise click.UsageError(
            f"{file} is there already; name another, or add --overwrite", context
        )
    run(back_up(order, file))


@conversations.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@_ordered
def restore(context: click.Context, order: Order, *, file: Path, yes: bool) -> None:
    """Replace everything that the store holds by a backup of the same kind of store.

    A file that is damaged, or no backup, changes nothing.
    """
    from ion_framework.cli.conversations_acts import restore as restore_from

    _refuse_filters(context, order)
    context.exit(run(restore_from(order, file, yes=yes), reads_input=True))
