"""``ion plugins disable``: take a plugin of a running host out."""

from __future__ import annotations

from pathlib import Path

import click

from ion_framework.cli.failures import told
from ion_framework.cli.host_options import host_options
from ion_framework.cli.options import json_option


@click.command()
@click.argument("name")
@host_options(required=True)
@click.option(
    "--unguarded",
    is_flag=True,
    help="Take a guard out, too; nobody checks what it checked.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Take the last active generator, analyzer, router or persona out, too.",
)
@json_option
@click.pass_context
def disable(  # noqa: PLR0913  click gives one argument per option
    context: click.Context,
    *,
    name: str,
    url: str,
    key_file: Path | None,
    unguarded: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Take a plugin of a running host out, until a restart or until it is enabled again.

    NAME is the plugin's, its distribution's, or the shown name of its persona. Every worker of the
    host takes it out; turns that have begun finish with it. A required plugin, a store, a source of
    secrets and the host itself stay, and without --force the last of a kind that turns need. The
    exit code is 1 where a worker did not do it. To leave a plugin out for good, write it into
    plugins.disable.
    """
    from ion_framework.cli.plugins_change import change  # --help needs none of it
    from ion_framework.cli.running_host import RunningHost

    host = RunningHost(url=url, key_file=key_file)
    # A host of an older version does not know the member force.
    body = {"unguarded": unguarded} | ({"force": True} if force else {})
    with told():
        context.exit(change(host, name, "disable", as_json=as_json, body=body))
