"""Small parts of the report that need no messages."""

import pytest

from ion_framework.cli.tables import Table
from perf.analysis.gate import Side, parse_limit
from perf.analysis.heatmap import colour, figure_colour
from perf.analysis.markdown import pipe_table


@pytest.mark.parametrize("text", ["tone_f1", "=0.5", "tone_f1=much", "tone_f1=nan"])
def test_a_promise_has_a_figure_and_a_number(text: str):
    """What is not figure=number is no promise."""
    with pytest.raises(ValueError, match=r"."):
        parse_limit(text, Side.MIN)


def test_a_promise_about_a_part_may_hold_equals_signs():
    """The limit stands after the last equals sign."""
    limit = parse_limit("topic=a=b.tone_f1=0.5", Side.MIN)

    assert ("topic=a=b.tone_f1", 0.5) == (limit.figure, limit.value)


def test_figures_in_a_heat_map_stand_out():
    """On every field of a heat map the figure has a contrast of at least 4.5 (WCAG AA)."""

    def luminance(code: str) -> float:
        parts = (int(code[place : place + 2], 16) / 255 for place in (1, 3, 5))
        red, green, blue = (
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for step in range(101):
        share = step / 100
        inks = luminance(figure_colour(share)), luminance(colour(share))
        light, dark = sorted(inks, reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, step


def test_bars_in_cells_are_escaped():
    """A bar in a cell does not end it."""
    assert "| a\\|b |" == pipe_table(Table(("x",), (("a|b",),))).splitlines()[-1]
