"""The command ``ion`` itself: the core's commands, and those of plugins, none imported here."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from ion_framework.cli.contributed import contributed
from ion_framework.cli.core_commands import CORE
from ion_framework.cli.failures import told
from ion_framework.cli.lazy import LazyCommand


class IonGroup(click.Group):
    """Finds commands in the core's table, then in the manifests of plugins."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command by name: the core's in their own order, then those of plugins."""
        return [*CORE, *(name for name in contributed(ctx).names() if name not in CORE)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; one of the core goes before one of a plugin."""
        if cmd_name in CORE:
            return LazyCommand(cmd_name, CORE[cmd_name], lambda _: _core_command(cmd_name))
        return contributed(ctx).command(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that arguments name.

        Raises:
            click.ClickException: there is none; says what would bring it, where that is known.
        """
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            raise contributed(ctx).missing(name, tuple(CORE))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; ION's own errors become messages, and what a plugin's command raises."""
        with contributed(ctx).blamed(), told():
            return super().invoke(ctx)


def _core_command(name: str) -> click.Command:
    command: click.Command = getattr(import_module(f"ion_framework.cli.{name}"), name)
    return command


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version  # costs 20 ms

        click.echo(f"ion {version('ion-framework')}")
        ctx.exit()


@click.command(
    cls=IonGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 all is well, 1 something failed or was found, 2 the command line is "
    "wrong, 130 interrupted.",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version.",
)
def ion() -> None:
    """ION, a persona framework: the persona that fits how a message feels answers it."""
