"""``ion plugins enable``: let a plugin of a running host take part again."""

from __future__ import annotations

from pathlib import Path

import click

from ion_framework.cli.failures import told
from ion_framework.cli.host_options import host_options
from ion_framework.cli.options import json_option


@click.command()
@click.argument("name")
@host_options(required=True)
@json_option
@click.pass_context
def enable(
    context: click.Context,
    *,
    name: str,
    url: str,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Let a plugin of a running host take part again.

    NAME is the plugin's, its distribution's, or the shown name of its persona. It was taken out by
    hand, is in quarantine because it kept failing, or was deactivated because it failed again and
    again. Every worker of the host lets it in. The exit code is 1 where one did not.
    """
    from ion_framework.cli.plugins_change import change  # --help needs none of it
    from ion_framework.cli.running_host import RunningHost

    host = RunningHost(url=url, key_file=key_file)
    with told():
        context.exit(change(host, name, "enable", as_json=as_json))
