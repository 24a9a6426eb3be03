"""``ion persona import``: make a package of a character card."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ion_framework.cli.card_texts import CARD_TEXTS
from ion_framework.cli.failures import sentence
from ion_framework.cli.options import json_option, language_option
from ion_framework.cli.output import Output, note, printable
from ion_framework.cli.texts import locale_language
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Affinities


@click.command("import")
@click.argument("card", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Folder for the package.  [default: ion-persona-NAME]",
)
@click.option("--name", metavar="NAME", help="Name of the persona.  [default: the character's]")
@language_option
@json_option
def import_(
    card: Path, into: Path | None, name: str | None, language: Language | None, as_json: bool
) -> None:
    """Make a package of the character card CARD: a PNG image, a JSON or a CHARX file.

    Nothing of the card is lost: it lies in the package as it is. Nothing that is there already is
    ever overwritten.
    """
    from ion_framework.cards.importing import import_card  # imports what writes packages
    from ion_framework.cli.translating import translated  # only an error needs it
    from ion_framework.errors import CardError
    from ion_framework.scaffolding.errors import ScaffoldingError

    spoken = language or locale_language(os.environ)
    texts = CARD_TEXTS[spoken]
    try:
        done = import_card(card, name, into)
    except (CardError, ScaffoldingError) as error:
        raise click.ClickException(translated(sentence(error), spoken)) from error
    output = Output()
    if as_json:
        output.json(done.document)
        return
    for remark in done.remarks:
        note(texts["remark"].format(remark=printable(remark.text(spoken))))
    output.line(texts["imported"].format(shown=done.persona.shown_name(), folder=done.folder))
    if done.edited:
        note(texts["edited"])
    came = "kept" if done.edited else "restored"
    if done.restored or done.persona.affinities == Affinities():
        output.line(texts[came if done.restored else "neutral"])
    if done.needs_patterns:
        note(texts["patterns"])
    output.line(texts["next"].format(folder=done.folder))
