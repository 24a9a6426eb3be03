"""Card, package, card: nothing is lost on the way, whatever a card holds."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ion_framework.cards.card import V1_FIELDS, read_card
from ion_framework.cards.carrier import read_file, repack
from ion_framework.cards.exporting import export
from ion_framework.cards.foreign import own_part
from ion_framework.cards.mapping import map_card
from ion_framework.cards.remarks import Kind
from ion_framework.cards.system_text import without_lore
from ion_framework.domain.template import to_card
from ion_framework.manifest.persona import persona_problems
from tests.support.cards import (
    CARRIERS,
    EVERY_FIELD,
    V1_CARDS,
    V2_CARDS,
    V3_CARDS,
    imported,
    lost,
    parsed,
)

FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(FEW, max_examples=int(os.environ.get("ION_CARD_EXAMPLES", "10000")))
CARRIER = st.sampled_from(sorted(CARRIERS))


def exported(data, version):
    """A card, imported and exported: the document, and the package's folder's content."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, persona = imported(data, Path(scratch) / "pack")
        kept = (folder / read_file(data, "card").name).read_bytes()
        assert kept == data
        found = export(persona, folder, version)
        again = repack(found.original, found.chunks(), "card")
        document = parsed(found.text())
        assert read_file(again, "card").document == document
        assert found.changed == ()
        assert read_again(found.text(), persona) == persona
        return document


def read_again(text, persona):
    """The persona that a card makes."""
    card = read_card(read_file(text, "card").document, "card")
    return map_card(card).persona(persona.name, persona.version, "card")


def check_v1(card, carrier):
    """Every field of a V1 card is in the exports of its package."""
    for version in (2, 3):
        found = exported(CARRIERS[carrier](card), version)
        inner = {name: card[name] for name in V1_FIELDS if name in card}
        rest = {name: value for name, value in card.items() if name not in inner}
        assert lost(parsed(json.dumps(inner)), found["data"]) == []
        assert lost(parsed(json.dumps(rest)), found) == []


def check_v2(card, carrier):
    """Every field of a V2 card is in its V2 export, which adds nothing but ION's own."""
    found = exported(CARRIERS[carrier](card), 2)
    assert lost(parsed(json.dumps(card)), found) == []
    assert own_part(found["data"]["extensions"].pop("ion"))["schema"] == 1
    added = set(found["data"]) - set(card["data"])
    assert all(found["data"][name] in ("", [], {}) for name in added)


def check_v3(card, carrier):
    """A V3 card comes back from its V3 export, and from a V2 export that is imported again."""
    wanted = parsed(json.dumps(card))
    assert lost(wanted, exported(CARRIERS[carrier](card), 3)) == []
    lowered = exported(CARRIERS[carrier](card), 2)
    assert lowered["spec"] == "chara_card_v2"
    assert "group_only_greetings" not in lowered["data"]
    whole = json.dumps(lowered, default=float) if carrier != "json" else None
    back = exported(CARRIERS[carrier](json.loads(whole)) if whole else _text(lowered), 3)
    assert lost(wanted, back) == []


def _text(document):
    from ion_framework.jsonable import to_json

    return to_json(document).encode()


@FEW
@given(card=V1_CARDS, carrier=CARRIER)
def test_a_v1_card_loses_nothing(card, carrier):
    """No field of a V1 card is lost, in any carrier."""
    check_v1(card, carrier)


@FEW
@given(card=V2_CARDS, carrier=CARRIER)
def test_a_v2_card_loses_nothing(card, carrier):
    """No field of a V2 card is lost, in any carrier."""
    check_v2(card, carrier)


@FEW
@given(card=V3_CARDS, carrier=CARRIER)
def test_a_v3_card_loses_nothing(card, carrier):
    """No field of a V3 card is lost, in any carrier, not even through V2."""
    check_v3(card, carrier)


@pytest.mark.slow
@MANY
@given(card=V1_CARDS, carrier=CARRIER)
def test_ten_thousand_v1_cards_lose_nothing(card, carrier):
    """No field of 10,000 V1 cards is lost."""
    check_v1(card, carrier)


@pytest.mark.slow
@MANY
@given(card=V2_CARDS, carrier=CARRIER)
def test_ten_thousand_v2_cards_lose_nothing(card, carrier):
    """No field of 10,000 V2 cards is lost."""
    check_v2(card, carrier)


@pytest.mark.slow
@MANY
@given(card=V3_CARDS, carrier=CARRIER)
def test_ten_thousand_v3_cards_lose_nothing(card, carrier):
    """No field of 10,000 V3 cards is lost."""
    check_v3(card, carrier)


def check_edit(card, text, carrier):
    """A changed system text is in ION's block, and in the fields unless a remark says otherwise."""
    with tempfile.TemporaryDirectory() as scratch:
        data = CARRIERS[carrier](card)
        (Path(scratch) / read_file(data, "card").name).write_bytes(data)
        persona = map_card(read_card(read_file(data, "card").document, "card")).persona(
            "carded", "1", "card"
        )
        (language, before), *_ = persona.prompts.system.items()
        edited = text(before)
        changed = attrs.evolve(
            persona, prompts=attrs.evolve(persona.prompts, system={language: edited})
        )
        assume(not persona_problems(changed))
        found = export(changed, Path(scratch), 2)
        assert read_again(found.text(), changed) == changed
        told = parsed(found.text())
        if Kind.SYSTEM in [remark.kind for remark in found.remarks]:
            assert found.changed == ()
            return
        del told["data"]["extensions"]["ion"]
        again = map_card(read_card(told, "card"))
        assume(again.language is language)  # else the headings are in the other one
        made = again.table["prompts"]["system"].values()
        assert [_said(text) for text in made] == [_said(edited)]


def _said(text):
    """A system text as a card can say it."""
    places = dict.fromkeys(("lore_before", "lore_after"), "")
    return to_card(without_lore(text), places).strip()


def _edits(words):
    """What may become of a system text: a part of it is gone, and words are in its place."""

    def edit(before, at, length, word):
        start = round(at * len(before))
        return f"{before[:start]}{word}{before[start + length :]}"

    return st.builds(
        lambda at, length, word: lambda before: edit(before, at, length, word) or "-",
        st.floats(0, 1),
        st.integers(0, 30),
        words,
    )


EDITS = _edits(st.sampled_from(["", "new", " new\n\nwords ", "{{persona_name}}", "\n\n"]))


@pytest.mark.slow
@MANY
@given(card=V2_CARDS, text=EDITS, carrier=CARRIER)
def test_ten_thousand_edits_are_told_apart_or_remarked_on(card, text, carrier):
    """Of 10,000 changed system texts each makes itself again, or the fields are as before."""
    check_edit(card, text, carrier)


@FEW
@given(card=V2_CARDS, text=EDITS, carrier=CARRIER)
def test_an_edited_system_text_is_told_apart_or_remarked_on(card, text, carrier):
    """A changed system text makes itself again from the card's fields, or they are as before."""
    check_edit(card, text, carrier)


def test_an_export_is_the_card_and_nothing_but_the_block_more():
    """An export of an untouched V3 card is the card, with ``extensions.ion`` beside the others."""
    found = exported(CARRIERS["png"](EVERY_FIELD), 3)
    del found["data"]["extensions"]["ion"]
    assert found == parsed(json.dumps(EVERY_FIELD))
