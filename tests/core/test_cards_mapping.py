"""From cards to personas and back: what becomes of each field, and what edits do."""

from __future__ import annotations

import json
import zlib
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.cards import charx as archives
from ion_framework.cards.card import read_card
from ion_framework.cards.carrier import Carrier, read_file, repack
from ion_framework.cards.examples import read_examples
from ion_framework.cards.exporting import export
from ion_framework.cards.foreign import own_part
from ion_framework.cards.lowering import lift
from ion_framework.cards.mapping import map_card
from ion_framework.cards.png import assets, read_chunks, with_card
from ion_framework.domain.key import Intent, Pace, Tone
from ion_framework.domain.language import Language
from ion_framework.domain.lorebook import Lorebook, LoreEntry, LorePosition
from ion_framework.domain.persona import (
    CachePolicy,
    CacheScope,
    Collaboration,
    Example,
    GenerationParameters,
    PersonaPrompts,
    Voice,
)
from ion_framework.domain.template import from_card, render, render_card, to_card
from ion_framework.manifest.reading import read_manifest
from ion_framework.testing import make_persona
from tests.support.cards import (
    BASE,
    EVERY_FIELD,
    charx,
    chunk,
    imported,
    lost,
    packed,
    parsed,
    png,
    text_chunk,
)

ENGLISH, KOREAN = Language.ENGLISH, Language.KOREAN
NAMES = {"persona_name": "Mira", "user_name": "you", "language": "English", "original": "O"}


def mapped(**data):
    """A V2 card with these fields, as a persona."""
    document = {"spec": "chara_card_v2", "spec_version": "2.0", "data": {"name": "Mira", **data}}
    return map_card(read_card(document, "card"))


@pytest.mark.parametrize(
    ("theirs", "ours", "shown"),
    [
        ("{{char}} {{User}} <BOT> <user>", "{{persona_name}} {{user_name}} {{persona_name}} ", ""),
        ("{{ char }}", "{{persona_name}}", "Mira"),
        ("{{original}}", "{{original}}", "O"),
        ("{{random:a,b}}", "{{!random:a,b}}", "{{random:a,b}}"),
        ("{{persona_name}}", "{{!persona_name}}", "{{persona_name}}"),
        ("{{!x}}", "{{!!x}}", "{{!x}}"),
        ("a{{// no}}b{{comment: x}}c{{hidden_key:y}}", "abc", "abc"),
        ("{{random::{{char}}}}", "{{random::{{persona_name}}}}", "{{random::Mira}}"),
        ("{{a <user> b}}", "{{!a <user> b}}", "{{a <user> b}}"),
        ("{{{char}}}", "{{{persona_name}}}", "{Mira}"),
    ],
)
def test_macros_become_names_or_stay(theirs, ours, shown):
    """Three macros are names of ours, comments are left out, all else stands for itself."""
    assert from_card(theirs).startswith(ours)
    if shown:
        assert shown == render(from_card(theirs), NAMES)


@given(st.text(st.sampled_from("{}! <>charuse:/a"), max_size=40))
def test_no_text_of_a_card_breaks_a_template(text):
    """Whatever braces a text has, it makes a template, which shows what the text itself would."""
    values = {**NAMES, "original": "{{original}}"}
    assert render_card(text, values) == render(from_card(text), values)


def test_names_go_back():
    """A template of ours names card macros, and values for what cards have no macro for."""
    text = "{{persona_name}} and {{ user_name }}, {{!x}}, {{language}}, {{original}}"
    assert "{{char}} and {{user}}, {{x}}, Korean, {{original}}" == to_card(
        text, {"language": "Korean"}
    )


@pytest.mark.parametrize(
    ("text", "pairs", "rest"),
    [
        ("", (), ()),
        ("<START>\n{{user}}: a\n{{char}}: b", (("a", "b"),), ()),
        ("<start>\n<USER>: a\n b\nMira: c\nMira: d", (("a\n b", "c\nd"),), ()),
        ("{{user}}: a\n{{char}}: b\n{{user}}: c\n{{char}}: d", (("a", "b"), ("c", "d")), ()),
        ("<START>\n{{char}}: alone", (), ("{{char}}: alone",)),
        ("<START>\nprose\n<START>\n{{user}}: a\n{{char}}: b", (("a", "b"),), ("prose",)),
        ("<START>\n{{user}}: no answer", (), ("{{user}}: no answer",)),
    ],
)
def test_examples_are_exchanges(text, pairs, rest):
    """Blocks of exchanges become examples, every other block stays as it is."""
    found = read_examples(text, "Mira")
    assert (pairs, rest) == (found.pairs, found.rest)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Mira Vale", "mira-vale"),
        ("Éloïse!", "eloise"),
        ("3PO", "po"),
        ("루아", ""),
        ("A" * 99, "a" * 40),
    ],
)
def test_a_name_is_made_of_the_characters(name, expected):
    """The name is the character's in small Latin letters, none where there are no such letters."""
    assert expected == mapped(name=name).name


