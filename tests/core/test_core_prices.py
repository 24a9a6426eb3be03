"""The table of prices: what it costs, and what it says of lines that are wrong."""

import pytest

from ion_framework.domain.prices import Price, PriceTable
from ion_framework.pipeline.chunks import Usage


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("m 1", "must be a model and two or three prices"),
        ("m 1 2 3 4", "must be a model and two or three prices"),
        ("", "must be a model and two or three prices"),
        ("m 1 two", "has 'two' where US dollars"),
        ("m a b c", "has 'a' where US dollars"),
        ("m -1 2", "has '-1' where US dollars"),
        ("m nan 2", "has 'nan' where US dollars"),
        ("m 1e3 2", "has '1e3' where US dollars"),
    ],
)
def test_wrong_prices_say_what_is_right(line, reason):
    """A line that is no price says so, by the list of problems and by the error."""
    (problem,) = PriceTable.problems((line,))

    assert reason in problem
    assert problem.startswith(repr(line))
    with pytest.raises(ValueError, match=r"US dollars|MODEL INPUT OUTPUT"):
        PriceTable.read((line,))


def test_every_wrong_line_is_told():
    """Each wrong line makes one sentence, and a long one is shown in part."""
    problems = PriceTable.problems(("m 1 2", "x", "y " * 100))

    assert len(problems) == 2
    assert "…" in problems[1]
    assert len(problems[1]) < 250


def test_a_model_has_one_price():
    """A model that is listed twice is refused."""
    (problem,) = PriceTable.problems(("m 1 2", "n 1 2", "m 1 2"))

    assert problem == "'m 1 2' names a model for the second time; keep one of the two"


def test_an_answer_costs_what_its_tokens_cost():
    """Input, cached input and output each have their price, per million tokens."""
    table = PriceTable.read(("m 0.30 2.50 0.075", "n 1 2"))
    usage = Usage(input_tokens=1_000_000, output_tokens=200_000, cached_tokens=400_000)

    assert table.prices["n"] == Price(1.0, 2.0, 1.0)
    assert table.cost_usd(usage, "m") == pytest.approx(0.6 * 0.30 + 0.4 * 0.075 + 0.2 * 2.50)
    assert table.cost_usd(usage, "n") == pytest.approx(1.4)


def test_the_first_name_that_has_a_price_counts():
    """A model that goes by several names costs what the first listed one costs."""
    table = PriceTable.read(("m 1 2", "n 3 4"))

    assert table.cost_usd(Usage(1_000_000, 0), "unknown", "n", "m") == pytest.approx(3.0)


def test_more_cached_tokens_than_tokens_cost_as_many_as_there_are():
    """A service that counts more cached tokens than tokens makes no negative price."""
    table = PriceTable.read(("m 1 2 0.5",))

    assert table.cost_usd(Usage(10, 0, 1_000), "m") == pytest.approx(10 * 0.5 / 1e6)


def test_what_is_not_known_costs_nothing_known():
    """Without a price, or without a count of tokens, there is no cost instead of a wrong one."""
    table = PriceTable.read(("m 1 2",))

    assert table.cost_usd(Usage(1, 1), "other") is None
    assert table.cost_usd(Usage(1, None), "m") is None
    assert table.cost_usd(Usage(None, 1), "m") is None
