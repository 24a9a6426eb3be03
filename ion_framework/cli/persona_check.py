"""``ion persona check``: the grade of a persona, and what is missing for the next."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ion_framework.cli.check_options import at_least_option, checked, exit_code, write_svg
from ion_framework.cli.options import common, json_option, language_option, settings_of
from ion_framework.cli.output import Output
from ion_framework.cli.texts import locale_language
from ion_framework.conformance.findings import Grade
from ion_framework.domain.language import Language


@click.command()
@click.argument("persona", metavar="PATH|NAME")
@at_least_option
@click.option(
    "--svg",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write the heat map of its routing as an SVG.",
)
@click.option("--keys", is_flag=True, help="List the keys that others win: who, and by how much.")
@language_option
@json_option
@common
@click.pass_context
def check(  # noqa: PLR0913, PLR0917  one parameter per option is click's way
    context: click.Context,
    persona: str,
    at_least: str,
    svg: Path | None,
    keys: bool,
    language: Language | None,
    as_json: bool,
) -> None:
    """Grade the persona in the folder PATH, or the installed one called NAME.

    Bronze: it is valid and answers. Silver: both languages, documented, sane in routing. Gold:
    everything, with tests and a licence. Code of it runs in a process of its own. The exit code is
    1 below --at-least.
    """
    settings, output = settings_of(context), Output()
    language = language or locale_language(os.environ)
    wanted = Grade(at_least)
    with output.reserved():
        report = checked(persona, settings)
    if svg is not None:
        write_svg(report, svg, language)
    if as_json:
        output.json(report.document())
    else:
        from ion_framework.cli.check_view import show_report  # JSON needs none of it

        show_report(report, language, output, heat_map=True, keys=keys)
    context.exit(exit_code([report], wanted))
