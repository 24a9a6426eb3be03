"""``ion persona check``: the grade of a persona, and what is missing for the next."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from ion_framework.cli.check_options import at_least_option, checked, exit_code, write_svg
from ion_framework.cli.options import common, json_option, language_option, settings_of
from ion_framework.cli.output import Output
from ion_framework.cli.texts import locale_language
from ion_framework.conformance.findings import Grade
from ion_framework.conformance.report import Report
from ion_framework.domain.language import Language


@click.command()
@click.argument("personas", nargs=-1, required=True, metavar="PATH|NAME...")
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
    personas: tuple[str, ...],
    at_least: str,
    svg: Path | None,
    keys: bool,
    language: Language | None,
    as_json: bool,
) -> None:
    """Grade each persona in a folder PATH, or installed and called NAME.

    Bronze: it is valid and answers. Silver: both languages, documented, sane in routing. Gold:
    everything, with tests and a licence. Code of it runs in a process of its own. The exit code is
    1 where one is below --at-least. With --json several reports make a list.
    """
    settings, output = settings_of(context), Output()
    language = language or locale_language(os.environ)
    wanted = Grade(at_least)
    if svg is not None and len(personas) > 1:
        raise click.UsageError("--svg writes the map of one persona; name one, or leave it out")
    with output.reserved():
        reports = [checked(persona, settings) for persona in personas]
    if svg is not None:
        write_svg(reports[0], svg, language)
    if as_json:
        documents = [report.document() for report in reports]
        output.json(documents if len(documents) > 1 else documents[0])
    else:
        _show(reports, wanted, language, output, keys=keys)
    context.exit(exit_code(reports, wanted))


def _show(
    reports: Sequence[Report], wanted: Grade, language: Language, output: Output, *, keys: bool
) -> None:
    from ion_framework.cli.check_view import show_outcome, show_report  # JSON needs none of it

    for report in reports:
        show_report(report, language, output, heat_map=True, keys=keys)
    if len(reports) > 1:
        show_outcome(reports, wanted, language, output)
