"""``ion slo``: whether a running host keeps what it promises."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ion_framework.cli.host_options import host_options
from ion_framework.cli.options import common, json_option, language_option, settings_of
from ion_framework.cli.texts import locale_language

if TYPE_CHECKING:
    from ion_framework.domain.language import Language


@click.group()
def slo() -> None:
    """Show whether a running host keeps its objectives, and which alerts fire."""


@slo.command(
    epilog="Exit codes: 0 where no alert fires, 1 where one does, 2 where that cannot be told."
)
@host_options(required=False)
@language_option
@json_option
@common
@click.pass_context
def status(
    context: click.Context,
    *,
    url: str | None,
    key_file: Path | None,
    language: Language | None,
    as_json: bool,
) -> None:
    """Show objectives, error budgets, burn rates and alerts of a running host.

    Without --url that is the host at the address of the settings on this machine.
    """
    from ion_framework.cli.slo_view import CANNOT_TELL, show_status  # --help needs none of it
    from ion_framework.errors import IonError

    try:
        server = settings_of(context).server
        address = url or f"http://{_reachable(server.host)}:{server.port}"
        language = language or locale_language(os.environ)
        context.exit(show_status(address, key_file, language, as_json=as_json))
    except (click.ClickException, IonError) as error:
        click.echo(f"Error: {error}", err=True)
        context.exit(CANNOT_TELL)


def _reachable(host: str) -> str:
    """The address at which a host on this machine is reached that is bound to an address."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  nothing is bound here
    return f"[{host}]" if ":" in host else host
