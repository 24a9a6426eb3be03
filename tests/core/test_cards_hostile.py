"""Cards that want to do harm, or are broken: each is refused with a sentence that says why."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import struct
import time
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.cards.card import read_card
from ion_framework.cards.carrier import MAX_FILE_BYTES, load, read_file
from ion_framework.cards.json_text import MAX_JSON_BYTES
from ion_framework.cards.mapping import map_card
from ion_framework.errors import CardError
from tests.support.cards import charx, chunk, imported, packed, png, text_chunk

CARD = {"spec": "chara_card_v2", "spec_version": "2.0", "data": {"name": "Mira"}}
BASE64 = base64.b64encode(packed(CARD))


def archive(*members, **options):
    """A zip archive of names and texts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", **options) as file:
        for name, data in members:
            file.writestr(name, data)
    return made.getvalue()


def encrypted(data):
    """An archive whose first member says that it is encrypted."""
    at = data.index(b"PK\x01\x02") + 8
    return data[:6] + b"\1\0" + data[8:at] + b"\1\0" + data[at + 2 :]


def nested(depth):
    """JSON that is nested deeply."""
    return b'{"name":' + b"[" * depth + b"]" * depth + b"}"


def itxt(text, flag=b"\0"):
    """An iTXt chunk with a card."""
    return chunk(b"iTXt", b"ccv3\0" + flag + b"\0\0\0" + text)


