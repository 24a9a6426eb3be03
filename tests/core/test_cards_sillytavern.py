"""Lorebooks that SillyTavern wrote, and V2 cards with patterns: which keys are patterns."""

from __future__ import annotations

import copy
import json

import pytest

from ion_framework.cards.card import read_card
from ion_framework.cards.exporting import export
from ion_framework.cards.mapping import map_card
from ion_framework.cards.remarks import Kind, Remark
from ion_framework.domain.language import Language
from ion_framework.domain.lorebook import Lorebook, LoreEntry, Scan
from ion_framework.manifest.persona import persona_problems
from ion_framework.manifest.reading import read_manifest
from ion_framework.testing import make_persona
from tests.support.cards import imported, lost, packed, parsed

SILLYTAVERN = {
    "position": 1,
    "exclude_recursion": False,
    "display_index": 0,
    "probability": 100,
    "useProbability": True,
    "depth": 4,
    "selectiveLogic": 0,
    "group": "",
    "match_whole_words": None,
    "case_sensitive": None,
    "automation_id": "",
    "role": 0,
}
"""What SillyTavern writes beside an entry."""


def entry(*keys, extensions=SILLYTAVERN, **others):
    """An entry as SillyTavern writes it."""
    return {
        "id": 0,
        "keys": list(keys),
        "secondary_keys": [],
        "comment": "c",
        "content": "The lamp.",
        "constant": False,
        "selective": False,
        "insertion_order": 100,
        "enabled": True,
        "position": "after_char",
        "use_regex": True,
        "extensions": extensions,
        **others,
    }


def document(version, *entries):
    """A card of a version with these entries."""
    book = {"name": "b", "entries": list(entries)}
    needed = {"group_only_greetings": []} if version == 3 else {}
    return {
        "spec": f"chara_card_v{version}",
        "spec_version": f"{version}.0",
        "data": {"name": "Mira", "extensions": {}, "character_book": book, **needed},
    }


def mapped(version, *entries):
    """A card with these entries, as a persona."""
    return map_card(read_card(document(version, *entries), "card"))


def calls(version, text, *entries):
    """How many of the entries a message calls up."""
    book = mapped(version, *entries).persona("mira", "1", "card").lorebook
    return len(book.stable) + len(book.activated(Scan((text,), 0)))


@pytest.mark.parametrize(
    ("made", "text", "called"),
    [
        (entry("Dr. Who (old)"), "dr. who (OLD) came", 1),
        (entry("d.g"), "a dog", 0),
        (entry("d.g", "/c.t/"), "a cat", 1),
        (entry("/C.T/"), "a cat", 0),
        (entry("/C.T/i"), "a cat", 1),
        (entry("/c.t/", case_sensitive=True), "a cat", 1),
        (entry("/a/b/"), "a/b", 0),
        (entry("/a\\/b/"), "a/b", 1),
        (entry("/(?=x)/", "y"), "y", 1),
        (entry("Lamp", extensions={**SILLYTAVERN, "case_sensitive": True}), "lamp", 0),
        (entry("elf", extensions={**SILLYTAVERN, "match_whole_words": True}), "shelf", 0),
        (entry("zzz", constant=True), "nothing", 1),
        (entry("a", selective=True, secondary_keys=["z"]), "a", 0),
        (entry("a", selective=True, secondary_keys=["/z+/"]), "a zz", 1),
        (entry("/a/", content="@@exclude_keys NO\nx"), "a no", 0),
        (entry("d.g", use_regex=False), "a dog", 0),
        (entry("/d.g/", use_regex=False), "a dog", 0),
    ],
)
@pytest.mark.parametrize("version", [2, 3])
def test_keys_of_sillytavern_are_patterns_between_slashes_alone(version, made, text, called):
    """An entry of SillyTavern has plain keys and patterns, and its other fields count."""
    assert called == calls(version, text, made)


def test_a_card_of_v3_means_what_its_specification_says():
    """Without marks of SillyTavern every key of V3 is a pattern, and constant does not count."""
    plain = entry("d.g", extensions={}, constant=True)
    assert (0, 1) == (calls(3, "nothing", plain), calls(3, "a dog", plain))


def test_a_card_of_v2_knows_patterns_between_slashes_alone():
    """What V2 does not know is read as other programs mean it: keys are plain, constant counts."""
    assert 0 == calls(2, "a dog", entry("d.g", extensions={}))
    assert 1 == calls(2, "nothing", entry("d.g", extensions={}, constant=True))
    assert 1 == calls(2, "a dog", entry("/d.g/", extensions=None))


