"""Edits in a package, and the card that comes of it: only what was changed changes."""

from __future__ import annotations

import base64
import json

import attrs
import pytest

from ion_framework.cards.carrier import read_file, repack
from ion_framework.cards.exporting import export
from ion_framework.cards.json_text import read_object, write_text
from ion_framework.cards.lowering import NOTICE, lift
from ion_framework.cards.remarks import Kind
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Example
from tests.support.cards import (
    EVERY_FIELD,
    charx,
    chunk,
    imported,
    packed,
    parsed,
    png,
    text_chunk,
)

ENGLISH, KOREAN = Language.ENGLISH, Language.KOREAN


def card(**data):
    """A V2 card with these fields."""
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": {"name": "Mira", **data}}


PARTS = {
    "system_prompt": "Be <bot>.\n\n{{// a}}\nBe brief.",
    "description": "{{Char}} draws maps.\n{{// b}}\n\nShe trusts <user>.",
    "personality": "wry,\nexact",
    "scenario": "A harbour.",
    "mes_example": "<START>\n<USER>: Where?\nMira: North.\n<START>\nprose of {{char}}",
}


def edited(tmp_path, old, new, data=None):
    """The card of a package in whose system text one text was put in the place of another."""
    folder, persona = imported(packed(card(**(data or PARTS))), tmp_path / "pack")
    (language, text), *_ = persona.prompts.system.items()
    assert old in text
    system = {**persona.prompts.system, language: text.replace(old, new)}
    prompts = attrs.evolve(persona.prompts, system=system)
    persona = attrs.evolve(persona, prompts=prompts)
    done = export(persona, folder, 2)
    again = imported(done.text(), tmp_path / "again")[1]
    assert persona.prompts.system == again.prompts.system
    return done


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        (
            "draws maps",
            "draws coasts",
            {"description": "{{char}} draws coasts.\n{{// b}}\n\nShe trusts <user>."},
        ),
        (
            "She trusts",
            "She avoids",
            {"description": ("{{Char}} draws maps.\n{{// b}}\n\nShe avoids {{user}}.")},
        ),
        ("exact", "kind", {"personality": "wry,\nkind"}),
        ("A harbour.", "A {{user_name}}.", {"scenario": "A {{user}}."}),
        ("The situation:\nA harbour.\n\n", "", {"scenario": ""}),
        ("Be brief.", "Be long.", {"system_prompt": "Be <bot>.\n\n{{// a}}\nBe long."}),
        ("A harbour.", "A harbour.\n\nAnd more.", {"scenario": "A harbour.\n\nAnd more."}),
        (
            "prose of",
            "more of",
            {
                "mes_example": "<START>\n{{user}}: Where?\n{{char}}: North.\n"
                "<START>\nmore of {{char}}"
            },
        ),
        (
            "{{user_name}}.\n\n",
            "{{user_name}}.\n\nNew.\n\n",
            {"description": "{{Char}} draws maps.\n{{// b}}\n\nShe trusts <user>.\n\nNew."},
        ),
    ],
)
def test_an_edited_word_changes_its_field_alone(tmp_path, old, new, changed):
    """A change in the system text goes into the field that the text is of, and into no other."""
    done = edited(tmp_path, old, new)
    assert tuple(changed) == done.changed
    assert () == done.remarks
    told = done.document["data"]
    assert {**PARTS, **changed} == {name: told[name] for name in PARTS}


def test_two_fields_may_change_at_once(tmp_path):
    """Edits on both sides of a border go into their fields where a paragraph tells the border."""
    done = edited(tmp_path, "Be brief.\n\n", "Be long.\n\nNew border.\n\n")
    assert ("system_prompt", "description") != done.changed
    both = {**PARTS, "system_prompt": "One.\n\nTwo.", "description": "Three.\n\nFour."}
    done = edited(tmp_path / "b", "One.\n\nTwo.\n\nThree.", "1.\n\nTwo.\n\n3.", both)
    assert ("system_prompt", "description") == done.changed
    assert "1.\n\nTwo." == done.document["data"]["system_prompt"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{{persona_name}}'s personality:", "Her ways:"),
        ("The situation:\nA harbour.", "The situation:\nx\n\nThe situation:\ny"),
        ("Be {{persona_name}}.\n\n\nBe brief.\n\n{{persona_name}} draws", "All new:\n\nhe draws"),
    ],
)
def test_what_cannot_be_told_apart_leaves_the_fields_alone(tmp_path, old, new):
    """Where a change does not tell its field, a remark says so and ION's block has the text."""
    done = edited(tmp_path, old, new)
    assert () == done.changed
    assert [Kind.SYSTEM] == [remark.kind for remark in done.remarks]
    told = done.document["data"]
    assert PARTS == {name: told[name] for name in PARTS}


