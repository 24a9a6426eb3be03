"""ION's values as JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.domain.key import Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.routing import RoutingDecision
from ion_framework.jsonable import jsonable, to_json


@attrs.frozen
class Account:
    """A value with a secret."""

    name: str
    token: str = attrs.field(repr=False)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-10, max_value=10, places=25))
def test_decimals_keep_every_digit(number: Decimal) -> None:
    """A Decimal is written as a JSON number that reads back as the very same Decimal."""
    assert number == json.loads(to_json(number), parse_float=Decimal, parse_int=Decimal)


@pytest.mark.parametrize(
    ("number", "expected"),
    [("0.590", "0.59"), ("1.000", "1"), ("0E-3", "0"), ("1E+3", "1000"), ("100", "100")],
)
def test_decimals_are_written_without_exponent_or_idle_zeros(number: str, expected: str) -> None:
    """The digits are written as a person would."""
    assert expected == to_json(Decimal(number))


def test_decision_reads_as_people_expect() -> None:
    """A routing decision becomes an object of its fields, with its scores in order."""
    decision = RoutingDecision("lua", None, Decimal("0.70"), {"lua": Decimal("0.9")}, ("so",))

    assert (
        '{"primary": "lua", "secondary": null, "confidence": 0.7, "scores": {"lua": 0.9}, '
        '"reasons": ["so"], "router": "", "forced": false}'
    ) == to_json(decision)


def test_keys_enumerations_and_paths_become_text() -> None:
    """A resonance key is its text, an enumeration its value, a path its text."""
    key = ResonanceKey(Tone.CALM, Pace.BURST, Intent.LEARNING)

    assert ["calm-burst-learning", "calm", "a/b"] == jsonable([key, Tone.CALM, Path("a/b")])


def test_fields_kept_out_of_repr_are_kept_out_of_json() -> None:
    """A secret of an attrs class does not reach the JSON."""
    assert {"name": "ann"} == jsonable(Account("ann", "s3cret"))


def test_what_json_lacks_becomes_null_or_an_escape() -> None:
    """NaN becomes null, and a lone surrogate an escape that every encoder takes."""
    text = to_json([float("nan"), "한\ud800"])

    assert '[null, "한\\ud800"]' == text
    assert text.encode()


def test_value_without_a_form_is_refused_by_its_type() -> None:
    """Something that is no value raises an error that names its type."""
    with pytest.raises(TypeError, match="object has no form in JSON"):
        to_json({"a": object()})


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_plain_values_come_back_as_they_were(value: object) -> None:
    """Plain Python values survive the way through the text, indented or not."""
    assert value == json.loads(to_json(value))
    assert value == json.loads(to_json(value, indent=2))
