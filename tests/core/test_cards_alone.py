"""Lorebooks without a character, characters without a name, and ``{{original}}`` in odd places."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from ion_framework.cards.card import read_card
from ion_framework.cards.exporting import export
from ion_framework.cards.importing import import_card
from ion_framework.cards.mapping import map_card
from ion_framework.cli.persona_import import import_
from ion_framework.cli.persona_new import new
from ion_framework.errors import CardError, ManifestError
from ion_framework.manifest.reading import read_manifest
from tests.support.cards import packed

WORLD_INFO = {
    "entries": {
        "0": {
            "uid": 0,
            "key": ["lamp", "/l[ai]mp/i"],
            "keysecondary": ["broken"],
            "comment": "the lamp",
            "content": "It was replaced in spring.",
            "constant": False,
            "selective": True,
            "order": 7,
            "position": 0,
            "disable": False,
            "caseSensitive": None,
            "matchWholeWords": True,
            "displayIndex": 0,
        },
        "1": {"uid": 1, "key": [], "content": "The sea.", "constant": True, "disable": True},
    }
}


def with_lorebook(folder, book):
    """The lorebook of a persona whose manifest names a file with this."""
    (folder / "lorebook.json").write_bytes(packed(book))
    (folder / "ion-plugin.toml").write_text(
        'name = "mira"\nsummary = "A persona."\nion_api = 1\nprovides = ["persona"]\n[persona]\n'
        'description = "Keeps a lighthouse."\nlorebook = { file = "lorebook.json" }\n'
        '[persona.prompts]\nsystem = "You keep a lighthouse."\n'
    )
    return read_manifest(folder, "1").persona.lorebook


def test_a_lorebook_may_be_world_info(tmp_path):
    """Keys, order, position, words and switches of SillyTavern mean what they mean in its cards."""
    lamp, sea = with_lorebook(tmp_path, WORLD_INFO).entries

    assert (("lamp", "/l[ai]mp/i"), ("broken",)) == (lamp.keys, lamp.secondary_keys)
    assert ("the lamp", 7, "before_char") == (lamp.name, lamp.insertion_order, lamp.position)
    assert (True, True, True, False) == (
        lamp.selective,
        lamp.whole_words,
        lamp.slashed_keys,
        lamp.use_regex,
    )
    assert (True, False, "after_char") == (sea.constant, sea.enabled, sea.position)


@pytest.mark.parametrize("entry", [5, {"key": 5}, {"content": []}])
def test_wrong_world_info_is_refused_with_its_place(tmp_path, entry):
    """An entry that is none, or has a field of the wrong type, is named."""
    with pytest.raises(ManifestError, match=r"persona\.lorebook: entries\.0"):
        with_lorebook(tmp_path, {"entries": {"0": entry}})


def test_a_card_without_a_name_needs_one(tmp_path):
    """A nameless card is refused without a name, shown by the given one, and exported as it was."""
    card = {"spec": "chara_card_v2", "data": {"name": " ", "first_mes": "hi", "tags": []}}
    file = tmp_path / "card.json"
    file.write_bytes(packed(card))
    with pytest.raises(CardError, match="choose one with --name"):
        import_card(file)
    done = import_card(file, "anon", tmp_path / "pack")
    found = export(done.persona, done.folder / "src" / "ion_persona_anon", 2)

    assert "Anon" == done.persona.shown_name()
    assert ((), " ") == (found.changed, found.document["data"]["name"])


def test_original_means_something_in_the_system_prompt_alone():
    """In a scenario ``{{original}}`` stays as it stands, and is not the text of ION again."""
    data = {"name": "Mira", "system_prompt": "{{original}} Be brief.", "scenario": "{{original}}?"}
    card = read_card({"spec": "chara_card_v2", "data": data}, "card")
    (text,) = map_card(card).table["prompts"]["system"].values()

    assert text.startswith("{{original}} Be brief.")
    assert text.endswith("{{!original}}?")


def test_errors_of_an_import_are_in_korean(tmp_path):
    """What is no card is refused in the language that was asked for."""
    file = tmp_path / "card.json"
    file.write_text(json.dumps({"x": 1}))
    ran = CliRunner().invoke(import_, [str(file), "--lang", "ko"])

    assert 1 == ran.exit_code
    assert "캐릭터 카드가 아닙니다" in ran.stderr


def test_errors_of_a_new_persona_are_in_korean():
    """A tone that is none is refused in the language that was asked for."""
    ran = CliRunner().invoke(new, ["sagey", "--tones", "grumpy", "--yes", "--lang", "ko"])

    assert 2 == ran.exit_code
    assert "모르는 감정 'grumpy'" in ran.stderr
