"""``ion persona new``: asks what a new persona is, and writes its package."""

from __future__ import annotations

from collections.abc import Callable

import click

from ion_framework.cli.scaffolding import (
    Draft,
    Wishes,
    begin,
    package_options,
    usable,
    write_package,
)
from ion_framework.cli.scaffolding_texts import PERSONA_STEPS
from ion_framework.domain.key import Tone
from ion_framework.domain.language import Language
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
from ion_framework.scaffolding.names import Names
from ion_framework.scaffolding.personas import persona_files


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
@package_options
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
    wishes: Wishes,
) -> None:
    """Write the package of a new persona called NAME (small letters, digits, dashes).

    At most four questions are asked: those that no option answers. --yes takes the defaults. The
    package has a manifest, prompts in Korean and English, README, tests and a CI workflow, and is
    complete as it is; it goes into a new folder, and nothing is overwritten.
    """
    names = Names.of_persona(name)
    draft = begin(context, names, wishes)
    with usable(context, wishes.language):
        answers = _answers(draft, (english, korean, tones, description))
        files = persona_files(names, answers, draft.publication, code=code)
    write_package(draft, files, PERSONA_STEPS, as_json=wishes.as_json)


Given = tuple[str | None, str | None, str | None, tuple[str, ...]]


def _answers(draft: Draft, given: Given) -> PersonaAnswers:
    """What the persona is: from options, else from answers, else from defaults."""
    english, korean, tones, sentences = given
    questions = draft.questions
    questions.expect(
        {"--english": english, "--korean": korean, "--tones": tones, "--description": sentences}
    )
    name = _shown_name("english")
    first = questions.ask("english", english, default_shown(draft.names.name), name)
    second = questions.ask("korean", korean, first, _shown_name("korean"))
    chosen = questions.ask("tones", tones, ", ".join(DEFAULT_TONES), parse_tones)
    if not sentences:
        usual = default_description(chosen, draft.language)
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
