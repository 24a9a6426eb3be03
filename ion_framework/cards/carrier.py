"""Files that carry a card: JSON, PNG and APNG, CHARX. Told apart by what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs

from ion_framework.cards import charx, png
from ion_framework.cards.assets import asset_remarks
from ion_framework.cards.json_text import read_object
from ion_framework.cards.remarks import Remark
from ion_framework.errors import CardError

MAX_FILE_BYTES = 64 * 1024 * 1024
"""Size of a file with a card, images and sounds included."""


class Carrier(StrEnum):
    """A kind of file; the value is the ending of its name."""

    JSON = "json"
    PNG = "png"
    CHARX = "charx"


@attrs.frozen
class CardFile:
    """A card as it came.

    Attributes:
        carrier: the kind of file.
        data: the file, byte for byte.
        document: the card's JSON, as it stands.
        remarks: what whoever imports it should know.
    """

    carrier: Carrier
    data: bytes = attrs.field(repr=False)
    document: Mapping[str, Any] = attrs.field(repr=False)
    remarks: tuple[Remark, ...] = ()

    @property
    def name(self) -> str:
        """What the file is called in a package."""
        return f"card.{self.carrier.value}"


def load(file: Path) -> CardFile:
    """Read a file with a card.

    Raises:
        CardError: it cannot be read, or holds no card.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CardError(f"{file}: cannot be read: {error.strerror}") from None
    return read_file(data, str(file))


def read_file(data: bytes, place: str) -> CardFile:
    """Read a card from the bytes of its file.

    Args:
        data: the bytes.
        place: the file's name, for errors.

    Raises:
        CardError: they hold no card.
    """
    if len(data) > MAX_FILE_BYTES:
        raise CardError(f"{place}: is larger than {MAX_FILE_BYTES} bytes")
    if data.startswith(png.SIGNATURE):
        chunks = png.read_chunks(data, place)
        text, keyword = png.card_text(chunks, place)
        document = read_object(text, f"{place}: chunk {keyword}")
        return _carried(Carrier.PNG, data, document, png.asset_paths(chunks))
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _carried(Carrier.JSON, data, read_object(data, place), frozenset())
    # An archive may have an image before it, and is known by its end.
    if b"PK\5\6" in data[-66_000:]:
        text, names = charx.read_card(data, place)
        document = read_object(text, f"{place}: {charx.CARD}")
        return _carried(Carrier.CHARX, data, document, names)
    raise CardError(f"{place}: is no character card: neither JSON, nor PNG, nor a CHARX archive")


def _carried(
    carrier: Carrier, data: bytes, document: Mapping[str, Any], held: frozenset[str]
) -> CardFile:
    return CardFile(carrier, data, document, asset_remarks(document, held))


def repack(carried: CardFile, cards: Mapping[str, bytes], place: str) -> bytes:
    """The file with another card in it; image and assets stay as they are.

    Args:
        carried: the file.
        cards: the JSON of the new card by the chunks that it goes into, where it is an image;
            every other file holds the first.
        place: name of the file, for errors.
    """
    if carried.carrier is Carrier.PNG:
        extra = png.assets(png.read_chunks(carried.data, place))
        return png.with_card(carried.data, cards, place, extra)
    text = next(iter(cards.values()))
    if carried.carrier is Carrier.CHARX:
        return charx.with_card(carried.data, text, place)
    return text