def test_a_card_of_ours_has_one_text(tmp_path):
    """A card that ION wrote has its system text in the description, also after an edit."""
    folder, persona = imported(packed(card(description="Old.")), tmp_path / "pack")
    text = export(attrs.evolve(persona, rank=3), None, 2).text()
    folder, persona = imported(text, tmp_path / "ours")
    prompts = attrs.evolve(persona.prompts, system={ENGLISH: "All new."})
    done = export(attrs.evolve(persona, prompts=prompts), folder, 2)
    assert (("description",), "All new.") == (done.changed, done.document["data"]["description"])


def test_another_language_changes_nothing_in_the_card(tmp_path):
    """Texts in a second language, which a card has no room for, are in the block alone."""
    folder, persona = imported(packed(EVERY_FIELD), tmp_path / "pack")
    more = attrs.evolve(
        persona,
        display_name={**persona.display_name, KOREAN: "미라"},
        prompts=attrs.evolve(
            persona.prompts,
            system={KOREAN: "너는 미라야.", **persona.prompts.system},
            reminder={**persona.prompts.reminder, KOREAN: "미라로 있어."},
        ),
        greetings={**persona.greetings, KOREAN: ("안녕",)},
        examples=(*persona.examples, Example("어디?", "북쪽.", KOREAN)),
        keywords={**persona.keywords, KOREAN: ("바다", "지도")},
    )
    done = export(more, folder, 3)
    assert () == done.changed
    assert more == imported(done.text(), tmp_path / "again", more.name)[1]


def test_a_korean_card_stays_korean(tmp_path):
    """A Korean card with English texts added since comes back in Korean."""
    fields = {"description": "{{char}}는 지도를 그린다.", "first_mes": "안녕"}
    folder, persona = imported(packed(card(**fields)), tmp_path / "pack")
    system = {ENGLISH: "You draw.", **persona.prompts.system}
    more = attrs.evolve(persona, prompts=attrs.evolve(persona.prompts, system=system))
    assert () == export(more, folder, 2).changed
    assert "You draw." == export(more, folder, 2, ENGLISH).document["data"]["description"]


def test_one_of_many_changes_alone(tmp_path):
    """Of greetings, examples, tags and notes those stay in the card's words that are as before."""
    fields = {
        "first_mes": "Hi <user>",
        "alternate_greetings": ["Yo {{// c}}", "Hey"],
        "mes_example": "<START>\n<USER>: a\nMira: b\n<START>\n{{user}}: c\n{{char}}: d\n<START>\nx",
        "tags": ["maps", "바다", "sea"],
        "creator_notes": "A map.",
        "creator_notes_multilingual": {"ko": "지도"},
    }
    folder, persona = imported(packed(card(**fields)), tmp_path / "pack")
    first, *examples = persona.examples
    changed = attrs.evolve(
        persona,
        greetings={ENGLISH: (*persona.greetings[ENGLISH][:2], "Ho {{user_name}}")},
        examples=(first, attrs.evolve(examples[0], reply="e")),
        keywords={**persona.keywords, ENGLISH: ("sea", "coast")},
        description={**persona.description, KOREAN: "바다 지도"},
    )
    done = export(changed, folder, 3)
    told = done.document["data"]
    assert {
        "alternate_greetings",
        "mes_example",
        "tags",
        "creator_notes_multilingual",
    } == set(done.changed)
    assert ["Yo {{// c}}", "Ho {{user}}"] == told["alternate_greetings"]
    assert told["mes_example"] == (
        "<START>\n{{user}}: a\n{{char}}: b\n<START>\n{{user}}: c\n{{char}}: e\n<START>\nx"
    )
    assert ["바다", "sea", "coast"] == told["tags"]
    assert {"ko": "바다 지도"} == told["creator_notes_multilingual"]


def test_a_comment_in_a_changed_line_is_missed(tmp_path):
    """A comment in the middle of a changed line is gone, and a remark names the field."""
    data = {**PARTS, "personality": "wry {{// why}} and kind"}
    done = edited(tmp_path, "and kind", "and cruel", data)
    (remark,) = done.remarks
    assert (Kind.COMMENTS, {"names": "personality"}) == (remark.kind, remark.values)


# --- versions, numbers, assets, chunks ----------------------------------------------------------


