"""Personas that plugins provide: checked as manifests are, and never in the way of a manifest's."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from ion_framework import hookimpl
from ion_framework.domain.key import Tone
from ion_framework.domain.language import Language
from ion_framework.domain.persona import PersonaPrompts, Voice
from ion_framework.plugin_host.discovery import inline
from ion_framework.plugin_host.record import Status
from ion_framework.testing import make_ion, make_manifest, make_persona, make_plugin

ENGLISH = Language.ENGLISH


class Bringing:
    """An extension that provides personas."""

    def __init__(self, *personas):
        self.personas = personas

    @hookimpl
    def ion_provide_personas(self):
        """The personas."""
        return self.personas


def bringing(name, *personas):
    """A plugin that provides these personas."""
    return make_plugin(name, Bringing(*personas), "extension")


def prompts(text, **more):
    """A persona with this system text."""
    return make_persona("muse", prompts=PersonaPrompts({ENGLISH: text}, **more))


# case -> the persona, what the reason says after the hook's name
WRONG = {
    "capital letter": (make_persona("Muse"), "name: 'Muse' is not valid; use up to 64 lower-case"),
    "no letter": (make_persona(""), "name: '' is not valid"),
    "no text": (attrs.evolve(make_persona("x"), name=3), "name: 3 is not valid"),
    "float": (
        make_persona("muse", tone={Tone.CALM: 0.5}),
        "muse: persona.affinities.tone.calm: must be a number, is 0.5",
    ),
    "above one": (
        make_persona("muse", tone={Tone.CALM: Decimal("1.5")}),
        "muse: persona.affinities.tone.calm: must be between 0 and 1, is 1.5",
    ),
    "not a number": (
        make_persona("muse", tone={Tone.CALM: Decimal("NaN")}),
        "muse: persona.affinities.tone.calm: must be between 0 and 1, is NaN",
    ),
    "no tone": (
        make_persona("muse", tone={"grim": Decimal(1)}),
        "muse: persona.affinities.tone.grim: 'grim' is not valid; valid are: frustrated",
    ),
    "rank": (make_persona("muse", rank=1.5), "muse: persona.rank: must be an integer, is 1.5"),
    "no rank": (make_persona("muse", rank=None), "muse: persona.rank: must be an integer, is None"),
    "placeholder": (
        prompts("You are {{who}}."),
        "muse: persona.prompts.system.en: unknown placeholder {{who}}; valid are: persona_name",
    ),
    "guidance": (
        prompts("You are.", guidance={ENGLISH: "{{nope}}"}),
        "muse: persona.prompts.guidance.en: unknown placeholder {{nope}}",
    ),
    "empty prompt": (prompts(" "), "muse: persona.prompts.system.en: is empty"),
    "no prompt": (
        make_persona("muse", prompts=PersonaPrompts({})),
        "muse: persona.prompts.system: give a text in at least one language",
    ),
    "opening": (
        make_persona("muse", voice=Voice({"grim": {ENGLISH: ("Hm.",)}})),
        "muse: persona.voice.opening.grim: is no tone; valid are: frustrated",
    ),
    "trait": (
        make_persona("muse", traits={ENGLISH: (3,)}),
        "muse: persona.traits.en[0]: must be a string, is 3",
    ),
}


@pytest.mark.parametrize(("persona", "words"), WRONG.values(), ids=WRONG)
def test_a_provided_persona_is_checked_as_a_manifest_is(persona, words):
    """What a manifest may not say makes the plugin that provides it INVALID, with the reason."""
    ion = make_ion(bringing("ann", make_persona("bard"), persona))
    ion.activate()
    record = ion.host.record("ann")
    assert Status.INVALID is record.status
    assert f"ion_provide_personas: {words}" == record.reason[: len(words) + 22]
    assert ["sage"] == [found.name for found in ion.personas]


def test_a_good_provided_persona_arrives_as_it_is():
    """A provided persona that a manifest could describe is the one that the `Ion` has."""
    muse = make_persona(
        "muse", tone={Tone.CALM: Decimal("0.1")}, rank=3, preferred_tones=(Tone.CALM,)
    )
    ion = make_ion(bringing("ann", muse))
    ion.activate()
    assert (Status.ACTIVE, muse) == (ion.host.record("ann").status, ion.persona("muse"))


def test_a_provided_persona_without_a_version_has_that_of_its_distribution():
    """An empty version is filled in, because a version is part of every cache key."""
    plugin = attrs.evolve(bringing("ann", make_persona("muse", version="")), version="2.5")
    ion = make_ion(plugin)
    ion.activate()
    assert "2.5" == ion.persona("muse").version


def test_a_plugin_brings_a_name_once():
    """A plugin that provides two personas of one name is INVALID, and the reason names it."""
    ion = make_ion(bringing("ann", make_persona("muse"), make_persona("muse", rank=3)))
    ion.activate()
    record = ion.host.record("ann")
    assert Status.INVALID is record.status
    assert "brings the persona 'muse', which ann brings; give it another name" in record.reason


def test_of_two_manifests_with_one_persona_the_second_is_invalid():
    """A persona's name stays with the first plugin whose manifest has it; the start goes on."""
    plugins = [
        inline(make_manifest(name, "persona", persona=make_persona("muse")))
        for name in ("ann", "ben")
    ]
    ion = make_ion(*plugins)
    ion.activate()
    assert [Status.ACTIVE, Status.INVALID] == [
        ion.host.record(name).status for name in ("ann", "ben")
    ]


@pytest.mark.parametrize("name", ["aaa", "zzz"])
def test_a_manifest_has_its_name_before_any_extension(name):
    """Whatever the plugins are called, the one that takes a manifest's persona name is INVALID."""
    ion = make_ion(bringing(name, make_persona("lua")), personas=(make_persona("lua", rank=7),))
    ion.activate()
    assert (Status.INVALID, Status.ACTIVE) == (
        ion.host.record(name).status,
        ion.host.record("lua").status,
    )
    assert "brings the persona 'lua', which lua brings" in ion.host.record(name).reason
    assert 7 == ion.persona("lua").rank
