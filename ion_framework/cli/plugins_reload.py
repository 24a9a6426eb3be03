"""``ion plugins reload``: have a running host read a persona again."""

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
def reload(
    context: click.Context,
    *,
    name: str,
    url: str,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Have a running host read the manifest and the texts of a data-only persona again.

    NAME is the plugin's, its distribution's, or the shown name of the persona. Every worker reads
    them; answers of the old persona are not served any more. Where a file is wrong, the error names
    it and the key, and the persona stays as it was. A persona with code takes a restart.
    """
    from ion_framework.cli.plugins_change import change  # --help needs none of it
    from ion_framework.cli.running_host import RunningHost

    host = RunningHost(url=url, key_file=key_file)
    with told():
        context.exit(change(host, name, "reload", as_json=as_json))
