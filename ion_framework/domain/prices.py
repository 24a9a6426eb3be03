"""What an answer costs, by a table that the installation's owner writes.

No prices are built in: they change, and differ by contract. A table is a list of lines
``MODEL INPUT OUTPUT [CACHED]``, in US dollars per million tokens::

    table = PriceTable.read(["my-model 0.30 2.50 0.075"])
    table.cost_usd(usage, "my-model")
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Protocol

import attrs

from ion_framework.domain.conversation import shorten
from ion_framework.domain.frozen import frozen

_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_MILLION = 1_000_000
_FIELDS = (3, 4)
_SHOWN = 80


class Tokens(Protocol):
    """Numbers of tokens, None where the service does not say; a `Usage` is one."""

    @property
    def input_tokens(self) -> int | None:
        """Tokens of the prompt, cached ones included."""

    @property
    def output_tokens(self) -> int | None:
        """Tokens of the answer, those of its reasoning included."""

    @property
    def cached_tokens(self) -> int | None:
        """Tokens of the prompt that the service took from its own cache."""


@attrs.frozen
class Price:
    """US dollars per million tokens.

    Attributes:
        input_usd: of the prompt.
        output_usd: of the answer, its reasoning included.
        cached_usd: of what the service took from its own cache.
    """

    input_usd: float
    output_usd: float
    cached_usd: float

    def cost_usd(self, tokens: Tokens) -> float | None:
        """The price of an answer in US dollars; None where the service did not count its tokens."""
        if tokens.input_tokens is None or tokens.output_tokens is None:
            return None
        cached = min(tokens.cached_tokens or 0, tokens.input_tokens)
        dollars = (
            (tokens.input_tokens - cached) * self.input_usd
            + cached * self.cached_usd
            + tokens.output_tokens * self.output_usd
        )
        return dollars / _MILLION


@attrs.frozen
class PriceTable:
    """Prices by model.

    Attributes:
        prices: the price of each model that has one.
    """

    prices: Mapping[str, Price] = attrs.field(factory=dict, converter=frozen)

    @classmethod
    def read(cls, lines: Iterable[str]) -> PriceTable:
        """The table in lines ``MODEL INPUT OUTPUT [CACHED]``.

        Without the last price cached input costs as much as other input.

        Raises:
            ValueError: a line is wrong; see `problems`.
        """
        lines = tuple(lines)
        for problem in cls.problems(lines):
            raise ValueError(problem)
        return cls({line.split()[0]: _price(line) for line in lines})

    @staticmethod
    def problems(lines: Iterable[str]) -> tuple[str, ...]:
        """What is wrong with lines, one sentence each."""
        seen: set[str] = set()
        found = ((line, _problem(line, seen)) for line in lines)
        return tuple(f"{shorten(line, _SHOWN)!r} {problem}" for line, problem in found if problem)

    def cost_usd(self, tokens: Tokens, *models: str) -> float | None:
        """The price of an answer in US dollars, None for a model or tokens that are not known.

        Args:
            tokens: its tokens.
            models: names of the model that answered; the first that has a price counts.
        """
        price = next((self.prices[model] for model in models if model in self.prices), None)
        return None if price is None else price.cost_usd(tokens)


def _problem(line: str, seen: set[str]) -> str:
    """What is wrong with a line, empty where nothing is; adds its model to those seen."""
    fields = line.split()
    if len(fields) not in _FIELDS:
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
    usd, output_usd, *cached_usd = map(float, line.split()[1:])
    return Price(usd, output_usd, *(cached_usd or [usd]))
