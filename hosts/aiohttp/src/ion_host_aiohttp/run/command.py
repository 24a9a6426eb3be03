"""``ion serve``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import attrs
import click

from ion_framework.cli.contributed import plugin_source
from ion_framework.cli.options import command_line, common
from ion_host_aiohttp.run.collecting import forget_the_start, freeze, put_off
from ion_host_aiohttp.run.lean import load_structlog

if TYPE_CHECKING:
    from ion_framework.plugin_host.discovery import Source
    from ion_framework.settings.loading import CommandLine


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; 0 is any free one.  [default: 8080]"
)
@click.option(
    "--workers",
    type=click.IntRange(0, 256),
    help="Processes that serve; 0 is one for each processor.  [default: 1]",
)
@click.option(
    "--insecure-no-auth",
    "insecure",
    is_flag=True,
    help="Listen where other machines can reach a host that authenticates nobody.",
)
@click.option(
    "--log-format",
    type=click.Choice(["auto", "json", "cloud", "console"]),
    help="Form of log lines; cloud is JSON for Google Cloud Logging.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="Lowest level that is logged.",
)
@common
@click.pass_context
def serve(  # noqa: PLR0913  click gives one argument per option
    context: click.Context,
    *,
    host: str | None,
    port: int | None,
    workers: int | None,
    insecure: bool,
    log_format: str | None,
    log_level: str | None,
) -> None:
    """Serve ION over HTTP until it is told to stop."""
    put_off()
    load_structlog()
    line = attrs.evolve(
        command_line(context),
        host=host,
        port=port,
        workers=workers,
        log_format=log_format,
        log_level=log_level,
    )
    _run(line, plugin_source(context), insecure=insecure)


def _run(line: CommandLine, source: Source, *, insecure: bool) -> None:
    # Imported here because --help needs none of it.
    from ion_framework.running import run
    from ion_framework.settings.loading import load_settings
    from ion_host_aiohttp.access.authentication import authenticates
    from ion_host_aiohttp.run.addresses import base_url, bind, is_loopback
    from ion_host_aiohttp.run.logs import configure_process
    from ion_host_aiohttp.run.notice import start_notice
    from ion_host_aiohttp.run.serving import Host
    from ion_host_aiohttp.run.station import OwnProcess
    from ion_host_aiohttp.workers.counting import process_count

    freeze()
    settings = load_settings(os.environ, line)
    count = process_count(settings.server.workers)
    # Before anything is activated: an address that cannot be had should not cost a start.
    is_guarded = authenticates(settings)
    bound = bind(
        settings.server.host,
        settings.server.port,
        insecure=insecure or is_guarded,
        shared=count > 1,
        proxied=bool(settings.server.trusted_proxies),
    )
    logger = configure_process(sys.stderr, settings.log)
    if not is_guarded and (
        settings.server.trusted_proxies or not is_loopback(bound.getsockname()[0])
    ):
        logger.warning("no authentication: whoever reaches this address may use it")
    notice = start_notice(base_url(bound), os.environ, sys.stdout.encoding or "ascii")
    # Not asyncio.run, which would wait for ever for what a plugin leaves behind.
    if count > 1:
        from ion_host_aiohttp.workers.office import Office, serve_with_workers

        forget_the_start()  # the workers start by themselves
        office = Office(line, os.environ, bound, insecure, is_guarded)
        run(serve_with_workers(count, office, logger, lambda: click.echo(notice)))
    else:
        station = OwnProcess(lambda: click.echo(notice), source)
        run(Host(settings, bound, logger, station, is_guarded).run())
