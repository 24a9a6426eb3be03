"""``ion route``."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from ion_framework.domain.key import ALL_KEYS, ResonanceKey
from ion_framework.domain.persona import Persona
from ion_framework.domain.routing import decide
from ion_framework.plugin_host.assessment import assess
from ion_framework.plugin_host.discovery import installed
from ion_framework.settings.model import Settings
from ion_framework.testing.packages import PluginPackage
from tests.test_cli_process import ion, write

ROUTER = """
import attrs
from ion_framework import hookimpl
from ion_framework.domain.routing import decide

class Plugin:
    def __init__(self, context):
        pass

    @hookimpl
    def ion_route(self, turn, personas):
        nana = [persona for persona in personas if persona.name == "nana"]
        return decide(turn.resonance.key, nana)

plugin = Plugin
"""
ROUTER_MANIFEST = 'name = "bossy"\nsummary = "Test."\nprovides = ["router"]\nion_api = 1\n'


def _personas() -> list[Persona]:
    records = assess(installed(), Settings(), {})
    return [r.manifest.persona for r in records if r.manifest and r.manifest.persona]


def test_all_keys_agree_with_the_formula_digit_by_digit() -> None:
    """``--all --json`` writes 216 lines whose numbers are those of exact decimal arithmetic."""
    ran = ion("route", "--all", "--json")

    personas = _personas()
    lines = [
        json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in ran.out.splitlines()
    ]
    assert 0 == ran.code
    assert [str(key) for key in ALL_KEYS] == [line["key"] for line in lines]
    for line in lines:
        expected = decide(ResonanceKey.parse(line["key"]), personas)
        assert ["key", "primary", "secondary", "confidence", "scores"] == list(line)
        assert (expected.primary, expected.secondary) == (line["primary"], line["secondary"])
        assert expected.confidence == line["confidence"]
        assert list(expected.scores.items()) == list(line["scores"].items())


def test_numbers_are_written_without_rounding_noise() -> None:
    """A score of 0.59 is written as 0.59."""
    ran = ion("route", "frustrated-burst-seek_advice", "--json")

    assert '"riri": 0.59' in ran.out
    assert '"confidence": 0.823' in ran.out
    assert "resonance" == ran.json()["router"]


def test_active_router_decides_and_not_the_table(tmp_path: Path) -> None:
    """Another router goes before the fallback, and the command shows what it decides."""
    package = PluginPackage(name="bossy", manifest=ROUTER_MANIFEST, code=ROUTER)

    ran = ion("route", "frustrated-burst-learning", "--json", folder=write(tmp_path, package))

    assert ("nana", "bossy") == (ran.json()["primary"], ran.json()["router"])


def test_alias_of_a_key_is_understood_and_named_properly() -> None:
    """``neutral-slow-seek-advice`` is a key in other words."""
    assert (
        "calm-contemplative-seek_advice"
        == ion("route", "neutral-slow-seek-advice", "--json").json()["key"]
    )


def test_unknown_key_is_a_usage_error_that_lists_what_is_valid() -> None:
    """A wrong component exits with 2 and names the valid values."""
    ran = ion("route", "calm-hasty-learning")

    assert 2 == ran.code
    assert "unknown pace 'hasty'; valid are: burst, flowing, contemplative, medium" in ran.err


def test_message_is_analysed_and_routed() -> None:
    """``--message`` gives the key that was read and the persona it goes to."""
    ran = ion("route", "--message", "지금 결제 서버 죽었어요 당장 롤백 방법 알려 주세요", "--json")

    assert ("urgent", "nana") == (ran.json()["key"].split("-")[0], ran.json()["primary"])


def test_exactly_one_of_key_message_and_all_is_needed() -> None:
    """None and two of them are usage errors."""
    assert [2, 2] == [ion("route").code, ion("route", "calm-medium-learning", "--all").code]


def test_people_see_the_reasons() -> None:
    """The plain form names persona, reasons and every score."""
    ran = ion("route", "calm-medium-learning")

    assert ran.out.startswith("calm-medium-learning goes to elro, confidence 0.706\n")
    assert "ahead of riri" in ran.out
    assert "riri     0.98" in ran.out
