"""Documents that are written with gaps say byte for byte what the whole encoder says."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ion_host_aiohttp.api.by_identity import ByIdentity
from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.api.templates import GAPS, Template
from ion_host_aiohttp.receipts import receipt_document, receipt_json, written_receipt
from ion_host_aiohttp.v1.chat import chat_document, chat_json

from ion_framework.pipeline.receipt import (
    CacheOutcome,
    CacheStatus,
    Outcome,
    Participation,
    Receipt,
    StageTiming,
)
from ion_framework.pipeline.reply import Reply
from ion_framework.testing import make_reply

ODD_TEXTS = ("", "NaN", "Infinity", '"', "\\", "한국어", "\ud800", "\x00\n\x7f")
TEXTS = st.one_of(st.sampled_from(ODD_TEXTS), st.text(max_size=20))
NUMBERS = st.one_of(
    st.floats(), st.integers(-(2**40), 2**40), st.sampled_from([0.0, 1e-7, 1e22, -0.0])
)
DECIMALS = st.sampled_from([Decimal("0.590"), Decimal(1), Decimal("NaN"), Decimal("-Infinity")])
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, DECIMALS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
CACHES = st.builds(
    CacheOutcome,
    st.sampled_from(CacheStatus),
    TEXTS,
    st.one_of(st.none(), st.floats(0, 1e6)),
    st.booleans(),
    st.sampled_from(["", "not stored", "not stored: it is full", "a:\ud800"]),
)
PLUGINS = st.builds(
    Participation,
    st.sampled_from(["ion_route", "ion_guard"]),
    TEXTS,
    TEXTS,
    st.just("1.0"),
    st.sampled_from(Outcome),
    NUMBERS,
    TEXTS,
)
STAGES = st.lists(st.builds(StageTiming, TEXTS, NUMBERS, NUMBERS), max_size=3).map(tuple)
METADATA = st.dictionaries(
    st.one_of(TEXTS, st.sampled_from(["cache", "receipt", "plugins", "phase"])), VALUES, max_size=3
)


@st.composite
def receipts(draw: st.DrawFn, same: Receipt) -> Receipt:
    """A receipt of a turn that came before: what does not change is the very same."""
    return attrs.evolve(
        same,
        request_id=draw(st.one_of(st.just("r-1"), TEXTS)),
        margin=draw(DECIMALS),
        prompt=draw(TEXTS),
        plugins=tuple(draw(st.lists(PLUGINS, max_size=3))),
        cache=draw(CACHES),
        stages=draw(STAGES),
        deadline_ms=draw(NUMBERS),
        spent_ms=draw(NUMBERS),
    )


@st.composite
def replies(draw: st.DrawFn) -> tuple[Reply, Reply]:
    """A reply, and the reply to the same message later."""
    first = make_reply(
        metadata=draw(METADATA),
        model=draw(TEXTS),
        degraded=draw(st.sampled_from(["", "the model \ud800 failed"])),
        receipt={
            "evidence": tuple(draw(st.lists(TEXTS, max_size=2))),
            "reasons": tuple(draw(st.lists(TEXTS, max_size=2))),
            "margin": draw(DECIMALS),
            "scores": {name: draw(DECIMALS) for name in draw(st.sets(TEXTS, max_size=2))},
        },
    )
    again = attrs.evolve(
        first,
        content=draw(TEXTS),
        metadata={name: draw(VALUES) for name in first.metadata},
        receipt=draw(receipts(first.receipt)),
    )
    return first, again


@settings(deadline=None, max_examples=60)
@given(replies())
def test_a_receipt_is_the_same_by_both_ways(told: tuple[Reply, Reply]):
    """A receipt is written as the encoder writes the whole, at first and when it comes again."""
    for reply in (*told, *told):
        expected = encode(receipt_document(reply.receipt))

        assert expected == receipt_json(reply.receipt)


async def test_an_answer_is_the_same_by_both_ways(hosting):
    """An answer of API v1 is written as the encoder writes the whole, whatever plugins add."""
    async with hosting() as host:
        name = host.service.ion.personas[0].name

        @settings(deadline=None, max_examples=60)
        @given(replies())
        def check(told: tuple[Reply, Reply]) -> None:
            for reply in told:
                own = attrs.evolve(reply, persona=name)

                assert encode(chat_document(own, host.service)) == chat_json(own, host.service)

        check()


def test_gaps_may_stand_in_any_order():
    """Each part goes into its own gap, wherever that stands in the document."""
    template = Template({"b": GAPS[1], "n": Decimal("0.50"), "a": [GAPS[0]]})

    assert b'{"b":2,"n":0.50,"a":[{"x":1}]}' == template.filled(b'{"x":1}', b"2")


def test_a_text_without_a_form_makes_no_template():
    """A document with a surrogate without its partner has to be encoded as a whole."""
    with pytest.raises(UnicodeEncodeError):
        Template({"a": GAPS[0], "b": "\ud800"})


def test_results_are_known_by_the_very_same_objects():
    """An equal object is another one, and of many results the one that was not used goes first."""
    known, numbers = ByIdentity[int](2), iter(range(9))
    first, equal, third = [1], [1], [3]
    found = [known.of((each,), lambda: next(numbers)) for each in (first, equal, first, third)]
    found.append(known.of((equal,), lambda: next(numbers)))

    assert [0, 1, 0, 2, 3] == found
    assert 2 == len(known)
    known.clear()
    assert 0 == len(known)


def test_what_is_written_already_stands_in_a_document():
    """A receipt that is written has the same form in an answer, also beside numbers without end."""
    receipt = make_reply(receipt={"margin": Decimal("0.590")}).receipt
    odd: dict[str, Any] = {"odd": Decimal("NaN"), "receipt": written_receipt(receipt)}

    assert {"odd": None, "receipt": json.loads(receipt_json(receipt))} == json.loads(encode(odd))
    assert b'"margin":0.590' in encode(odd)
    assert isinstance(written_receipt(receipt), msgspec.Raw)
