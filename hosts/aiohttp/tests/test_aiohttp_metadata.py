"""Metadata of plugins, names of personas and receipts as they stand in answers."""

from __future__ import annotations

import json
from decimal import Decimal
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.metadata import DEEPEST, metadata_document, metadata_json
from ion_host_aiohttp.names import shown_names
from ion_host_aiohttp.receipts import receipt_json

from ion_framework.domain.frozen import FrozenJson
from ion_framework.domain.language import Language
from ion_framework.jsonable import jsonable
from ion_framework.testing import make_persona


class Level(IntEnum):
    """A number with a name."""

    LOW = 1


class Word(str):
    """A text of a class of its own."""

    __slots__ = ()


class Colour(Enum):
    """A name with a text."""

    RED = "red"


def nested(levels: int) -> object:
    """A list in a list in a list."""
    value: object = "end"
    for _ in range(levels):
        value = [value]
    return value


VALUES: dict[str, Any] = {
    "texts": ["a", "한", "", "\ud800"],
    "numbers": [0, -1, 2**64, -(2**63) - 1, 1.5, True, None, float("nan"), Decimal("0.50")],
    "named": {"level": Level.LOW, "colour": Colour.RED},
    "tuples": (1, (2, 3)),
    "read-only": MappingProxyType({"a": MappingProxyType({"b": [1]})}),
    "frozen": FrozenJson({"a": {"b": [1, "한"]}}),
    "keys": {1: "one", None: "none", Colour.RED: "red"},
    "sets": {"a"},
    "deep": nested(DEEPEST),
    "deeper": nested(DEEPEST + 5),
}


async def test_metadata_is_what_jsonable_makes_of_it(hosting):
    """Every value has the same form as by the general way, and can be encoded."""
    async with hosting() as host:
        reply = attrs.evolve(await host.service.ion.respond("hello"), metadata=VALUES)
        found = metadata_document(reply, host.service)

    assert list(found) == list(VALUES)
    for name, value in VALUES.items():
        assert repr(found[name]) == repr(jsonable(value)), name
        encode(found[name])


@pytest.mark.parametrize("value", [[10**5000], [Word("w")], b"x", nested(100_000)])
async def test_what_cannot_be_encoded_is_left_out(hosting, value):
    """What no encoder takes, or is too deep for one, costs nobody the answer."""
    async with hosting() as host:
        metadata = {"good": 1, "odd": value}
        reply = attrs.evolve(await host.service.ion.respond("hello"), metadata=metadata)
        found = metadata_document(reply, host.service)
        left_out = host.lines("metadata left out: no form in JSON")

    assert found == {"good": 1}
    assert [line["name"] for line in left_out] == ["odd"]


async def test_what_a_view_shows_is_looked_at_for_every_answer(hosting):
    """A read-only view of a dictionary that changes is written as it is at the time."""
    seen = {"who": "ann", "more": "x" * 1000}
    metadata = {"profile": MappingProxyType(seen), "frozen": FrozenJson(seen)}
    async with hosting() as host:
        reply = attrs.evolve(await host.service.ion.respond("hello"), metadata=metadata)
        first = metadata_json(reply, host.service)
        seen["who"] = "ben"
        second = metadata_json(reply, host.service)

    assert ["ann", "ben"] == [json.loads(each["profile"])["who"] for each in (first, second)]
    assert first["frozen"] == second["frozen"]


async def test_metadata_of_a_plugin_stays_its_own(hosting):
    """What an answer says of metadata is a copy, whatever becomes of it."""
    async with hosting() as host:
        reply = attrs.evolve(await host.service.ion.respond("hello"), metadata={"list": [1]})
        found: Any = metadata_document(reply, host.service)
        found["list"].append(2)

        assert metadata_document(reply, host.service) == {"list": [1]}


def test_names_of_personas():
    """A persona is shown by its name in English, and by its unique one where that is taken."""
    first, second, third = (make_persona(name) for name in ("first", "second", "third"))
    shown = {name: {Language.ENGLISH: "Same"} for name in ("first", "second")}
    first, second = (attrs.evolve(each, display_name=shown[each.name]) for each in (first, second))

    assert shown_names((first, second)) == {"first": "first", "second": "second"}
    assert shown_names((first,)) == {"first": "Same"}
    assert set(shown_names((first, second, third))) == {"first", "second", "third"}
    assert shown_names(()) == {}


def test_names_follow_a_persona_that_is_read_anew():
    """As soon as one persona is another one its new name is shown."""
    before = make_persona("first")
    after = attrs.evolve(before, display_name={Language.ENGLISH: "New"})
    others = tuple(make_persona(f"other-{number}") for number in range(3))
    names = [shown_names((*others, persona))["first"] for persona in (before, after, before)]

    assert names == [before.shown_name(), "New", before.shown_name()]


async def test_receipts_are_told_each_by_itself(hosting):
    """The document of a receipt is its own, also where another one was told in between."""
    async with hosting() as host:
        first, second = [(await host.service.ion.respond("hello")).receipt for _ in range(2)]
        texts = [receipt_json(each) for each in (first, first, second, first)]

    assert [json.loads(each)["request_id"] for each in texts] == [
        receipt.request_id for receipt in (first, first, second, first)
    ]
    assert texts[0] is texts[1]
    assert texts[0] == texts[3]
