"""What an answer costs, by a table that the installation's owner writes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import attrs

from ion_framework.pipeline.chunks import Usage

_MILLION = 1_000_000
_NUMBER = re.compile(r"[0-9]{1,7}(\.[0-9]{1,9})?")
_FIELDS = (3, 4)
_SHOWN = 80


@attrs.frozen
class Price:
    """US dollars per million tokens.

    Attributes:
        input: of the prompt.
        output: of the answer and of thinking.
        cached: of what the service took from its own cache.
    """

    input: float
    output: float
    cached: float


@attrs.frozen
class PriceTable:
    """Prices by model."""

    prices: Mapping[str, Price] = attrs.field(factory=dict)

    @classmethod
    def read(cls, lines: Sequence[str]) -> PriceTable:
        """The table in ``MODEL INPUT OUTPUT [CACHED]`` lines.

        Raises:
            ValueError: a line is wrong; see `problems`.
        """
        for problem in cls.problems(lines):
            raise ValueError(problem)
        return cls({line.split()[0]: _price(line) for line in lines})

    @staticmethod
    def problems(lines: Sequence[str]) -> tuple[str, ...]:
        """What is wrong with the lines, one sentence each."""
        seen: set[str] = set()
        found = []
        for line in lines:
            problem = _problem(line, seen)
            if problem:
                shown = line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
                found.append(f"{shown!r} {problem}")
        return tuple(found)

    def cost_usd(self, model: str, usage: Usage) -> float | None:
        """The price of an answer, None for a model or a number of tokens that is not known.

        Args:
            model: the model that was asked.
            usage: its tokens; those from the cache are part of the input.
        """
        price = self.prices.get(model)
        if price is None or usage.input_tokens is None or usage.output_tokens is None:
            return None
        cached = min(usage.cached_tokens or 0, usage.input_tokens)
        fresh = usage.input_tokens - cached
        dollars = fresh * price.input + cached * price.cached + usage.output_tokens * price.output
        return dollars / _MILLION


def _problem(line: str, seen: set[str]) -> str:
    fields = line.split()
    if len(fields) - 1 not in {count - 1 for count in _FIELDS}:
        return (
            "must be a model and two or three prices, 'MODEL INPUT OUTPUT [CACHED]', "
            "such as 'my-model 0.30 2.50 0.075'"
        )
    model, *prices = fields
    wrong = [price for price in prices if not _NUMBER.fullmatch(price)]
    if wrong:
        return f"has {wrong[0]!r} where US dollars per million tokens stand, such as 0.30"
    if model in seen:
        return "names a model for the second time; keep one of the two"
    seen.add(model)
    return ""


def _price(line: str) -> Price:
    prices = [float(field) for field in line.split()[1:]]
    return Price(
        prices[0], prices[1], prices[2] if len(prices) == len(Price.__attrs_attrs__) else prices[0]
    )
