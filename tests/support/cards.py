"""Character cards: strategies that make any, carriers that hold them, a card with every field."""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
import zlib
from decimal import Decimal
from pathlib import Path

from hypothesis import strategies as st

from ion_framework.cards.card import V1_FIELDS, read_card
from ion_framework.cards.carrier import read_file
from ion_framework.cards.mapping import map_card
from ion_framework.cards.package import VERSION, Import, write_package
from ion_framework.manifest.reading import read_manifest
from ion_framework.scaffolding.names import Names
from ion_framework.scaffolding.publication import Publication

NAME = "carded"
PUBLICATION = Publication(year=2026)

TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
MACROS = st.sampled_from(
    [
        "{{char}}",
        "{{USER}}",
        "<bot>",
        "{{original}}",
        "{{random:a,b}}",
        "{{// x}}",
        "{{!",
        "}}",
        "{",
    ]
)
PROSE = st.lists(TEXT | MACROS, max_size=4).map(" ".join)
NUMBERS = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
EXTENSIONS = st.dictionaries(TEXT.filter(lambda key: key != "ion"), JSON, max_size=3)
WEIGHTS = st.dictionaries(
    st.sampled_from(["calm", "curious", "fast", "learning", "grumpy", ""]),
    st.sampled_from([0, 1, 0.5, 0.9, 1.5, -1, True, "0.5", None]),
    max_size=3,
)
ION = st.fixed_dictionaries(
    {},
    optional={
        "persona_id": st.sampled_from(["lua", "Not A Name", ""]) | JSON,
        "version": st.sampled_from(["1.2.0", "", 2]),
        "resonance": st.dictionaries(
            st.sampled_from(["tones", "paces", "intents", "moods"]), WEIGHTS | JSON, max_size=3
        )
        | JSON,
        "routing": st.dictionaries(
            st.sampled_from(["examples", "counter_examples", "rank", "keywords"]),
            st.lists(TEXT, max_size=2) | st.integers(0, 5),
            max_size=3,
        ),
        "cache": st.dictionaries(
            st.sampled_from(["scope", "ttl", "ttl_s", "size"]),
            st.sampled_from(["principal", "shared", "all", 600, 0, 1.5, 10**9, None]),
            max_size=3,
        )
        | JSON,
        "schema": st.sampled_from([2, "1"]),
        "own": JSON,
        "safety": JSON,
    },
)
CARD_EXTENSIONS = EXTENSIONS | st.builds(lambda a, b: {**a, "ion": b}, EXTENSIONS, ION)
"""Extensions of a card; others than ION may have written ``ion``, too."""

SILLYTAVERN = st.fixed_dictionaries(
    {
        "position": st.integers(0, 4),
        "exclude_recursion": st.booleans(),
        "display_index": st.integers(0, 9),
        "selectiveLogic": st.integers(0, 3),
    },
    optional={"case_sensitive": st.none() | st.booleans(), "match_whole_words": st.booleans()},
)
KEYS = st.lists(TEXT | st.sampled_from(["a.c", "/a.c/", "/B+/i", "/(?=x)/"]), max_size=3)
EXAMPLES = st.lists(
    st.tuples(st.sampled_from(["<START>", "<start>", ""]), PROSE, PROSE).map(
        lambda part: f"{part[0]}\n{{{{user}}}}: {part[1]}\n{{{{char}}}}: {part[2]}"
    ),
    max_size=2,
).map("\n".join)

