"""Cards in PNG and APNG images: texts in chunks, read within bounds, written without a trace else.

A V3 card is the tEXt chunk ``ccv3``, a V2 card ``chara``: base64 of JSON in UTF-8. Read are iTXt
and zTXt chunks as well, which some programs write.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Iterator, Mapping

import attrs

from ion_framework.cards.json_text import MAX_JSON_BYTES
from ion_framework.errors import CardError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
V3_KEYWORD, V2_KEYWORD = "ccv3", "chara"
ASSET_PREFIX = "chara-ext-asset_"

MAX_CHUNKS = 100_000
"""Chunks of an image; real ones have some thousand."""

MAX_TEXT_BYTES = MAX_JSON_BYTES * 3 // 2
"""Size of a chunk's text, compressed or not: base64 takes four thirds of what it holds."""


@attrs.frozen
class Chunk:
    """A chunk of an image.

    Attributes:
        kind: its four letters.
        data: what it holds.
        keyword: the keyword of a text, lower case; empty for everything else.
    """

    kind: bytes
    data: bytes = attrs.field(repr=False)
    keyword: str = ""


def read_chunks(image: bytes, place: str) -> tuple[Chunk, ...]:
    """The chunks of an image.

    Args:
        image: the image.
        place: its name, for errors.

    Raises:
        CardError: it is no PNG, is cut off or damaged, or has too many chunks.
    """
    if not image.startswith(SIGNATURE):
        raise CardError(f"{place}: is no PNG image")
    chunks = []
    for chunk in _chunks(image, place):
        chunks.append(chunk)
        if len(chunks) > MAX_CHUNKS:
            raise CardError(f"{place}: has more than {MAX_CHUNKS} chunks")
    if not chunks or chunks[0].kind != b"IHDR" or chunks[-1].kind != b"IEND":
        raise CardError(f"{place}: is cut off or damaged: a PNG begins with IHDR, ends with IEND")
    return tuple(chunks)


def card_text(chunks: tuple[Chunk, ...], place: str) -> tuple[bytes, str]:
    """The JSON of the card in an image, and the keyword under which it stands.

    Args:
        chunks: the image.
        place: its name, for errors.

    Raises:
        CardError: there is none, or it cannot be read.
    """
    for keyword in (V3_KEYWORD, V2_KEYWORD):
        for chunk in chunks:
            if chunk.keyword == keyword:
                where = f"{place}: chunk {keyword}"
                return _decoded(_text(chunk, where), where), keyword
    raise CardError(
        f"{place}: holds no character card: there is no text chunk {V3_KEYWORD} or {V2_KEYWORD}. "
        "Programs that convert or shrink images take it out; use the original file"
    )


def with_card(
    image: bytes, cards: Mapping[str, bytes], place: str, extra: tuple[Chunk, ...] = ()
) -> bytes:
    """An image with a card in it, in the place of every card that it had.

    Args:
        image: the image.
        cards: the card's JSON by keyword, ``ccv3`` or ``chara`` or both.
        place: the image's name, for errors.
        extra: further chunks to put beside the card.

    Raises:
        CardError: it is no PNG, or damaged.
    """
    ours = [_made(keyword, base64.b64encode(text)) for keyword, text in cards.items()]
    kept = [chunk for chunk in read_chunks(image, place) if not _is_of_card(chunk)]
    chunks = (*kept[:-1], *ours, *extra, kept[-1])
    return SIGNATURE + b"".join(map(_packed, chunks))


def assets(chunks: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
    """The chunks that hold assets of a card."""
    return tuple(chunk for chunk in chunks if chunk.keyword.startswith(ASSET_PREFIX))


def asset_paths(chunks: tuple[Chunk, ...]) -> frozenset[str]:
    """The paths of the assets in an image."""
    keywords = (chunk.data.partition(b"\0")[0].decode("latin-1") for chunk in assets(chunks))
    return frozenset(keyword[len(ASSET_PREFIX) :].removeprefix(":") for keyword in keywords)


def _is_of_card(chunk: Chunk) -> bool:
    return chunk.keyword in (V2_KEYWORD, V3_KEYWORD) or chunk.keyword.startswith(ASSET_PREFIX)


def _chunks(image: bytes, place: str) -> Iterator[Chunk]:
    position = len(SIGNATURE)
    while position < len(image):
        if len(image) < position + _FRAME:
            raise CardError(f"{place}: is cut off at byte {position}")
        (length,) = struct.unpack_from(">I", image, position)
        end = position + _FRAME + length
        if end > len(image):
            raise CardError(f"{place}: is cut off: a chunk at byte {position} has no end")
        body = image[position + 4 : end - 4]
        (crc,) = struct.unpack_from(">I", image, end - 4)
        if zlib.crc32(body) != crc:
            raise CardError(f"{place}: is damaged: a wrong check sum at byte {position}")
        yield _chunk(body[:4], body[4:])
        position = end
        if body[:4] == b"IEND":  # what stands behind an image is no part of it
            return


_FRAME = 12
"""Bytes of a chunk besides its data: length, kind and check sum."""


def _chunk(kind: bytes, data: bytes) -> Chunk:
    if kind not in (b"tEXt", b"iTXt", b"zTXt"):
        return Chunk(kind, data)
    keyword = data.partition(b"\0")[0]
    return Chunk(kind, data, keyword.decode("latin-1").lower())


def _made(keyword: str, value: bytes) -> Chunk:
    return Chunk(b"tEXt", keyword.encode("latin-1") + b"\0" + value, keyword)


def _packed(chunk: Chunk) -> bytes:
    body = chunk.kind + chunk.data
    return struct.pack(">I", len(chunk.data)) + body + struct.pack(">I", zlib.crc32(body))


def _text(chunk: Chunk, where: str) -> bytes:
    value = chunk.data.partition(b"\0")[2]
    if chunk.kind == b"zTXt":
        return _inflated(value[1:], where)
    if chunk.kind == b"iTXt":
        compressed = value[:1] == b"\1"
        parts = value[2:].split(b"\0", 2)
        if len(parts) < 3:  # noqa: PLR2004  language, keyword in it, text
            raise CardError(f"{where}: is damaged")
        return _inflated(parts[2], where) if compressed else parts[2]
    return value


def _inflated(data: bytes, where: str) -> bytes:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, MAX_TEXT_BYTES)
    except zlib.error as error:
        raise CardError(f"{where}: cannot be decompressed: {error}") from None
    if inflater.unconsumed_tail:
        raise CardError(f"{where}: is larger than {MAX_TEXT_BYTES} bytes once decompressed")
    return text


def _decoded(text: bytes, where: str) -> bytes:
    if len(text) > MAX_TEXT_BYTES:
        raise CardError(f"{where}: is larger than {MAX_TEXT_BYTES} bytes")
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error as error:
        raise CardError(f"{where}: is not valid base64: {error}") from None
