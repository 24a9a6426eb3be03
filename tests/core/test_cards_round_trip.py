"""Card, package, card: nothing is lost on the way, whatever a card holds."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ion_framework.cards.card import V1_FIELDS
from ion_framework.cards.carrier import read_file, repack
from ion_framework.cards.exporting import export
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

FEW = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(FEW, max_examples=10_000)
CARRIER = st.sampled_from(sorted(CARRIERS))


def exported(data, version):
    """A card, imported and exported: the document, and the package's folder's content."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, persona = imported(data, Path(scratch) / "pack")
        kept = (folder / read_file(data, "card").name).read_bytes()
        assert kept == data
        found = export(persona, folder, version)
        again = repack(found.original, found.text(), "ccv3", "card")
        document = parsed(found.text())
        assert read_file(again, "card").document == document
        assert found.changed == ()
        return document


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
    assert found["data"]["extensions"].pop("ion")["schema"] == 1
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


def test_an_export_is_the_card_and_nothing_but_the_block_more():
    """An export of an untouched V3 card is the card, with ``extensions.ion`` beside the others."""
    found = exported(CARRIERS["png"](EVERY_FIELD), 3)
    del found["data"]["extensions"]["ion"]
    assert found == parsed(json.dumps(EVERY_FIELD))