def test_the_import_says_how_it_read_keys():
    """A remark counts the entries of each kind, in both languages, and names what is not used."""
    unused = {**SILLYTAVERN, "selectiveLogic": 2, "sticky": 3, "position": 4, "probability": 40}
    found = mapped(
        3,
        entry("a", "/b/"),
        entry("c", extensions={}),
        entry("/(?=x)/", extensions=unused, content="@@is_greeting 1\n@@depth 2\nx"),
        entry("d", use_regex=False),
    )
    told = {remark.kind: remark.values for remark in found.remarks}
    assert {"count": 2, "patterns": 2} == told[Kind.SILLYTAVERN]
    assert {"count": 1} == told[Kind.SPECIFIED]
    assert {"names": "/(?=x)/"} == told[Kind.UNUSABLE]
    assert {"names": "selectiveLogic, sticky, probability, position"} == told[Kind.UNUSED]
    assert {"names": "@@is_greeting"} == told[Kind.DECORATORS]
    assert "SillyTavern이 쓴 로어북 항목 2개" in found.remarks[0].text(Language.KOREAN)
    (remark,) = mapped(2, entry("/b/", extensions={})).remarks
    assert (Kind.BARE_PATTERNS, {"count": 1, "patterns": 1}) == (remark.kind, remark.values)
    assert () == mapped(2, entry("b", use_regex=False, extensions={})).remarks


def test_every_remark_has_a_sentence_in_both_languages():
    """Each kind of remark is said in English and in Korean, with the same values."""
    values = dict.fromkeys(("spec", "said", "names", "count", "shown", "patterns"), "*")
    for kind in Kind:
        english, korean = (Remark(kind, values).text(each).count("*") for each in Language)
        assert english == korean


CARDS = [
    (2, entry("d.g", "/c.t/i", constant=True)),
    (3, entry("d.g", "/c.t/i", secondary_keys=["x"], selective=True)),
    (2, entry("d.g", extensions={})),
    (2, entry("d.g", extensions={"ion": 5})),
    (2, entry("d.g", extensions=[1])),
    (2, {k: v for k, v in entry("/c.t/").items() if k != "use_regex"}),
    (3, entry("d.g", extensions={"x": {}})),
]


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("case", range(len(CARDS)))
def test_the_round_trip_keeps_entries_and_their_meaning(tmp_path, version, case):
    """Exported as V2 or V3 and imported again, each entry is as it was and means the same."""
    came, made = CARDS[case]
    card = document(came, copy.deepcopy(made))
    folder, persona = imported(packed(card), tmp_path / "a")
    done = export(persona, folder, version)
    assert () == done.changed
    (told,) = parsed(done.text())["data"]["character_book"]["entries"]
    if version == came:
        assert [] == lost(parsed(json.dumps(made)), told)
    _, again = imported(done.text(), tmp_path / "b")
    assert persona.lorebook == again.lorebook


@pytest.mark.parametrize("extensions", [{"ion": 5}, 5])
def test_what_stands_where_the_mark_goes_is_kept(tmp_path, extensions):
    """Where an entry's extensions or what stands under our name is no object, it stays there."""
    card = document(2, entry("d.g", extensions=extensions))
    folder, persona = imported(packed(card), tmp_path / "a")
    (told,) = export(persona, folder, 3).document["data"]["character_book"]["entries"]
    assert {"keys": "slashed", "not_ours": 5} == told["extensions"]["ion"]


def test_a_pattern_outlives_being_saved_by_sillytavern(tmp_path):
    """Patterns of a V3 card that SillyTavern saved as V2 are patterns still when ION reads it."""
    made = entry("d.g", extensions={})
    folder, persona = imported(packed(document(3, made)), tmp_path / "a")
    saved = parsed(export(persona, folder, 2).text())
    (told,) = saved["data"]["character_book"]["entries"]
    told |= {"use_regex": True, "extensions": SILLYTAVERN}
    again = map_card(read_card(saved, "card"))
    assert persona.lorebook == again.persona("mira", "1", "card").lorebook


def test_an_edited_entry_keeps_what_sillytavern_wrote(tmp_path):
    """After an edit in the package the exported entry has every field of SillyTavern still."""
    folder, _ = imported(packed(document(2, entry("d.g"))), tmp_path / "a")
    file = folder / "lorebook.json"
    file.write_text(file.read_text("utf-8").replace("The lamp", "A lamp"), "utf-8")
    persona = read_manifest(folder, "0.1.0").persona
    done = export(persona, folder, 3)
    assert ("character_book",) == done.changed
    (told,) = done.document["data"]["character_book"]["entries"]
    assert "A lamp." == told["content"]
    assert SILLYTAVERN == told["extensions"]


def test_a_lorebook_by_hand_may_have_both_kinds_of_keys(tmp_path):
    """Entries of a manifest with slashed keys survive being a card; both kinds at once do not."""
    book = Lorebook((LoreEntry("x", keys=("d.g", "/c.t/"), slashed_keys=True, whole_words=True),))
    assert book.needs_patterns
    assert not Lorebook((LoreEntry("x", keys=("d.g",), slashed_keys=True),)).needs_patterns
    persona = make_persona(lorebook=book)
    for version in (2, 3):
        text = export(persona, None, version).text()
        assert book == imported(text, tmp_path / str(version), persona.name)[1].lorebook
    both = Lorebook((LoreEntry("x", keys=("a",), slashed_keys=True, use_regex=True),))
    (problem,) = persona_problems(make_persona(lorebook=both))
    assert problem.startswith("persona.lorebook.entries.0: use_regex makes every key a pattern")
