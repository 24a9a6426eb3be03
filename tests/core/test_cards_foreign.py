"""``extensions.ion`` of a card as other programs write it: read, kept, and kept up to date."""

from __future__ import annotations

import json
from decimal import Decimal

import attrs

from ion_framework.cards.card import read_card
from ion_framework.cards.exporting import export
from ion_framework.cards.mapping import map_card
from ion_framework.domain.key import Tone
from tests.support.cards import imported, packed, parsed

WRITTEN = {
    "persona_id": "lighthouse",
    "version": "1.4.0",
    "resonance": {"tones": {"calm": 0.9, "grumpy": 1}, "paces": {"fast": 2}, "intents": {}},
    "routing": {"examples": ["storm?"], "counter_examples": ["tax?"]},
    "cache": {"scope": "shared", "ttl": 120},
}


def written(data, tmp_path):
    """The persona of a card with such a block, what is said of it, and its export."""
    card = {"spec": "chara_card_v2", "data": {"name": "Mira", "extensions": {"ion": data}}}
    folder, persona = imported(packed(card), tmp_path / "pack", "mira")
    remarks = map_card(read_card(card, "card")).remarks
    return persona, [remark.text() for remark in remarks], folder


def test_a_block_of_affinities_alone_is_read(tmp_path):
    """Affinities, cache and version come from it; what does not fit is named, and all is kept."""
    persona, remarks, folder = written(WRITTEN, tmp_path)
    block = export(persona, folder, 3).document["data"]["extensions"]["ion"]

    assert {"calm": Decimal("0.9")} == dict(persona.affinities.tone)
    assert ("shared", 120, "1.4.0") == (
        persona.cache.scope,
        persona.cache.ttl_s,
        persona.version,
    )
    assert [
        "taken from extensions.ion, which another program wrote: resonance.tones, cache.scope, "
        "cache.ttl",
        "kept and not used of extensions.ion: resonance.tones.grumpy, resonance.paces.fast, "
        "routing",
    ] == remarks[-2:]
    assert parsed(json.dumps(WRITTEN)) == {key: block[key] for key in WRITTEN}


def test_a_block_of_others_follows_the_package(tmp_path):
    """Affinities and cache changed in the package are changed in it, and its other keys stay."""
    persona, _, folder = written(WRITTEN, tmp_path)
    affinities = attrs.evolve(persona.affinities, tone={Tone.CALM: Decimal("0.2")})
    cache = attrs.evolve(persona.cache, ttl_s=60)
    changed = attrs.evolve(persona, affinities=affinities, cache=cache)
    block = export(changed, folder, 3).document["data"]["extensions"]["ion"]

    assert {"calm": Decimal("0.2")} == block["resonance"]["tones"]
    assert {"scope": "shared", "ttl_s": 60} == block["cache"]
    assert WRITTEN["routing"] == block["routing"]
    assert changed.affinities == own_persona(block, changed).affinities


def own_persona(block, persona):
    """What a card with a block says again."""
    card = {"spec": "chara_card_v2", "data": {"name": "Mira", "extensions": {"ion": block}}}
    return map_card(read_card(card, "card")).persona(persona.name, persona.version, "card")
