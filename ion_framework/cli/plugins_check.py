"""``ion plugins check``: the grades of plugins, and what is missing for the next."""

from __future__ import annotations

import os

import click

from ion_framework.cli.check_options import at_least_option, checked, exit_code
from ion_framework.cli.options import common, json_option, language_option, settings_of
from ion_framework.cli.output import Output
from ion_framework.cli.texts import locale_language
from ion_framework.conformance.findings import Grade
from ion_framework.domain.language import Language
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.selection import why_disabled


@click.command()
@click.argument("plugins", nargs=-1, metavar="[NAME|PATH]...")
@at_least_option
@language_option
@json_option
@common
@click.pass_context
def check(
    context: click.Context,
    plugins: tuple[str, ...],
    at_least: str,
    language: Language | None,
    as_json: bool,
) -> None:
    """Grade plugins by name or folder; without any, all that are installed and not disabled.

    Bronze: valid, comes to life, does what it is there for. Silver: documented, and true about what
    it does. Gold: everything, under strain as well, with tests and a licence. Code of a plugin runs
    in a process of its own. The exit code is 1 where one is below --at-least.
    """
    settings, output = settings_of(context), Output()
    language, wanted = language or locale_language(os.environ), Grade(at_least)
    every = tuple(
        dict.fromkeys(
            candidate.name
            for candidate in installed()
            if not why_disabled(candidate, settings.plugins)
        )
    )
    with output.reserved():
        reports = [checked(name, settings) for name in plugins or every]
    if as_json:
        output.json([report.document() for report in reports])
    else:
        from ion_framework.cli.check_view import show_outcome, show_report  # JSON needs none

        for report in reports:
            show_report(report, language, output, heat_map=False)
        show_outcome(reports, wanted, language, output)
    context.exit(exit_code(reports, wanted))
