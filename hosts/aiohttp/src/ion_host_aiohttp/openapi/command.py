"""``ion openapi``: the document of a host that need not run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ion_framework.cli.options import common, json_option, settings_of
from ion_framework.cli.output import Output

if TYPE_CHECKING:
    from ion_framework.settings.model import Settings


@click.command()
@json_option
@common
@click.pass_context
def openapi(context: click.Context, *, as_json: bool) -> None:
    """Write the OpenAPI document of the HTTP API, the endpoints of plugins included.

    It is what GET /openapi.json of a host with the same settings answers. Nothing listens. On a
    terminal the document is indented; with --json, and in a pipe, it is on one line.
    """
    # Imported here because --help needs none of it.
    from ion_framework.running import run

    settings, output = settings_of(context), Output()
    with output.reserved():
        document = run(_document(settings))
        if as_json:
            output.json_line(document)
        else:
            output.json(document)


async def _document(settings: Settings) -> dict[str, Any]:
    from ion_framework.cli.opening import opened
    from ion_framework.cli.output import note
    from ion_host_aiohttp.api.application import served_endpoints
    from ion_host_aiohttp.api.catalog import all_endpoints
    from ion_host_aiohttp.openapi.document import document_of
    from ion_host_aiohttp.run.composition import opened_service
    from ion_host_aiohttp.run.logs import make_logger

    async with opened(settings) as ion:
        catalog = all_endpoints(ion.provisions.routes)
        for problem in catalog.problems:
            note(f"left out: {problem}")
        logger = make_logger(sys.stderr, settings.log)
        async with opened_service(ion, settings, logger) as service:
            endpoints = served_endpoints(catalog.endpoints, service)
            closed = service.authenticator.required
            return document_of(endpoints, service, closed=closed)