def test_notes_are_for_people_only():
    """The creator's notes become the description in their languages, and stay out of prompts."""
    notes = {"ko": "지도", "fr": "carte", "en": "A <i>map</i>maker<br>of coasts.\n\nMore."}
    found = mapped(creator_notes="ignored", creator_notes_multilingual=notes)
    assert {"ko": "지도", "en": "A mapmaker of coasts."} == found.table["description"]
    assert "map" not in found.table["prompts"]["system"]["en"]
    assert {"en": "She draws."} == mapped(description="She draws.").table["description"]
    assert {"en": "Mira."} == mapped().table["description"]


def test_a_korean_card_is_korean():
    """Prompts, examples and greetings stand in the language that the card is written in."""
    found = mapped(description="{{char}}는 지도를 그린다.", first_mes="안녕", tags=["지도", "map"])
    assert KOREAN is found.language
    assert {"ko": ["안녕"]} == found.table["greetings"]
    assert {"ko": ["지도"], "en": ["map"]} == found.table["keywords"]


@pytest.mark.parametrize(
    ("spec", "version", "remark"),
    [
        ({"spec": "chara_card_v3", "spec_version": "3.5"}, 3, "newer"),
        ({"spec": "chara_card_v4", "spec_version": "4.0"}, 3, "newer"),
        ({"spec": "chara_card_v2", "spec_version": 2}, 2, ""),
        ({"spec": "chara_card_v3", "spec_version": "x"}, 3, ""),
        ({}, 2, "does not say"),
    ],
)
def test_newer_cards_are_read(spec, version, remark):
    """A newer version is read with a remark, and one that says nothing of itself as V2."""
    card = read_card({**spec, "data": {"name": "Mira"}}, "card")
    assert version == card.version
    assert bool(remark) == bool(card.remarks)
    assert remark in "".join(each.text() for each in card.remarks)


# --- carriers -----------------------------------------------------------------------------------


def test_the_newer_chunk_goes_first():
    """Of two cards in one image the V3 one counts, wherever it stands."""
    image = png(text_chunk("chara", {"name": "old"}), text_chunk("CCV3", {"name": "new"}))
    assert {"name": "new"} == read_file(image, "card").document


@pytest.mark.parametrize(
    "made",
    [
        lambda text: chunk(b"zTXt", b"chara\0\0" + zlib.compress(text)),
        lambda text: chunk(b"iTXt", b"chara\0\0\0en\0\0" + text),
        lambda text: chunk(b"iTXt", b"chara\0\1\0\0\0" + zlib.compress(text)),
        lambda text: chunk(b"tEXt", b"chara\0" + text[:9] + b"\r\n" + text[9:]),
    ],
)
def test_other_chunks_are_read(made):
    """Compressed and international texts and broken lines of base64 are read as well."""
    assert {"name": "Mira"} == read_file(png(made(BASE)), "card").document


def test_a_card_replaces_the_ones_before():
    """A new card takes the place of every other one, and the image stays as it is."""
    asset = chunk(b"tEXt", b"chara-ext-asset_:a\0AA==")
    old = png(text_chunk("chara", {"name": "a"}), text_chunk("ccv3", {"name": "b"}), asset)
    kept = assets(read_chunks(old, "card"))
    new = with_card(old, {"ccv3": b'{"name":"c"}'}, "card", kept)
    assert {"name": "c"} == read_file(new, "card").document
    kinds = [found.kind for found in read_chunks(new, "card")]
    assert [b"IHDR", b"IDAT", b"tEXt", b"tEXt", b"IEND"] == kinds


def test_assets_of_an_archive_stay():
    """A new card leaves the other members as they are; one that is missing is remarked on."""
    document = {
        "spec": "chara_card_v3",
        "data": {"name": "a", "assets": [{"uri": "embeded://a/b.png"}, {"uri": "embeded://no"}, 5]},
    }
    carried = read_file(b"\xff\xd8picture" + charx(document, a__b=b"x"), "card")
    assert Carrier.CHARX is carried.carrier
    (remark,) = carried.remarks
    assert remark.text().endswith(": embeded://a/b.png, embeded://no")
    again = repack(carried, {"ccv3": packed({"name": "new"})}, "card")
    assert (b'{"name": "new"}', {"card.json", "a/b"}) == archives.read_card(again, "card")


