"""What a card says, whichever version it is of.

A field that is null counts as missing. A field that ION uses and that is of another type than the
specification demands is an error that names it; what ION does not use is not looked at, and comes
back as it was when the persona is exported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from ion_framework.cards.lowering import BLOCK, lift
from ion_framework.cards.remarks import Kind, Remark
from ion_framework.errors import CardError
from ion_framework.manifest.lorebook import book_problems

V1_FIELDS = ("name", "description", "personality", "scenario", "first_mes", "mes_example")
_TEXTS = (
    *V1_FIELDS,
    "creator_notes",
    "system_prompt",
    "post_history_instructions",
    "creator",
    "character_version",
    "nickname",
)
_LISTS = ("alternate_greetings", "tags")
SPECS: Mapping[int, tuple[str, str]] = {2: ("chara_card_v2", "2.0"), 3: ("chara_card_v3", "3.0")}
"""What a card says of its own form, by version."""


@attrs.frozen
class Card:
    """A card.

    Attributes:
        version: 1, 2 or 3.
        data: its fields, those that only a V3 card has among them even where it came as V2.
        outside: what stands beside them at the top of the document.
        spec_version: what it says of its version, empty where it says nothing.
        remarks: what whoever imports it should know.
    """

    version: int
    data: Mapping[str, Any]
    outside: Mapping[str, Any]
    spec_version: str = ""
    remarks: tuple[Remark, ...] = ()

    def text(self, name: str) -> str:
        """The text of a field, empty where it is missing."""
        return self.data.get(name) or ""

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list, none where it is missing."""
        return tuple(self.data.get(name) or ())

    @property
    def book(self) -> Mapping[str, Any] | None:
        """Its lorebook."""
        return self.data.get("character_book")

    @property
    def notes(self) -> Mapping[str, str]:
        """The creator's notes by language; those of no stated language under an empty name."""
        found = self.data.get("creator_notes_multilingual")
        notes = {"": self.text("creator_notes")}
        return {**notes, **found} if isinstance(found, Mapping) else notes

    @property
    def block(self) -> Mapping[str, Any]:
        """What ION itself has written into it, empty without that."""
        return block_of(self.data)


def block_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """``extensions.ion`` of a card's fields, empty where there is none."""
    extensions = data.get("extensions")
    block = extensions.get(BLOCK) if isinstance(extensions, Mapping) else None
    return block if isinstance(block, Mapping) else {}


def read_card(document: Mapping[str, Any], place: str) -> Card:
    """Read a card.

    Args:
        document: its JSON.
        place: the file's name, for errors.

    Raises:
        CardError: it is no card, or fields that ION uses are wrong; every one is named.
    """
    card = _of(lift(document), place)
    problems = tuple(_problems(card))
    if problems:
        raise CardError(*(f"{place}: {problem}" for problem in problems))
    return card


def _of(document: Mapping[str, Any], place: str) -> Card:
    spec, data = document.get("spec"), document.get("data")
    if spec is None and "data" not in document:
        if "entries" in document and not document.keys() & set(V1_FIELDS[2:]):
            raise _lorebook_alone(place)
        if "name" not in document:
            raise CardError(f"{place}: is no character card: it has neither a spec nor a name")
        own = {name: document[name] for name in V1_FIELDS if name in document}
        known = (*own, "spec", "spec_version")
        return Card(1, own, {k: v for k, v in document.items() if k not in known})
    version, remarks = _version(spec, document.get("spec_version"), place)
    if not isinstance(data, Mapping):
        raise CardError(f"{place}: data: must be an object")
    outside = {k: v for k, v in document.items() if k not in ("spec", "spec_version", "data")}
    said = document.get("spec_version")
    return Card(version, data, outside, said if isinstance(said, str) else "", remarks)


def _lorebook_alone(place: str) -> CardError:
    return CardError(
        f"{place}: is a lorebook without a character; put the file beside the ion-plugin.toml of a "
        'persona and write under [persona]: lorebook = { file = "NAME" }'
    )


def _version(spec: object, said: object, place: str) -> tuple[int, tuple[Remark, ...]]:
    known = {name: version for version, (name, _) in SPECS.items()}
    if spec is None:
        return 2, (Remark(Kind.UNVERSIONED),)
    if spec == "lorebook_v3":
        raise _lorebook_alone(place)
    if not isinstance(spec, str) or not spec.startswith("chara_card_v"):
        raise CardError(f"{place}: spec: is {str(spec)[:40]!r}; known are: {', '.join(known)}")
    version = known.get(spec, 3)
    newer = spec not in known or _float(said) > float(SPECS[version][1])
    if newer:
        return version, (Remark(Kind.NEWER, {"spec": spec[:40], "said": str(said)[:20]}),)
    return version, ()


def _float(text: object) -> float:
    try:
        return float(text) if isinstance(text, str) else 0.0
    except ValueError:
        return 0.0


def _problems(card: Card) -> Iterator[str]:
    data, inner = card.data, "" if card.version == 1 else "data."
    for name in _TEXTS:
        if not isinstance(data.get(name) or "", str):
            yield f"{inner}{name}: must be a string"
    for name in _LISTS:
        value = data.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            yield f"{inner}{name}: must be a list of strings"
    if not isinstance(data.get("extensions") or {}, Mapping):
        yield f"{inner}extensions: must be an object"
    notes = data.get("creator_notes_multilingual") or {}
    if not isinstance(notes, Mapping) or not all(isinstance(t, str) for t in notes.values()):
        yield f"{inner}creator_notes_multilingual: must be an object of strings by language"
    if card.book is not None:
        yield from (f"{inner}character_book: {problem}" for problem in book_problems(card.book))
