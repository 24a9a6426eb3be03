"""Answers into JSON."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType

import attrs
import pytest
from ion_host_aiohttp.api.encoding import encode


@attrs.frozen(slots=False)
class _Answer:
    zeta: object
    alpha: object


class TestEncode:
    """``encode``."""

    def test_decimals_stay_exact(self):
        """A decimal becomes the JSON number that it is, and fields keep their order."""
        assert encode(_Answer(Decimal("0.59"), "가")) == '{"zeta":0.59,"alpha":"가"}'.encode()

    def test_lone_surrogates_become_question_marks(self):
        """Text that cannot be encoded loses the character, and nothing else changes."""
        answer = _Answer({"text": "a\ud800b", "score": Decimal("0.59")}, MappingProxyType({"k": 1}))

        assert encode(answer) == (b'{"zeta": {"text": "a?b", "score": 0.59}, "alpha": {"k": 1}}')

    def test_other_mappings_are_objects(self):
        """A mapping that is no dictionary becomes an object."""
        assert encode(MappingProxyType({"k": [1]})) == b'{"k":[1]}'

    def test_what_json_does_not_know_is_an_error(self):
        """A value without a form in JSON is refused by the name of its type."""
        with pytest.raises(TypeError, match="object has no form in JSON"):
            encode({"x": object()})

    def test_numbers_that_are_not_finite_are_null(self):
        """NaN and infinities become null; text that merely names them stays."""
        numbers = [Decimal("NaN"), Decimal("-Infinity"), float("inf"), "NaN", Decimal("0.59")]

        assert encode(_Answer(numbers, "a")) == b'{"zeta":[null,null,null,"NaN",0.59],"alpha":"a"}'
