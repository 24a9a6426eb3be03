"""A card's texts in a turn: where they stand, what is cached, what the receipt says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import attrs
import pytest

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.dialogue import dialogue_of
from ion_framework.domain.language import Language
from ion_framework.domain.lorebook import Lorebook, LoreEntry
from ion_framework.domain.persona import PersonaPrompts
from ion_framework.domain.prompt import PromptMaterial, PromptMode, build_prompt
from ion_framework.domain.prompt_lore import Insertion, greetings_of
from ion_framework.errors import ManifestError
from ion_framework.manifest.reading import read_manifest
from ion_framework.pipeline.cache_key import make_key
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.testing import (
    FakeGenerator,
    make_persona,
    make_plugin,
    make_resonance,
    make_turn,
    running_ion,
)
from tests.support.cards import EVERY_FIELD, imported, packed

ENGLISH, KOREAN = Language.ENGLISH, Language.KOREAN
SAID = (Message(Role.USER, "Is that the old quay?"), Message(Role.ASSISTANT, "It is the old one."))


async def turn(persona, text, **request):
    """The prompt that a generator gets for a turn, and the turn's reply."""
    generator = FakeGenerator()
    plugin = make_plugin("recorder", generator, "generator")
    async with running_ion(plugin, personas=(persona,)) as ion:
        reply = await ion.respond(TurnRequest(text=text, **request))
    (prompt,) = generator.prompts
    return prompt, reply


def mira(folder):
    """The persona of the card with every field."""
    return imported(packed(EVERY_FIELD), folder / "pack")[1]


async def test_a_card_with_every_field_works(tmp_path):
    """Each field of the card that is for a model stands in its place, and no other one."""
    prompt, reply = await turn(mira(tmp_path), "Who lights the harbour?", history=SAID)
    system = prompt.system
    order = (
        "You are Mira. Write Mira's next message",
        "Be brief.",
        "Mira knows the tides.",
        "Mira draws maps. {{random:a,b}} She trusts the user.",
        "wry, exact, patient",
        "A harbour town where the user has lost the way.",
        "> Where?\nNorth of here,\nby the lamp.",
        "What Mira knows about this:\nThe harbour has a lamp.",
        "Answer in English.",
    )
    places = [system.find(text) for text in order]
    assert -1 not in places
    assert sorted(places) == places
    for hidden in ("mapmaker", "maps, ", "ann", "hidden", "Hello", "@@", "{{char}}"):
        assert hidden not in system
    assert ("tides", "harbour", "lamp") == reply.receipt.lore
    assert "1.2" == mira(tmp_path / "again").version


async def test_texts_stand_between_the_messages(tmp_path):
    """An entry with a depth and the reminder stand near the end, the message last of all."""
    prompt, _ = await turn(mira(tmp_path), "Who lights the harbour?", history=SAID)
    turns = dialogue_of(prompt).turns
    assert [Role.USER, Role.ASSISTANT, Role.USER] == [said.role for said in turns]
    lamp, reminder, message = turns[-1].texts
    assert "The lamp is lit for the user." == lamp
    assert "(For Mira; the user did not write this.)\nStay Mira." == reminder
    assert "Who lights the harbour?" == message
    assert SAID == prompt.history


async def test_korean_particles_call_up_an_entry(tmp_path):
    """A Korean key is found in front of its particle, and the answer's language is Korean."""
    prompt, reply = await turn(mira(tmp_path), "오래된 항구에서 누가 불을 켜나요?")
    assert ("tides", "harbour", "lamp") == reply.receipt.lore
    assert "(Mira에게: 사용자가 쓴 글이 아닙니다.)" in dialogue_of(prompt).turns[-1].texts[-2]


async def test_what_changes_comes_after_what_does_not(tmp_path):
    """Two messages with different entries share everything up to the first of them."""
    persona = mira(tmp_path)
    first, _ = await turn(persona, "Who lights the old harbour?")
    second, reply = await turn(persona, "Where are we?")
    assert ("tides",) == reply.receipt.lore
    stable = first.system[: first.system.index("What Mira knows about this:")]
    assert second.system.startswith(stable)
    assert "Mira knows the tides." in stable


def test_an_answer_is_stored_under_what_was_inserted():
    """Prompts that differ in an entry, its place or the reminder have different cache keys."""
    persona = make_persona()
    given = make_turn("hello", persona=persona)
    plain = build_prompt(persona, PromptMaterial("hello", given.resonance))
    prompts = [
        plain,
        *(
            attrs.evolve(plain, insertions=(Insertion(index, Role.USER, text),))
            for index, text in ((0, "a"), (0, "b"), (1, "a"))
        ),
    ]
    digests = {make_key(given, persona, prompt, "g").digest for prompt in prompts}
    assert len(prompts) == len(digests)