# --- there and back -----------------------------------------------------------------------------


def rich_persona():
    """A persona that uses every key of a manifest."""
    return make_persona(
        tone={Tone.CALM: Decimal("0.75"), Tone.URGENT: Decimal(0)},
        pace={Pace.BURST: Decimal(1)},
        intent={Intent.LEARNING: Decimal("0.1")},
        prompts=PersonaPrompts(
            {ENGLISH: "You are {{persona_name}}. {{!x}}\r\n", KOREAN: "{{language}}" * 99},
            {ENGLISH: "{{tone}}"},
            {ENGLISH: "Stay."},
        ),
        rank=7,
        keywords={ENGLISH: ("a", "b")},
        prompt_style={ENGLISH: "brief"},
        preferred_tones=(Tone.CALM,),
        examples=(Example("q", "a\nb", ENGLISH), Example("질문", "답", KOREAN)),
        voice=Voice({"any": {ENGLISH: ("Hm.",)}}, {KOREAN: ("끝.",)}, {ENGLISH: ("No.",)}),
        cache=CachePolicy(CacheScope.SHARED, 60),
        parameters=GenerationParameters(0.5, 0.9, 100),
        ensemble=Collaboration("evidence", ("role:facts",)),
        greetings={ENGLISH: ("Hi {{user_name}}", "Yo"), KOREAN: ("안녕",)},
        lorebook=Lorebook(
            (
                LoreEntry("a", keys=("k",), priority=2.5, whole_words=True, name="n"),
                LoreEntry("@@depth 2\nb", keys=("x+",), use_regex=True, insertion_order=3),
                LoreEntry("c", constant=True, position=LorePosition.BEFORE_CHAR),
            ),
            scan_depth=3,
            token_budget=99,
            recursive_scanning=True,
        ),
    )


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("language", [None, KOREAN])
def test_our_own_export_makes_the_same_persona(tmp_path, version, language):
    """A persona that never was a card comes back from its card complete, from V2 as from V3."""
    persona = rich_persona()
    card = export(persona, None, version, language)
    _, again = imported(card.text(), tmp_path / "pack", persona.name)
    assert persona == again
    assert "Stay." == parsed(card.text())["data"]["post_history_instructions"]


def test_a_card_of_another_persona_says_what_it_is():
    """A new card is in one language, has every mandatory field, and notes in all languages."""
    data = export(rich_persona(), None, 3, KOREAN).document["data"]
    assert "한국어" in data["description"]
    assert "안녕" == data["first_mes"]
    assert "<START>\n{{user}}: 질문\n{{char}}: 답" == data["mes_example"]
    assert {"en", "ko"} == set(data["creator_notes_multilingual"])
    assert [] == data["group_only_greetings"]
    assert "character_book" not in export(make_persona(), None, 3).document["data"]


def test_v2_has_nothing_that_it_does_not_know():
    """In V2 there are no fields of V3, and no decorators in the entries."""
    document = export(rich_persona(), None, 2).document
    book = document["data"]["character_book"]
    assert "chara_card_v2" == document["spec"]
    assert "creator_notes_multilingual" not in document["data"]
    assert ["a", "b", "c"] == [entry["content"] for entry in book["entries"]]
    assert not [entry for entry in book["entries"] if "use_regex" in entry]


def test_only_what_was_changed_changes(tmp_path):
    """An export after edits has the edited fields anew and every other one as it was."""
    folder, persona = imported(packed(EVERY_FIELD), tmp_path / "pack")
    entries = (attrs.evolve(persona.lorebook.entries[0], priority=1), *persona.lorebook.entries[1:])
    changed = attrs.evolve(
        persona,
        display_name={ENGLISH: "Mir"},
        prompts=attrs.evolve(persona.prompts, reminder={ENGLISH: "Be {{persona_name}}."}),
        lorebook=attrs.evolve(persona.lorebook, entries=entries),
        keywords={ENGLISH: ("coast",)},
    )
    done = export(changed, folder, 3)
    assert {"nickname", "post_history_instructions", "character_book", "tags"} == set(done.changed)
    data = parsed(done.text())["data"]
    assert ("Mira Vale", "Mir") == (data["name"], data["nickname"])
    assert "Be {{char}}." == data["post_history_instructions"]
    assert 1 == data["character_book"]["entries"][0]["priority"]
    untouched = dict(parsed(json.dumps(EVERY_FIELD))["data"])
    for name in done.changed:
        del untouched[name]
    assert [] == lost(untouched, data)


