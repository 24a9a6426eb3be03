"""``ion serve``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ion_framework.errors import IonError

if TYPE_CHECKING:
    from ion_framework.settings.loading import CommandLine


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; 0 is any free one.  [default: 8080]"
)
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="Settings file (ion.toml)."
)
@click.option("--plugins-enable", multiple=True, metavar="NAME", help="Run only this; repeatable.")
@click.option(
    "--plugins-disable", multiple=True, metavar="NAME", help="Do not run this; repeatable."
)
@click.option("--safe-mode", is_flag=True, help="Run ION's own plugins only.")
@click.option(
    "--insecure-no-auth",
    is_flag=True,
    help="Listen where other machines can reach a host that authenticates nobody.",
)
@click.option(
    "--log-format", type=click.Choice(["auto", "json", "console"]), help="Form of log lines."
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="Lowest level that is logged.",
)
def serve(  # noqa: PLR0913, PLR0917  one parameter per option is click's way
    host: str | None,
    port: int | None,
    config: Path | None,
    plugins_enable: tuple[str, ...],
    plugins_disable: tuple[str, ...],
    safe_mode: bool,
    insecure_no_auth: bool,
    log_format: str | None,
    log_level: str | None,
) -> None:
    """Serve ION over HTTP until it is told to stop."""
    # Imports stand where they are needed: --help needs neither settings nor aiohttp.
    from ion_framework.settings.loading import CommandLine

    line = CommandLine(
        config=config,
        host=host,
        port=port,
        enable=plugins_enable,
        disable=plugins_disable,
        safe_mode=safe_mode,
        log_format=log_format,
        log_level=log_level,
    )
    try:
        _run(line, insecure=insecure_no_auth)
    except IonError as error:
        raise click.ClickException(str(error)) from error


def _run(line: CommandLine, *, insecure: bool) -> None:
    import asyncio

    from ion_framework.settings.loading import load_settings
    from ion_host_aiohttp.addresses import base_url, bind, is_loopback
    from ion_host_aiohttp.logs import configure_process
    from ion_host_aiohttp.notice import start_notice
    from ion_host_aiohttp.serving import Host

    settings = load_settings(os.environ, line)
    # Before anything is activated: an address that cannot be had should not cost a start.
    bound = bind(settings.server.host, settings.server.port, insecure=insecure)
    logger = configure_process(sys.stderr, settings.log)
    if not is_loopback(bound.getsockname()[0]):
        logger.warning("no authentication: whoever reaches this address may use it")
    bound_url = base_url(bound)

    def announce() -> None:
        click.echo(start_notice(bound_url, os.environ, sys.stdout.encoding or "ascii"))

    asyncio.run(Host(settings, bound, logger, announce).run())
