"""``ion persona export``: write a persona as a character card."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ion_framework.cli.card_texts import CARD_TEXTS
from ion_framework.cli.options import common, language_option, settings_of
from ion_framework.cli.output import Output, note, printable
from ion_framework.cli.texts import locale_language
from ion_framework.domain.language import Language

_VERSIONS = {"v2": 2, "v3": 3}


@click.command()
@click.argument("name")
@click.option(
    "--format",
    "form",
    type=click.Choice(tuple(_VERSIONS)),
    default="v3",
    show_default=True,
    help="Version of the card.",
)
@click.option(
    "--png",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="IMAGE",
    help="Put the card into a copy of this PNG image.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to: .json; .png or .charx where the persona came from one, or with --png.  "
    "[default: NAME.png with --png, else standard output]",
)
@language_option
@common
@click.pass_context
def export(  # noqa: PLR0913, PLR0917  one parameter per option
    context: click.Context,
    name: str,
    form: str,
    png: Path | None,
    out: Path | None,
    language: Language | None,
) -> None:
    """Write the persona NAME as a character card.

    A persona that came from a card gets that card back, with what has been changed in its package
    since. The card holds the whole persona: ion persona import makes the same one of it.
    """
    from ion_framework.cards.files import write_card  # imports the reading of cards

    spoken = language or locale_language(os.environ)
    texts = CARD_TEXTS[spoken]
    file = out or (Path(f"{name}.png") if png else None)
    done = write_card(
        settings_of(context), name, _VERSIONS[form], file, image=png, language=language
    )
    if file is None:
        Output().piece(done.exported.text(indent=2).decode())
    else:
        note(texts["written"].format(name=done.name, file=file))
    if done.exported.changed:
        note(texts["changed"].format(fields=", ".join(done.exported.changed)))
    for remark in done.exported.remarks:
        note(texts["remark"].format(remark=printable(remark.text(spoken))))
    if done.left_assets:
        card, carrier = done.left_assets
        note(texts["assets"].format(card=card, carrier=carrier))