def test_an_edited_book_keeps_what_other_programs_wrote(tmp_path):
    """An entry edited in the package's file is exported with every field that the file has."""
    folder, _ = imported(packed(EVERY_FIELD), tmp_path / "pack")
    file = folder / "lorebook.json"
    file.write_text(file.read_text("utf-8").replace("has a lamp", "has two lamps"), "utf-8")
    persona = imported_again(folder)
    book = parsed(export(persona, folder, 3).text())["data"]["character_book"]
    assert "The harbour has two lamps." == book["entries"][0]["content"]
    assert {"e": 1} == book["entries"][0]["extensions"]
    assert "Harbour" == book["name"]


def imported_again(folder):
    """The persona of a package, read anew."""
    return read_manifest(folder, "0.1.0").persona


def test_texts_edited_elsewhere_count(tmp_path):
    """Of a card that another program has changed, its own texts count, and our affinities."""
    persona = rich_persona()
    document = parsed(export(persona, None, 2).text())
    document["data"]["description"] = "Another text."
    document["data"]["character_book"]["entries"][1]["content"] = "edited"
    card = read_card(document, "card")
    found = map_card(card)
    assert (True, True) == (found.restored, found.edited)
    _, again = imported(json.dumps(document, default=float).encode(), tmp_path / "pack", "sage")
    assert persona.affinities == again.affinities
    assert persona.cache == again.cache
    assert "Another text." in again.prompts.system[ENGLISH]
    assert ("a", "edited", "c") == tuple(entry.content for entry in again.lorebook.entries)
    assert again.lorebook.entries[1].use_regex


def test_the_other_language_outlives_edits_elsewhere(tmp_path):
    """Of a card that another program has changed, texts in its other language are kept."""
    persona = rich_persona()
    document = parsed(export(persona, None, 2).text())
    document["data"]["tags"] = ["one more"]
    _, again = imported(json.dumps(document, default=float).encode(), tmp_path / "pack", "sage")
    for name in ("system", "reminder"):
        before, after = getattr(persona.prompts, name), getattr(again.prompts, name)
        assert before.get(KOREAN) == after.get(KOREAN)
    assert persona.prompts.guidance == again.prompts.guidance
    assert persona.display_name[KOREAN] == again.display_name[KOREAN]
    assert persona.greetings[KOREAN] == again.greetings[KOREAN]
    assert [item for item in persona.examples if item.language is KOREAN] == [
        item for item in again.examples if item.language is KOREAN
    ]


@pytest.mark.parametrize("order", [(1, 2), (2, 1, 0), (0, 2)])
def test_what_v2_does_not_know_stays_with_its_entry(order):
    """An entry has its pattern and decorators back where others were removed or moved."""
    lowered = parsed(export(rich_persona(), None, 2).text())
    whole = parsed(export(rich_persona(), None, 3).text())["data"]["character_book"]["entries"]
    book = lowered["data"]["character_book"]
    book["entries"] = [book["entries"][index] for index in order]

    lifted = lift(lowered)["data"]["character_book"]["entries"]

    told = [(entry["content"], entry.get("use_regex", False)) for entry in lifted]
    assert told == [(whole[at]["content"], whole[at].get("use_regex", False)) for at in order]


@pytest.mark.parametrize("foreign", [5, {"schema": 99, "persona": {}, "x": 1}, {"x": 1}])
def test_a_foreign_block_of_our_name_is_kept(tmp_path, foreign):
    """What stands under ``extensions.ion`` and is not ours is kept beside what is."""
    data = {"name": "Mira", "extensions": {"ion": foreign}}
    folder, persona = imported(packed({"spec": "chara_card_v2", "data": data}), tmp_path / "pack")
    block = export(persona, folder, 2).document["data"]["extensions"]["ion"]
    kept = {"not_ours": 5} if foreign == 5 else foreign
    own = own_part(block)
    assert (1, persona.name) == (own["schema"], own["persona_id"])
    assert kept.items() <= block.items()


def test_a_book_larger_than_a_file_takes_several(tmp_path):
    """A large lorebook is spread over files, and is one lorebook again."""
    entries = [{"keys": [f"k{n}"], "content": "x" * 900} for n in range(600)]
    document = {
        "spec": "chara_card_v2",
        "data": {"name": "Mira", "character_book": {"scan_depth": 9, "entries": entries}},
    }
    folder, persona = imported(packed(document), tmp_path / "pack")
    assert 600 == len(persona.lorebook.entries)
    assert 9 == persona.lorebook.scan_depth
    assert 3 == len(list(folder.glob("lorebook*.json")))
    assert [] == lost(document["data"], parsed(export(persona, folder, 2).text())["data"])
