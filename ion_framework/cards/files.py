"""An installed persona as a card in a file."""

from __future__ import annotations

import os
from pathlib import Path

import attrs

from ion_framework.cards import png
from ion_framework.cards.assets import embedded
from ion_framework.cards.card import read_card
from ion_framework.cards.carrier import MAX_FILE_BYTES, CardFile, Carrier, repack
from ion_framework.cards.exporting import Exported, export
from ion_framework.clock import SystemClock
from ion_framework.domain.language import Language
from ion_framework.domain.persona import find_persona
from ion_framework.errors import CardError, UnknownPersonaError
from ion_framework.plugin_host.discovery import Source, installed
from ion_framework.plugin_host.host import PluginHost
from ion_framework.settings.model import Settings


@attrs.frozen
class Written:
    """A persona that was written as a card.

    Attributes:
        name: its name.
        exported: the card.
        left_assets: the file in the package with the assets that this card lacks, and its kind;
            None where it lacks none.
    """

    name: str
    exported: Exported
    left_assets: tuple[str, str] | None


def write_card(  # noqa: PLR0913  one argument per choice
    settings: Settings,
    name: str,
    version: int,
    file: Path | None,
    *,
    image: Path | None = None,
    language: Language | None = None,
    source: Source = installed,
) -> Written:
    """Write an installed persona as a card.

    Args:
        settings: the settings.
        name: the persona, by name or display name.
        version: 2 or 3.
        file: where to; None writes no file.
        image: a PNG image to put a copy of the card into.
        language: the language of a card that is made anew.
        source: the installed plugins.

    Raises:
        UnknownPersonaError: no such persona is installed.
        CardError: it cannot be written there.
    """
    records = PluginHost(settings, source, os.environ, SystemClock()).records
    known = {
        r.manifest.persona.name: (r.manifest.persona, r.candidate.folder)
        for r in records
        if r.manifest and r.manifest.persona
    }
    persona = find_persona(name, {key: found for key, (found, _) in known.items()})
    if persona is None:
        raise UnknownPersonaError(name, tuple(known))
    exported = export(persona, known[persona.name][1], version, language)
    carrier = _carrier(file, image, exported)
    if file is not None:
        _write(file, _packed(exported, carrier, image, file))
    return Written(persona.name, exported, _left_assets(exported, carrier))


def _carrier(file: Path | None, image: Path | None, exported: Exported) -> Carrier:
    ending = file.suffix.lower().removeprefix(".") if file else Carrier.JSON.value
    if image:
        if ending != Carrier.PNG.value:
            raise CardError(f"{file}: with an image, the file has to end in .png")
        return Carrier.PNG
    original = exported.original.carrier if exported.original else None
    if ending in (Carrier.PNG.value, Carrier.CHARX.value):
        if original is None or original.value != ending:
            came = f"it came as .{original.value}" if original else "it did not come from a card"
            hint = "; give an image with --png" if ending == Carrier.PNG.value else ""
            raise CardError(f"{file}: there is no .{ending} to put the persona into: {came}{hint}")
        return original
    return Carrier.JSON


def _packed(exported: Exported, carrier: Carrier, image: Path | None, file: Path) -> bytes:
    if carrier is Carrier.JSON:
        return exported.text(indent=2)
    if image is None:
        assert exported.original is not None  # noqa: S101  _carrier() has seen that there is one
        return repack(exported.original, exported.chunks(), str(file))
    assets = _assets(exported.original)
    return png.with_card(_read(image), exported.chunks(), str(image), assets)


def _assets(original: CardFile | None) -> tuple[png.Chunk, ...]:
    if original is None or original.carrier is not Carrier.PNG:
        return ()
    return png.assets(png.read_chunks(original.data, original.name))


def _read(image: Path) -> bytes:
    try:
        with image.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CardError(f"{image}: cannot be read: {error.strerror}") from None
    if len(data) > MAX_FILE_BYTES:
        raise CardError(f"{image}: is larger than {MAX_FILE_BYTES} bytes")
    return data


def _write(file: Path, data: bytes) -> None:
    try:
        with file.open("xb") as stream:
            stream.write(data)
    except FileExistsError:
        raise CardError(f"{file}: is there already; choose another name with --out") from None
    except OSError as error:
        raise CardError(f"{file}: cannot be written: {error.strerror}") from None


def _left_assets(exported: Exported, carrier: Carrier) -> tuple[str, str] | None:
    original = exported.original
    if original is None or carrier is original.carrier or original.carrier is Carrier.JSON:
        return None
    if original.carrier is Carrier.PNG:
        held = bool(_assets(original)) and carrier is not Carrier.PNG
    else:
        held = bool(embedded(read_card(original.document, original.name).data))
    return (original.name, original.carrier.value) if held else None