def test_a_long_version_is_shown_short_and_kept_whole(tmp_path):
    """People see the beginning of a long version in one line, and the card keeps all of it."""
    long = "v1\n" + "x" * 500
    folder, persona = imported(packed(card(character_version=long)), tmp_path / "pack")
    assert "v1 " + "x" * 57 + "…" == persona.version
    done = export(persona, folder, 2)
    assert ((), long) == (done.changed, done.document["data"]["character_version"])


NUMBERS = "[1000.0, 1e3, 1E+2, -0, -0.0, 0.10, 1e300, 1e-400, 12345678901234567890.50, 7]"


def test_numbers_keep_their_form(tmp_path):
    """A number comes back as it was spelled, in the card as in the files of the package."""
    extensions = f'{{"n": {NUMBERS}}}'
    entry = f'{{"keys": ["a"], "content": "c", "insertion_order": 1000.0, "x": {NUMBERS}}}'
    text = (
        f'{{"spec": "chara_card_v2", "data": {{"name": "Mira", "extensions": {extensions}, '
        f'"character_book": {{"entries": [{entry}]}}}}}}'
    )
    folder, persona = imported(text.encode(), tmp_path / "pack")
    done = export(persona, folder, 2)
    assert 2 == done.text().decode().count(NUMBERS)
    assert NUMBERS in (folder / "lorebook.json").read_text("utf-8")
    assert '"insertion_order": 1000.0' in done.text(indent=2).decode()
    changed = attrs.evolve(persona, lorebook=attrs.evolve(persona.lorebook, scan_depth=1))
    assert ("character_book",) == export(changed, folder, 2).changed
    book = (folder / "lorebook.json").read_text("utf-8").replace('"c"', '"d"')
    assert NUMBERS in write_text(read_object(book.encode(), "book"), indent=2).replace(
        "\n", ""
    ).replace("  ", "").replace(",", ", ")


@pytest.mark.parametrize("value", [{}, [], {"a": []}, [[], {}], {"a": {"b": [1, "x", None]}}])
@pytest.mark.parametrize("indent", [None, 2])
def test_json_is_written_as_everywhere(value, indent):
    """What has no numbers of its own is written as the standard library writes it."""
    assert json.dumps(value, indent=indent) == write_text(value, indent)


ASSETS = [{"type": "icon", "uri": uri, "name": "main"} for uri in ("embeded://a", "__asset:b")]


@pytest.mark.parametrize(
    ("carrier", "missing"),
    [
        (packed, "embeded://a, __asset:b"),
        (lambda made: png(text_chunk("ccv3", made)), "embeded://a, __asset:b"),
        (
            lambda made: png(text_chunk("ccv3", made), chunk(b"tEXt", b"chara-ext-asset_:b\0AA==")),
            "embeded://a",
        ),
        (lambda made: charx(made, a=b"x"), "__asset:b"),
        (lambda made: charx(made, a=b"x", b=b"y"), ""),
    ],
)
def test_assets_that_a_file_lacks_are_named(carrier, missing):
    """Assets that a card says are in its file and are not are named, whatever the file is."""
    document = {"spec": "chara_card_v3", "data": {"name": "Mira", "assets": ASSETS}}
    remarks = read_file(carrier(document), "card").remarks
    assert missing == "".join(str(remark.values["names"]) for remark in remarks)


def test_an_image_has_a_card_for_older_programs_too(tmp_path):
    """Beside a V3 card in an image stands a V2 card, which says so and holds all of the other."""
    folder, persona = imported(png(text_chunk("ccv3", EVERY_FIELD)), tmp_path / "pack")
    done = export(persona, folder, 3)
    image = repack(done.original, done.chunks(), "card")
    assert parsed(done.text()) == read_file(image, "card").document
    old = json.loads(base64.b64decode(done_chunk(image, b"chara\0")))
    assert ("chara_card_v2", "2.0") == (old["spec"], old["spec_version"])
    assert f"{NOTICE}\n\nA <b>mapmaker</b>." == old["data"]["creator_notes"]
    assert lift(old) == json.loads(done.text())
    assert [b"ccv3", b"chara"] == sorted(part.split(b"\0")[0] for part in image.split(b"tEXt")[1:])
    assert ["chara"] == list(export(persona, folder, 2).chunks())


def done_chunk(image, keyword):
    """The text of a chunk of an image."""
    start = image.index(b"tEXt" + keyword) + 4 + len(keyword)
    length = int.from_bytes(image[start - len(keyword) - 8 : start - len(keyword) - 4])
    return image[start : start + length - len(keyword)]