BOMB = zlib.compress(b"A" * (64 * 1024 * 1024), 9)
DAMAGED = "is damaged: a wrong check sum"
BROKEN = {
    "nothing": (b"", "is no character card"),
    "a picture of another kind": (b"\xff\xd8\xff\xe0", "is no character card"),
    "no UTF-8": (b'{"name": "\xff"}', "is not UTF-8 at byte 10"),
    "no JSON": (b'{"name": ', "is not valid JSON"),
    "deep JSON": (nested(150), "nested more than 100 levels"),
    "very deep JSON": (nested(200_000), "nested more than 100 levels"),
    "long JSON": (b'{"a":"' + b"x" * MAX_JSON_BYTES + b'"}', "is larger than"),
    "a number without end": (b'{"name": "a", "x": 1e999999999}', "is out of range"),
    "not a number": (b'{"name": "a", "x": NaN}', "is not valid JSON"),
    "digits without end": (b'{"name":"a","x":' + b"9" * 5000 + b"}", "is not valid JSON"),
    "an image without a card": (png(), "holds no character card"),
    "an image that is cut off": (png(text_chunk("chara", CARD))[:-20], "cut off"),
    "an image without an end": (png()[:-12], "cut off or damaged"),
    "a wrong check sum": (png(chunk(b"tEXt", b"chara\0" + BASE64, crc=1)), DAMAGED),
    "a length beyond the end": (png()[:8] + struct.pack(">I", 2**31) + b"tEXt1234", "has no end"),
    "wrong base64": (png(chunk(b"tEXt", b"ccv3\0!!!!")), "chunk ccv3: is not valid base64"),
    "base64 of nothing": (png(chunk(b"tEXt", b"ccv3\0")), "is not valid JSON"),
    "a compressed bomb": (png(chunk(b"zTXt", b"ccv3\0\0" + BOMB)), "once decompressed"),
    "an international bomb": (png(itxt(BOMB, b"\1")), "once decompressed"),
    "wrong compression": (png(chunk(b"zTXt", b"ccv3\0\0nonsense")), "cannot be decompressed"),
    "a broken iTXt": (png(chunk(b"iTXt", b"ccv3\0\0")), "chunk ccv3: is damaged"),
    "no end of a zip": (b"PK\3\4" + b"x" * 50, "is no character card"),
    "no card in a zip": (archive(("a.json", "{}")), "there is no card.json at the root"),
    "a zip bomb": (
        archive(("card.json", b" " * (MAX_JSON_BYTES + 1)), compression=zipfile.ZIP_DEFLATED),
        "larger than",
    ),
    "a way out": (archive(("../x", ""), ("card.json", "{}")), "points outside"),
    "an absolute way out": (archive(("/etc/x", ""), ("card.json", "{}")), "points outside"),
    "a way out on another system": (archive(("C:\\x", ""), ("card.json", "{}")), "outside"),
    "an encrypted zip": (encrypted(archive(("card.json", "{}"))), "is encrypted"),
    "a damaged zip": (archive(("card.json", "{ }")).replace(b"{ }", b"{x}", 1), "cannot be read"),
    "too many members": (
        archive(*((f"{number:060}", "") for number in range(20_000))),
        "its list of members is larger",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused(case):
    """What cannot be a card is an error that names the file, quickly."""
    data, reason = BROKEN[case]
    began = time.perf_counter()
    with pytest.raises(CardError, match=r"^evil: ") as caught:
        read_file(data, "evil")
    assert reason in str(caught.value)
    assert time.perf_counter() - began < 10


WRONG = {
    "an unknown form": ({"spec": "nonsense", "data": {}}, "spec: is 'nonsense'; known are"),
    "a lorebook": ({"spec": "lorebook_v3", "data": {}}, "is a lorebook without a character"),
    "neither form nor name": ({"a": 1}, "neither a spec nor a name"),
    "no data": ({"spec": "chara_card_v2"}, "data: must be an object"),
    "a lorebook of names": ({"name": "Sea", "entries": []}, "is a lorebook without a character"),
    "world info": ({"entries": {"0": {"uid": 0}}}, "is a lorebook without a character"),
    "a name that is no text": ({"name": 5}, "name: must be a string"),
    "greetings": ({**CARD, "data": {"name": "a", "alternate_greetings": "x"}}, "list of strings"),
    "extensions": ({**CARD, "data": {"name": "a", "extensions": [1]}}, "must be an object"),
    "notes": ({**CARD, "data": {"name": "a", "creator_notes_multilingual": {"en": 1}}}, "strings"),
    "a book": ({**CARD, "data": {"name": "a", "character_book": []}}, "must be an object"),
    "a book without entries": ({**CARD, "data": {"name": "a", "character_book": {}}}, "a list"),
    "an entry": (
        {**CARD, "data": {"name": "a", "character_book": {"entries": [5]}}},
        "character_book: entries.0: must be an object",
    ),
    "keys": (
        {**CARD, "data": {"name": "a", "character_book": {"entries": [{"keys": [1]}]}}},
        "entries.0.keys: must be a list of strings",
    ),
    "order": (
        {**CARD, "data": {"name": "a", "character_book": {"entries": [{"priority": True}]}}},
        "entries.0.priority: must be a number",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_field_that_is_wrong_is_named(case):
    """A document that is no card, or has a field of the wrong type, is refused with its path."""
    document, reason = WRONG[case]
    with pytest.raises(CardError, match=r"^evil: ") as caught:
        read_card(document, "evil")
    assert reason in str(caught.value)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    """A file beyond the bound is refused by its size."""
    file = tmp_path / "huge.png"
    with file.open("wb") as stream:
        stream.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(CardError, match="is larger than"):
        load(file)
    with pytest.raises(CardError, match="cannot be read"):
        load(tmp_path / "none.png")


@given(st.binary(max_size=300), st.integers(0, 600))
def test_damage_anywhere_is_no_other_error(noise, at):
    """Whatever a file holds, it is read or refused with a `CardError`."""
    for whole in (packed(CARD), png(text_chunk("ccv3", CARD)), charx(CARD)):
        data = whole[:at] + noise + whole[at + len(noise) :]
        with contextlib.suppress(CardError):
            read_card(read_file(data, "evil").document, "evil")


def test_a_block_of_nonsense_is_refused(tmp_path):
    """A card that says that ION wrote it, and holds what no manifest may, is refused by its key."""
    block = {"schema": 1, "persona": {"prompts": {"system": 5}, "evil": 1}, "digest": "?"}
    document = {**CARD, "data": {"name": "Mira", "extensions": {"ion": block}}}
    assert imported(json.dumps(document).encode(), tmp_path / "a")[1].affinities.tone == {}
    block["resonance"] = {"tones": {"calm": 9}}
    with pytest.raises(CardError, match=r"persona.affinities.tone.calm: must be between 0 and 1"):
        imported(json.dumps(document).encode(), tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_text_beyond_the_bounds_of_a_package_is_refused(tmp_path):
    """A description or a lorebook that no package could hold is refused, and nothing is written."""
    entry = {"keys": ["a"], "content": "x" * 300_000}
    for data in (
        {"name": "Mira", "description": "x" * 300_000},
        {"name": "Mira", "character_book": {"entries": [entry]}},
        {"name": "Mira", "character_book": {"entries": [{"content": str(n)} for n in range(2001)]}},
    ):
        with pytest.raises(CardError, match=r"larger|at most"):
            imported(packed({**CARD, "data": data}), tmp_path / "pack")
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [10**400, -(10**400), 10**18, 1e300])
def test_a_number_of_any_size_is_an_order(number):
    """An order, a priority or a bound of a book may be larger than any float; it is cut."""
    entry = {"keys": ["k"], "content": "c", "insertion_order": number, "priority": number}
    book = {"entries": [entry], "scan_depth": abs(number), "token_budget": abs(number)}
    data = {"name": "Mira", "character_book": book}
    card = read_card({"spec": "chara_card_v2", "spec_version": "2.0", "data": data}, "card")
    found = map_card(card).persona("mira", "1", "card").lorebook
    assert 10**15 == abs(found.entries[0].insertion_order)
    assert found.scan_depth == found.token_budget == 1_000_000
