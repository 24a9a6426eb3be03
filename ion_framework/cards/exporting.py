"""From a persona to a card.

A persona that came from a card gets its own card back: every field as it was, but those whose
meaning has been changed in the package since. Any other persona's card is made anew, in one
language. Either way ``extensions.ion`` holds the whole persona.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from ion_framework.cards.block import with_others, write_block
from ion_framework.cards.book_reading import marked_book
from ion_framework.cards.card import SPECS, Card, block_of, read_card
from ion_framework.cards.carrier import CardFile, Carrier, load
from ion_framework.cards.fields import Fields
from ion_framework.cards.foreign import brought_up, is_foreign, with_own
from ion_framework.cards.json_text import write_text
from ion_framework.cards.lowering import BLOCK, lower
from ion_framework.cards.mapping import Mapped, map_card
from ion_framework.cards.merging import PLACE, Merged, merged
from ion_framework.cards.png import V2_KEYWORD, V3_KEYWORD
from ion_framework.cards.remarks import Remark
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Persona
from ion_framework.manifest.lorebook import is_slashed_entry
from ion_framework.manifest.persona import table_of
from ion_framework.manifest.writing import lean_table


@attrs.frozen
class Exported:
    """A persona as a card.

    Attributes:
        document: the card's JSON.
        original: the card that the persona came from, None where it came from none.
        changed: the fields that are no longer as they were in it.
        remarks: what could not be said in a card.
    """

    document: Mapping[str, Any]
    original: CardFile | None
    changed: tuple[str, ...]
    remarks: tuple[Remark, ...] = ()

    def text(self, indent: int | None = None) -> bytes:
        """The card as JSON in UTF-8."""
        return _packed(self.document, indent)

    def chunks(self) -> dict[str, bytes]:
        """The card by the chunks of an image: V3 with a V2 card beside it for other programs."""
        if self.document["spec"] != SPECS[3][0]:
            return {V2_KEYWORD: self.text()}
        beside = lower(self.document, beside_v3=True)
        return {V3_KEYWORD: self.text(), V2_KEYWORD: _packed(beside)}


def _packed(document: Mapping[str, Any], indent: int | None = None) -> bytes:
    return (write_text(document, indent) + "\n").encode()


def export(
    persona: Persona, folder: Path | None, version: int, language: Language | None = None
) -> Exported:
    """A persona as a card.

    Args:
        persona: the persona.
        folder: the folder of its package, None without one.
        version: 2 or 3.
        language: of a persona in several languages, the one that the card is to be in; by default
            that of the card that it came from, else English, where there is English.

    Raises:
        CardError: the card beside its manifest cannot be read.
    """
    original = original_card(folder) if folder else None
    card = read_card(original.document, original.name) if original else None
    mapped = map_card(card, persona.name) if card else None
    fields = Fields(persona, _language(persona, language, mapped), folder)
    made = merged(card, mapped, fields) if card and mapped else Merged(fields.all(), (), ())
    data = _completed(made.data, version, card)
    extensions = data.get("extensions") or {}
    block = _block(persona, data, mapped)
    if not isinstance(extensions.get(BLOCK, {}), Mapping):
        block["not_ours"] = extensions[BLOCK]
    data["extensions"] = {**extensions, BLOCK: block}
    return Exported(_document(card, data, version), original, made.changed, made.remarks)


def _block(persona: Persona, data: Mapping[str, Any], mapped: Mapped | None) -> dict[str, Any]:
    """``extensions.ion``: ION's own record, and whatever else stood there."""
    there = block_of(data)
    own = write_block(persona.name, persona.version, lean_table(persona), data)
    if mapped is None or not is_foreign(there) or there.keys().isdisjoint(own):
        return with_others(there, own)
    before = table_of(mapped.persona(persona.name, persona.version, PLACE))
    return with_own(brought_up(there, before, table_of(persona)), own)


def original_card(folder: Path) -> CardFile | None:
    """The card beside a manifest, None where there is none.

    Raises:
        CardError: it cannot be read.
    """
    for carrier in Carrier:
        file = folder / f"card.{carrier.value}"
        if file.is_file():
            return load(file)
    return None


def _document(card: Card | None, data: Mapping[str, Any], version: int) -> dict[str, Any]:
    spec, said = SPECS[version]
    outside = dict(card.outside) if card else {}
    if card and card.version == version and card.spec_version:
        said = card.spec_version
    if version == 3:  # noqa: PLR2004  the version's name
        return {"spec": spec, "spec_version": said, **outside, "data": data}
    if card is None or card.version == 3:  # noqa: PLR2004  the version's name
        kept = card.spec_version if card and card.spec_version else SPECS[3][1]
        return lower({"spec": SPECS[3][0], "spec_version": kept, **outside, "data": data})
    return {"spec": spec, "spec_version": said, **outside, "data": data}


def _language(persona: Persona, wanted: Language | None, mapped: Mapped | None) -> Language:
    languages = persona.languages or (Language.ENGLISH,)
    if wanted in languages:
        return wanted
    if mapped and mapped.language in languages:
        return mapped.language
    return Language.ENGLISH if Language.ENGLISH in languages else languages[0]


_TEXTS = (
    "name",
    "description",
    "personality",
    "scenario",
    "first_mes",
    "mes_example",
    "creator_notes",
    "system_prompt",
    "post_history_instructions",
    "creator",
    "character_version",
)


def _completed(data: Mapping[str, Any], version: int, card: Card | None) -> dict[str, Any]:
    """The fields with those that the specification demands; what is there stays as it is."""
    lists = ("alternate_greetings", "tags", *(("group_only_greetings",) if version > 2 else ()))  # noqa: PLR2004  the version's name
    complete = {**dict.fromkeys(_TEXTS, ""), **{name: [] for name in lists}, **data}
    if version == 2:  # noqa: PLR2004  the version's name
        return complete
    book = marked_book(attrs.evolve(card, data=data)) if card else data.get("character_book")
    if book is not None:
        entries = [{"use_regex": is_slashed_entry(entry), **entry} for entry in book["entries"]]
        complete["character_book"] = {**book, "entries": entries}
    return complete