@pytest.mark.parametrize(
    ("depth", "history", "index"),
    [(0, 2, 2), (1, 2, 2), (2, 2, 1), (3, 2, 0), (9, 2, 0), (1, 0, 0)],
)
def test_a_depth_counts_from_the_message_to_answer(depth, history, index):
    """Depth 1 stands before the message, deeper ones before so many earlier messages."""
    entry = LoreEntry(f"@@depth {depth}\n@@role assistant\nlore", keys=("k",))
    persona = make_persona(lorebook=Lorebook((entry,)))
    material = PromptMaterial("k", make_resonance(), history=SAID[:history])
    prompt = build_prompt(persona, material)
    assert (Insertion(index, Role.ASSISTANT, "lore"),) == prompt.insertions
    assert "k" == dialogue_of(prompt).turns[-1].texts[-1]


def test_stable_entries_stand_where_the_system_text_says():
    """Without a place of their own they follow the system text; with one they stand there."""
    book = Lorebook((LoreEntry("I know {{char}}.", constant=True),))
    for text, expected in (
        ("Be.", "Be.\n\nI know Sage."),
        ("{{lore_after}} Be.", "I know Sage. Be."),
    ):
        persona = make_persona(lorebook=book, prompts=PersonaPrompts({ENGLISH: text}))
        prompt = build_prompt(persona, PromptMaterial("x", make_resonance()))
        assert prompt.system.startswith(expected + "\n\n")


def test_a_summary_needs_no_lore():
    """The compact prompt has neither entries nor reminder."""
    persona = make_persona(
        lorebook=Lorebook((LoreEntry("lore", constant=True),)),
        prompts=PersonaPrompts({ENGLISH: "x"}, reminder={ENGLISH: "remember"}),
    )
    prompt = build_prompt(persona, PromptMaterial("x", make_resonance()), PromptMode.COMPACT)
    assert ((), ()) == (prompt.insertions, prompt.lore)


def test_greetings_know_names(tmp_path):
    """The greetings of a card are the persona's, with names filled in."""
    assert ("Hello the user, I am Mira.", "Lost again?") == greetings_of(mira(tmp_path), ENGLISH)
    assert () == greetings_of(make_persona(), KOREAN)


def test_patterns_need_their_extra(tmp_path, monkeypatch):
    """Without RE2 a lorebook with regular expressions is refused, and the error names the extra."""
    folder, _ = imported(packed(EVERY_FIELD), tmp_path / "pack")
    monkeypatch.setitem(sys.modules, "re2", None)
    with pytest.raises(ManifestError, match=r"pip install 'ion-framework\[cards\]'"):
        read_manifest(folder, "1.0")


MANIFEST = """\
name = "sage"
summary = "Wise."
provides = ["persona"]
ion_api = 1
[persona]
description = "A sage."
lorebook = {lorebook}
[persona.prompts]
system = "Be."
"""


def persona_with(folder: Path, lorebook, **files):
    """The persona of a manifest with a lorebook."""
    folder.mkdir(exist_ok=True)
    (folder / "ion-plugin.toml").write_text(MANIFEST.format(lorebook=lorebook), "utf-8")
    for name, text in files.items():
        (folder / f"{name}.json").write_text(text, "utf-8")
    return read_manifest(folder, "1.0").persona


def test_a_lorebook_may_be_a_table_files_or_both(tmp_path):
    """A table is read as it is, a file in the card format, and a list is one lorebook."""
    book = {"scan_depth": 7.0, "entries": [{"content": "a", "comment": "A", "x": 1, "position": 4}]}
    table = '{ scan_depth = 2, entries = [{ content = "b", whole_words = true }] }'
    files = {"one": json.dumps({"spec": "lorebook_v3", "data": book})}
    file = '{ file = "one.json" }'

    inline = persona_with(tmp_path, table).lorebook
    both = persona_with(tmp_path, f"[{file}, {table}]", **files).lorebook
    assert Lorebook((LoreEntry("b", whole_words=True),), 2) == inline
    assert Lorebook((LoreEntry("a", name="A"), *inline.entries), 7) == both
    assert Lorebook() == persona_with(tmp_path, "[]").lorebook


@pytest.mark.parametrize(
    ("lorebook", "text", "problem"),
    [
        ("5", "", r'persona.lorebook: must be a table, { file = "…" } or a list of these'),
        ("{ evil = 1 }", "", "persona.lorebook: unknown key evil"),
        ("{ scan_depth = -1 }", "", "persona.lorebook.scan_depth: must be >= 0"),
        ('{ file = "one.json" }', "{", "persona.lorebook: its file is not valid JSON"),
        ('{ file = "one.json" }', "[]", "persona.lorebook: a lorebook must be an object"),
        ('{ file = "one.json" }', '{"entries": [{"keys": 5}]}', "entries.0.keys: must be a list"),
    ],
)
def test_a_wrong_lorebook_is_named(tmp_path, lorebook, text, problem):
    """What is wrong with a lorebook is an error with the file and the key."""
    with pytest.raises(ManifestError) as caught:
        persona_with(tmp_path, lorebook, one=text)
    assert problem in str(caught.value)
    assert str(tmp_path / "ion-plugin.toml") in str(caught.value)
