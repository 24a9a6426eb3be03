"""JSON objects that nobody can change."""

import json
from types import MappingProxyType

import pytest

from ion_framework.domain.frozen import FrozenJson
from ion_framework.jsonable import to_json

VALUES = {"a": [1, {"b": "ㄱ"}], "c": None, "d": {"e": 1.5, "f": True}}


def test_it_holds_what_it_was_made_of():
    """Objects inside are frozen as well, lists are tuples, and JSON is what it was."""
    found = FrozenJson(VALUES)

    assert found["d"] == {"e": 1.5, "f": True}
    assert found["a"] == (1, {"b": "ㄱ"})
    assert json.loads(to_json(found)) == VALUES


def test_what_it_was_made_of_may_change_afterwards():
    """It is a copy all the way down, of views of dictionaries too."""
    inner = {"who": "ann"}
    found = FrozenJson({"seen": MappingProxyType(inner), "listed": [inner]})
    inner["who"] = "ben"

    assert found == {"seen": {"who": "ann"}, "listed": ({"who": "ann"},)}


def test_nobody_can_change_it():
    """There is no way to set a member."""
    with pytest.raises(TypeError):
        FrozenJson(VALUES)["a"] = 1


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({1: "a"}, TypeError),
        ({"a": object()}, TypeError),
        ({"a": {"b": {1, 2}}}, TypeError),
        ({"a": float("nan")}, ValueError),
        ({"a": ["\ud800"]}, ValueError),
        ({"\ud800": 1}, ValueError),
    ],
)
def test_what_is_no_json_is_refused(values, error):
    """Names and values without a form in JSON are refused when it is made."""
    with pytest.raises(error):
        FrozenJson(values)


def test_it_is_written_once():
    """Whoever asks again gets what was written before."""
    asked = []

    def write(values):
        asked.append(values)
        return json.dumps(values).encode()

    found = FrozenJson(VALUES)

    assert found.written(write) == found.written(write) == json.dumps(VALUES).encode()
    assert asked == [VALUES]
