"""From a file with a card to a package on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from ion_framework.cards.card import read_card
from ion_framework.cards.carrier import load
from ion_framework.cards.mapping import map_card
from ion_framework.cards.package import Import, write_package
from ion_framework.cards.remarks import Remark
from ion_framework.clock import Clock, SystemClock
from ion_framework.domain.lore_matching import patterns_available
from ion_framework.domain.persona import Persona
from ion_framework.errors import CardError
from ion_framework.plugin_host.discovery import Source, installed
from ion_framework.scaffolding.names import Names, check_name
from ion_framework.scaffolding.publication import Publication


@attrs.frozen
class Imported:
    """What an import has made.

    Attributes:
        persona: the persona.
        folder: the package's folder.
        carrier: the kind of file that the card came in.
        version: the card's version: 1, 2 or 3.
        restored: whether affinities came with it, because ION had written the card.
        edited: whether another program has changed it since.
        remarks: what is odd about the card.
        needs_patterns: whether RE2 has to be installed for it.
    """

    persona: Persona
    folder: Path
    carrier: str
    version: int
    restored: bool
    edited: bool
    remarks: tuple[Remark, ...]
    needs_patterns: bool

    @property
    def document(self) -> Mapping[str, object]:
        """The object that ``ion persona import --json`` writes."""
        return {
            "name": self.persona.name,
            "folder": str(self.folder),
            "carrier": self.carrier,
            "version": self.version,
            "restored": self.restored,
            "edited": self.edited,
            "needs_patterns": self.needs_patterns,
            "remarks": [remark.text() for remark in self.remarks],
        }


def import_card(
    file: Path,
    name: str | None = None,
    into: Path | None = None,
    source: Source = installed,
    clock: Clock | None = None,
) -> Imported:
    """Make a package of a card.

    Args:
        file: the card.
        name: name of the persona, by default made of the character's.
        into: the package's folder, by default one of its distribution's name here.
        source: the installed plugins, whose names are taken.
        clock: tells the year.

    Raises:
        CardError: the file holds no card that can be a persona, or no name can be made of it.
        ScaffoldingError: the name is taken, or the folder is not empty.
    """
    carried = load(file)
    card = read_card(carried.document, str(file))
    mapped = map_card(card, name or "")
    chosen = name or mapped.name
    if not chosen:
        raise CardError(
            f"{file}: no name of a persona can be made of {mapped.shown[:40]!r}; choose one with "
            "--name: lower-case letters, digits and dashes"
        )
    names = Names.of_persona(chosen)
    check_name(names, source())
    folder = into or Path(names.distribution)
    publication = Publication.checked("", "Apache-2.0", "", clock or SystemClock())
    order = Import(carried, card, mapped, names, str(file))
    persona = write_package(order, folder, publication)
    return Imported(
        persona=persona,
        folder=folder,
        carrier=carried.carrier.value,
        version=card.version,
        restored=mapped.restored,
        edited=mapped.edited,
        remarks=(*carried.remarks, *card.remarks, *mapped.remarks),
        needs_patterns=persona.lorebook.needs_patterns and not patterns_available(),
    )
