"""``ion plugin new``: writes the package of a plugin of any kind but a persona."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ion_framework.cli.failures import told
from ion_framework.cli.options import json_option, language_option
from ion_framework.cli.output import Output
from ion_framework.cli.scaffolding import (
    Package,
    Questions,
    into_option,
    publication_of,
    publication_options,
    usable,
    write_package,
    yes_option,
)
from ion_framework.cli.scaffolding_texts import PLUGIN_STEPS, texts_for
from ion_framework.cli.texts import locale_language
from ion_framework.domain.language import Language
from ion_framework.manifest.model import Kind
from ion_framework.plugin_host.discovery import installed
from ion_framework.scaffolding.answers import MAX_SENTENCE, checked_line
from ion_framework.scaffolding.names import Names, check_name
from ion_framework.scaffolding.plugins import kinds, plugin_files
from ion_framework.scaffolding.writing import check_vacant


@click.command()
@click.argument("name")
@click.option(
    "--provides",
    type=click.Choice([kind.value for kind in kinds()]),
    required=True,
    help="What it provides.  (A persona: see ion persona new.)",
)
@click.option("--summary", metavar="TEXT", help="One sentence that says what it does.")
@publication_options
@into_option
@yes_option
@language_option
@json_option
@click.pass_context
def new(  # noqa: PLR0913  an argument for each option
    context: click.Context,
    name: str,
    *,
    provides: str,
    summary: str | None,
    author: str,
    licence: str,
    issues: str,
    into: Path | None,
    yes: bool,
    language: Language | None,
    as_json: bool,
) -> None:
    """Write the package of a new plugin called NAME (small letters, digits, dashes).

    It does something small and real from the start, with settings, tests and a CI workflow. One
    question is asked unless --summary or --yes is given. The package goes into a new folder, and
    nothing is overwritten.
    """
    output, names, kind = Output(), Names.of_plugin(name), Kind(provides)
    with usable(context):
        check_name(names, installed())
        publication = publication_of(author, licence, issues)
    folder = into or Path(names.distribution)
    with told():
        check_vacant(folder)
    shown_in = language or locale_language(os.environ)
    questions = Questions(context, texts_for(shown_in), defaults=yes)
    with usable(context):
        questions.expect({"--summary": summary})
        line = questions.ask("summary", summary, kinds()[kind].summary, _line)
        files = plugin_files(names, kind, line, publication)
    package = Package(names, files, folder)
    write_package(package, output, PLUGIN_STEPS[shown_in], as_json=as_json)


def _line(text: str) -> str:
    return checked_line("summary", text, MAX_SENTENCE)
