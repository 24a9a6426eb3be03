"""A package of a card: manifest, texts, tests, and the card itself, byte for byte."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs

from ion_framework.cards.books import book_files
from ion_framework.cards.card import Card
from ion_framework.cards.carrier import CardFile
from ion_framework.cards.mapping import Mapped
from ion_framework.domain.dialogue import sendable
from ion_framework.domain.lore_matching import EXTRA
from ion_framework.domain.persona import Persona
from ion_framework.errors import CardError, ManifestError
from ion_framework.manifest.model import MANIFEST_NAME
from ion_framework.manifest.reading import read_manifest
from ion_framework.manifest.writing import persona_manifest
from ion_framework.scaffolding.markdown import plain
from ion_framework.scaffolding.names import Names
from ion_framework.scaffolding.publication import Publication
from ion_framework.scaffolding.rendering import toml_string
from ion_framework.scaffolding.templates import rendered
from ion_framework.scaffolding.writing import check_vacant

VERSION = "0.1.0"
"""Version of a new package."""

_LONG = 400
"""Characters from which on a text that is no prompt goes into a file of its own."""

_LICENCE = """\
The character card from which this package was made states no licence, so nobody but its creator
may say what others may do with it.{creator} Ask before you pass this package on, and put the
licence that they give here.
"""


@attrs.frozen
class Import:
    """A card on its way into a package.

    Attributes:
        carried: the card as it came.
        card: what it says.
        mapped: the persona that it makes.
        names: what the package is called.
        place: the card's file name, for errors.
    """

    carried: CardFile
    card: Card
    mapped: Mapped
    names: Names
    place: str


def write_package(made: Import, folder: Path, publication: Publication) -> Persona:
    """Write the package of a card into a folder that is empty or not there yet.

    Args:
        made: the card.
        folder: the folder.
        publication: who publishes it.

    Returns:
        the persona, as its manifest has it.

    Raises:
        CardError: the card cannot be a persona; nothing was written.
        ScaffoldingError: something is in the folder, or it cannot be written.
    """
    check_vacant(folder)
    made.mapped.persona(made.names.name, VERSION, made.place)
    files = package_files(made, publication)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        new = Path(scratch) / "package"
        for name, data in files.items():
            file = new / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        persona = _checked(new / "src" / made.names.package, made)
        if folder.exists():
            shutil.copytree(new, folder, dirs_exist_ok=True)
        else:
            os.rename(new, folder)  # noqa: PTH104  Path.rename replaces what is there on some systems
    return persona


def package_files(made: Import, publication: Publication) -> dict[str, bytes]:
    """The files of the package, by path inside its folder."""
    names, inner = made.names, f"src/{made.names.package}"
    texts: dict[str, str] = {}
    table = _with_files(made.mapped.table, "", texts)
    if made.mapped.book:
        books = book_files(made.mapped.book, made.place)
        texts |= books
        listed = [{"file": name} for name in books]
        table["lorebook"] = listed[0] if len(listed) == 1 else listed
    texts[MANIFEST_NAME] = persona_manifest(names.name, _summary(made), table)
    values = _values(made, publication)
    creator = f" Its creator is {values['creator']}." if values["creator"] else ""
    files = {
        **rendered(("common", "card"), values),
        "LICENSE": _LICENCE.format(creator=creator),
        **{f"{inner}/{name}": text for name, text in texts.items()},
    }
    return {
        **{name: text.encode() for name, text in files.items()},
        f"{inner}/{made.carried.name}": made.carried.data,
    }


def _summary(made: Import) -> str:
    return f"{made.mapped.shown}, from a character card"


def _values(made: Import, publication: Publication) -> dict[str, str]:
    values = publication.values(made.names)
    creator = " ".join(sendable(made.card.text("creator")).split())[:_CREATOR]
    needs = "[cards]" if _has_patterns(made) else ""
    descriptions = made.mapped.table.get("description", {})
    return {
        **values,
        "author": publication.author or creator.replace(",", " ") or values["author"],
        "licence": "LicenseRef-Unknown",
        "summary": _summary(made),
        "target": made.names.package,
        "dependencies": toml_string(f"ion-framework{needs}{values['core_range']}"),
        "markers": "",
        "check": "ion persona check .",
        "card": made.carried.name,
        "digest": sha256(made.carried.data).hexdigest(),
        "shown_md": plain(made.mapped.shown),
        "description_md": plain(next(iter(descriptions.values()), made.mapped.shown)),
        "creator": creator,
        "creator_md": f" by {plain(creator)}" if creator else "",
    }


_CREATOR = 100


def _has_patterns(made: Import) -> bool:
    lorebook = made.mapped.persona(made.names.name, VERSION, made.place).lorebook
    return any(entry.needs_patterns for entry in lorebook.entries)


def _with_files(value: Any, path: str, files: dict[str, str]) -> Any:
    """A value of the table with its long texts in files, by key path."""
    if isinstance(value, Mapping):
        return {
            key: _with_files(item, f"{path}.{key}" if path else key, files)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_with_files(item, f"{path}.{n}", files) for n, item in enumerate(value, 1)]
    # A file's line ends are made uniform when it is read; an inline text keeps its own.
    is_long = isinstance(value, str) and (len(value) > _LONG or path.startswith("prompts."))
    if is_long and "\r" not in value:
        folder, _, rest = path.partition(".")
        name = f"{folder}/{rest}.md"
        files[name] = value
        return {"file": name}
    return value


def _checked(package: Path, made: Import) -> Persona:
    """The persona of a manifest just written, read as everybody will read it."""
    try:
        persona = read_manifest(package, VERSION).persona
    except ManifestError as error:
        inner = f"{package / MANIFEST_NAME}: "
        problems = [f"{made.place}: {text.removeprefix(inner)}" for text in error.problems]
        serious = [problem for problem in problems if EXTRA not in problem]
        if serious:
            raise CardError(*serious) from None
        return made.mapped.persona(made.names.name, VERSION, made.place)
    assert persona is not None  # noqa: S101  a manifest with a [persona] table has one
    return persona