V1: dict[str, st.SearchStrategy] = {
    "name": TEXT.filter(str.strip),
    **dict.fromkeys(("description", "personality", "scenario", "first_mes"), PROSE),
    "mes_example": EXAMPLES | PROSE,
}
V2 = {
    **V1,
    **dict.fromkeys(("creator_notes", "system_prompt", "post_history_instructions"), PROSE),
    "alternate_greetings": st.lists(PROSE, max_size=2),
    "tags": st.lists(TEXT, max_size=3),
    "creator": TEXT,
    "character_version": TEXT,
    "extensions": CARD_EXTENSIONS,
}
DECORATED = st.tuples(
    st.sampled_from(["", "@@depth 2\n", "@@unknown\n@@@role user\n", "@@dont_activate\n"]), PROSE
).map("".join)
OPTIONAL_ENTRY = {
    "name": TEXT,
    "priority": st.integers(-5, 5),
    "id": st.integers() | TEXT,
    "comment": TEXT,
    "selective": st.booleans(),
    "secondary_keys": st.lists(TEXT, max_size=2),
    "constant": st.booleans() | st.none(),
    "position": st.sampled_from(["before_char", "after_char", "", 4]),
    "case_sensitive": st.booleans(),
    "use_regex": st.booleans(),
}


def entries(**required):
    """A strategy for entries of a lorebook."""
    return st.lists(
        st.fixed_dictionaries(
            {
                "keys": KEYS,
                "content": DECORATED,
                "extensions": EXTENSIONS | SILLYTAVERN,
                "enabled": st.booleans(),
                "insertion_order": st.integers(-100, 100) | st.floats(-10, 10),
                **required,
            },
            optional={
                **{key: made for key, made in OPTIONAL_ENTRY.items() if key not in required},
                "x_entry": JSON,
            },
        ),
        max_size=3,
    )


def books(**required):
    """A strategy for lorebooks."""
    return st.fixed_dictionaries(
        {"entries": entries(**required), "extensions": EXTENSIONS},
        optional={
            "name": TEXT,
            "description": TEXT,
            "scan_depth": st.integers(-1, 9) | st.none(),
            "token_budget": st.integers(0, 999) | st.just(2.5),
            "recursive_scanning": st.booleans(),
            "x_book": JSON,
        },
    )


V3_ONLY = {
    "assets": JSON,
    "nickname": TEXT,
    "creator_notes_multilingual": st.dictionaries(
        st.sampled_from(["en", "ko", "fr"]), PROSE, max_size=3
    ),
    "source": st.lists(TEXT, max_size=2),
    "creation_date": NUMBERS,
    "modification_date": NUMBERS,
}


def outside(*known):
    """A strategy for what stands beside the fields of a specification."""
    return st.dictionaries(TEXT.filter(lambda key: key not in known), JSON, max_size=2)


def _whole(spec, said, data):
    top = outside("spec", "spec_version", "data", "name")
    document = {"spec": st.just(spec), "spec_version": st.sampled_from(said), "data": data}
    return st.builds(lambda a, b: {**a, **b}, top, st.fixed_dictionaries(document))


def _with_unknown(fields, optional):
    known = (*fields, *optional, "nickname", *V3_ONLY)
    others = {name: made for name, made in {**fields, **optional}.items() if name != "name"}
    fixed = st.fixed_dictionaries({"name": fields["name"]}, optional=others)
    return st.builds(lambda a, b: {**a, **b}, outside(*known), fixed)


V1_CARDS = st.builds(
    lambda a, b: {**a, **b},
    outside(*V1_FIELDS, "spec", "spec_version", "data"),
    st.fixed_dictionaries(V1),
)
V2_CARDS = _whole(
    "chara_card_v2", ["2.0"], _with_unknown(V2, {"character_book": books() | st.none()})
)
V3_CARDS = _whole(
    "chara_card_v3",
    ["3.0", "3.1"],
    _with_unknown(
        {**V2, "group_only_greetings": st.lists(PROSE, max_size=2)},
        {**V3_ONLY, "character_book": books(use_regex=st.booleans())},
    ),
)


def chunk(kind, data, crc=None):
    """A chunk of a PNG image."""
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", crc or zlib.crc32(body))


def png(*chunks):
    """The smallest image, with chunks before its end."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixel = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + pixel + chunk(b"IEND", b"")


def text_chunk(keyword, document):
    """The tEXt chunk with a card."""
    return chunk(b"tEXt", keyword.encode() + b"\0" + base64.b64encode(packed(document)))


def packed(document):
    """A document as JSON."""
    return json.dumps(document).encode()


BASE = base64.b64encode(packed({"name": "Mira"}))


def charx(document, **members):
    """An archive with a card and further members."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("card.json", packed(document))
        for name, data in members.items():
            file.writestr(name.replace("__", "/"), data)
    return made.getvalue()


