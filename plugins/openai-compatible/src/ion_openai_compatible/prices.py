"""What an answer costs, by a table of prices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import attrs

from ion_framework.domain.conversation import shorten
from ion_framework.pipeline.chunks import Usage

_PRICE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_FIELDS = (3, 4)
_PER = 1_000_000
_SHOWN = 80


@attrs.frozen
class Price:
    """US dollars for a million tokens.

    Attributes:
        input_usd: of the prompt.
        output_usd: of the answer, its reasoning included.
        cached_usd: of the prompt, those that the service had in its cache.
    """

    input_usd: float
    output_usd: float
    cached_usd: float

    def cost_usd(self, usage: Usage) -> float | None:
        """The price of an answer in US dollars; None where the service did not count its tokens."""
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        cached = min(usage.cached_tokens or 0, usage.input_tokens)
        dollars = (
            (usage.input_tokens - cached) * self.input_usd
            + cached * self.cached_usd
            + usage.output_tokens * self.output_usd
        )
        return dollars / _PER


def price_table(lines: Iterable[str]) -> Mapping[str, Price]:
    """The prices by model.

    Args:
        lines: each ``model input output cached``, such as ``gpt-oss-120b 0.30 2.50 0.075``; where
            the last is left out, cached input costs as much as other input.

    Raises:
        ValueError: a line is of another form, or a model stands there twice.
    """
    found: dict[str, Price] = {}
    for line in lines:
        fields = line.split()
        if len(fields) not in _FIELDS or not all(map(_PRICE.fullmatch, fields[1:])):
            raise ValueError(
                f"{shorten(line, _SHOWN)!r} is no price: write the model, and US dollars per "
                "million tokens of input, of output and, if they differ, of cached input, such as "
                "'gpt-oss-120b 0.30 2.50 0.075'"
            )
        if fields[0] in found:
            raise ValueError(f"the model {fields[0]!r} has two prices: keep one of them")
        prices = [float(field) for field in fields[1:]]
        found[fields[0]] = Price(prices[0], prices[1], (prices[2:] or prices)[0])
    return found


def priced(usage: Usage, models: Iterable[str], prices: Mapping[str, Price]) -> Usage:
    """The usage with what it costs; without a price it stays as it is.

    Args:
        usage: the tokens.
        models: names of the model, the first that has a price counts.
        prices: the prices by model.
    """
    price = next((prices[model] for model in models if model in prices), None)
    return usage if price is None else attrs.evolve(usage, cost_usd=price.cost_usd(usage))
