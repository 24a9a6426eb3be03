"""``ion persona new``: asks what a new persona is, and writes its package."""

from __future__ import annotations

import os
from collections.abc import Callable
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
from ion_framework.cli.scaffolding_texts import PERSONA_STEPS, texts_for
from ion_framework.cli.texts import locale_language
from ion_framework.domain.key import Tone
from ion_framework.domain.language import Language
from ion_framework.plugin_host.discovery import installed
from ion_framework.scaffolding.answers import (
    DEFAULT_TONES,
    MAX_SENTENCE,
    MAX_SHOWN_NAME,
    PersonaAnswers,
    checked_line,
    default_description,
    default_shown,
    descriptions,
    parse_tones,
)
from ion_framework.scaffolding.names import Names, check_name
from ion_framework.scaffolding.personas import persona_files
from ion_framework.scaffolding.writing import check_vacant


@click.command()
@click.argument("name")
@click.option("--english", metavar="TEXT", help="Name that people see, in English.")
@click.option("--korean", metavar="TEXT", help="Name that people see, in Korean.")
@click.option("--tones", metavar="LIST", help=f"What it is for, of: {', '.join(Tone)}.")
@click.option(
    "--description",
    metavar="TEXT",
    multiple=True,
    help="One sentence that says what it is for; twice for English and Korean.",
)
@click.option("--code", is_flag=True, help="Add a class with hook implementations.")
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
    english: str | None,
    korean: str | None,
    tones: str | None,
    description: tuple[str, ...],
    code: bool,
    author: str,
    licence: str,
    issues: str,
    into: Path | None,
    yes: bool,
    language: Language | None,
    as_json: bool,
) -> None:
    """Write the package of a new persona called NAME (small letters, digits, dashes).

    At most four questions are asked: those that no option answers. --yes takes the defaults. The
    package has a manifest, prompts in Korean and English, README, tests and a CI workflow, and is
    complete as it is; it goes into a new folder, and nothing is overwritten.
    """
    output, names = Output(), Names.of_persona(name)
    with usable(context):
        check_name(names, installed())
        publication = publication_of(author, licence, issues)
    folder = into or Path(names.distribution)
    with told():
        check_vacant(folder)
    shown_in = language or locale_language(os.environ)
    questions = Questions(context, texts_for(shown_in), defaults=yes)
    with usable(context):
        answers = _answers(questions, names, (english, korean, tones, description), shown_in)
        files = persona_files(names, answers, publication, code=code)
    package = Package(names, files, folder)
    write_package(package, output, PERSONA_STEPS[shown_in], as_json=as_json)


Given = tuple[str | None, str | None, str | None, tuple[str, ...]]


def _answers(
    questions: Questions, names: Names, given: Given, language: Language
) -> PersonaAnswers:
    """What the persona is: from options, else from answers, else from defaults."""
    english, korean, tones, sentences = given
    questions.expect(
        {"--english": english, "--korean": korean, "--tones": tones, "--description": sentences}
    )
    name = _shown_name("english")
    first = questions.ask("english", english, default_shown(names.name), name)
    second = questions.ask("korean", korean, first, _shown_name("korean"))
    chosen = questions.ask("tones", tones, ", ".join(DEFAULT_TONES), parse_tones)
    if not sentences:
        usual = default_description(chosen, language)
        line = questions.ask("description", None, usual, _sentence)
        sentences = () if line == usual else (line,)
    return PersonaAnswers(
        shown={Language.ENGLISH: first, Language.KOREAN: second},
        tones=chosen,
        description=descriptions(sentences, chosen),
    )


def _shown_name(what: str) -> Callable[[str], str]:
    return lambda text: checked_line(what, text, MAX_SHOWN_NAME)


def _sentence(text: str) -> str:
    return checked_line("description", text, MAX_SENTENCE)