CARRIERS = {
    "json": packed,
    "png": lambda document: png(text_chunk("ccv3", document)),
    "charx": lambda document: charx(document, assets__icon="\0"),
}


def parsed(data):
    """JSON with exact numbers."""
    return json.loads(data, parse_float=Decimal)


def imported(data, folder: Path, name: str = NAME):
    """Import a card into a package; returns the package's inner folder and the persona."""
    carried = read_file(data, "card")
    card = read_card(carried.document, "card")
    names = Names.of_persona(name)
    order = Import(carried, card, map_card(card), names, "card")
    write_package(order, folder, PUBLICATION)
    inner = folder / "src" / names.package
    return inner, read_manifest(inner, VERSION).persona


def lost(before, after, path=""):
    """The paths of what is in a document and not, or not alike, in another."""
    if isinstance(before, dict) and isinstance(after, dict):
        missing = [f"{path}.{key}" for key in before if key not in after]
        inner = [lost(v, after[k], f"{path}.{k}") for k, v in before.items() if k in after]
        return [*missing, *(item for found in inner for item in found)]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [item for n, (a, b) in pairs for item in lost(a, b, f"{path}.{n}")]
    same = before == after and isinstance(before, bool) == isinstance(after, bool)
    return [] if same else [path]


EVERY_FIELD = {
    "spec": "chara_card_v3",
    "spec_version": "3.0",
    "data": {
        "name": "Mira Vale",
        "nickname": "Mira",
        "description": "{{char}} draws maps. {{random:a,b}} {{// hidden}}She trusts <user>.",
        "personality": "wry, exact, patient",
        "scenario": "A harbour town where {{user}} has lost the way.",
        "first_mes": "Hello {{user}}, I am {{char}}.",
        "mes_example": "<START>\n{{user}}: Where?\n{{char}}: North of here,\nby the lamp.",
        "creator_notes": "A <b>mapmaker</b>.",
        "system_prompt": "{{original}} Be brief.",
        "post_history_instructions": "{{original}}Stay {{char}}.",
        "alternate_greetings": ["Lost again?"],
        "tags": ["maps", "바다"],
        "creator": "ann",
        "character_version": "1.2",
        "extensions": {"other/voice": {"pitch": 1.5}},
        "group_only_greetings": ["Room for one more?"],
        "assets": [{"type": "icon", "uri": "ccdefault:", "name": "main", "ext": "png"}],
        "creator_notes_multilingual": {"ko": "지도를 그리는 사람"},
        "source": ["https://example.invalid/1"],
        "creation_date": 5,
        "modification_date": 6,
        "character_book": {
            "name": "Harbour",
            "description": "d",
            "scan_depth": 2,
            "token_budget": 500,
            "recursive_scanning": True,
            "extensions": {"b": 1},
            "entries": [
                {
                    "keys": ["항구", "harbour"],
                    "content": "The harbour has a lamp.",
                    "extensions": {"e": 1},
                    "enabled": True,
                    "insertion_order": 2,
                    "case_sensitive": False,
                    "use_regex": False,
                    "constant": False,
                    "name": "harbour",
                    "priority": 10,
                    "id": 1,
                    "comment": "c",
                    "selective": True,
                    "secondary_keys": ["old", "오래된"],
                    "position": "after_char",
                },
                {
                    "keys": [],
                    "content": "{{char}} knows the tides.",
                    "extensions": {},
                    "enabled": True,
                    "insertion_order": 1,
                    "use_regex": False,
                    "constant": True,
                    "name": "tides",
                    "position": "before_char",
                },
                {
                    "keys": ["l[ai]mp"],
                    "content": "@@depth 1\n@@role user\nThe lamp is lit for {{user}}.",
                    "extensions": {},
                    "enabled": True,
                    "insertion_order": 3,
                    "use_regex": True,
                    "name": "lamp",
                },
            ],
        },
    },
}
