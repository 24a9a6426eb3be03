"""A persona's standing among others, and its heat map as text and as SVG."""

from __future__ import annotations

from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from ion_framework.conformance.heat_map import (
    BLOCK_WIDTH,
    INTENT_MARKS,
    LEGEND,
    SIGNS,
    grid_of,
    heading,
    summary,
)
from ion_framework.conformance.routing import standing_of
from ion_framework.conformance.svg import svg_of
from ion_framework.domain.key import ALL_KEYS, Intent, Pace, Tone
from ion_framework.domain.language import Language
from ion_framework.domain.routing import RoutingTable
from ion_framework.testing import make_persona

CALM = make_persona("sage", tone={Tone.CALM: Decimal("0.9"), Tone.URGENT: Decimal("0.1")})
PLAIN = make_persona("plain")
BOLD = make_persona("bold", tone={Tone.URGENT: Decimal(1), Tone.PLAYFUL: Decimal("0.6")})


def test_the_standing_is_that_of_the_routing_table():
    """For every key the winner is the table's, and the margin is the difference of the scores."""
    standing = standing_of(CALM, (PLAIN, BOLD))
    table = RoutingTable((CALM, PLAIN, BOLD))

    assert [place.key for place in standing.places] == list(ALL_KEYS)
    for place in standing.places:
        decision = table[place.key]
        assert decision.primary == place.winner
        assert decision.scores["sage"] - decision.scores[place.rival] == place.margin
        assert (place.winner == "sage") == (place.margin > 0)


def test_shares_add_up():
    """What everybody wins adds up to the 216 keys."""
    standing = standing_of(CALM, (PLAIN, BOLD))

    assert len(ALL_KEYS) == sum(standing.against().values())
    assert len(standing.won) == standing.against()["sage"] == 24
    assert standing.best.key.tone is Tone.CALM


def test_what_is_installed_is_counted_apart():
    """The keys won beside the installed personas are counted without a word on the standing."""
    standing = standing_of(CALM, standing_others())
    apart = standing_of(CALM, standing_others(), (PLAIN,))

    assert standing.among_installed is None
    assert 24 == apart.among_installed > len(standing.won)
    assert standing.places == apart.places


def standing_others():
    """Two others, of which one is calmer."""
    return (PLAIN, make_persona("calmer", tone={Tone.CALM: Decimal(1)}))


def test_steps_follow_the_margin():
    """Every cell's step says who wins, and whether by much; ties are told apart."""
    low, high = make_persona("aa"), make_persona("zz")
    for rival, tie in ((low, 3), (high, 2)):
        cells = _cells(standing_of(CALM, (rival,)))
        for cell in cells:
            expected = {Tone.CALM: 0, Tone.URGENT: 5}.get(cell.place.key.tone, tie)
            assert cell.step == expected


def _cells(standing):
    return [
        cell
        for paces in grid_of(standing).values()
        for intents in paces.values()
        for cell in intents.values()
    ]


def test_the_map_needs_no_colour():
    """Signs and marks are different characters, and every row fits into 80 columns."""
    assert len(set(SIGNS)) == len(SIGNS)
    assert len(set(INTENT_MARKS.values())) == len(Intent)
    assert all(len(line) <= 80 for line in heading())
    assert max(len(pace.value) for pace in Pace) <= BLOCK_WIDTH


@pytest.mark.parametrize("language", Language)
def test_the_svg_can_be_read_by_programs(language):
    """It is XML with title, description, language, and a title of its own for each of 216 cells."""
    standing = standing_of(CALM, (PLAIN, BOLD))
    root = ET.fromstring(svg_of(standing, language))  # noqa: S314  our own text
    space = "{http://www.w3.org/2000/svg}"
    titles = [item.text for item in root.iter(f"{space}title")]

    assert language.value == root.get("lang")
    assert "img" == root.get("role")
    assert summary(standing, language) == root.findtext(f"{space}desc")
    assert len(ALL_KEYS) == sum(title.split(":")[0] in set(map(str, ALL_KEYS)) for title in titles)
    assert set(LEGEND[language]) <= {item.text for item in root.iter(f"{space}text")}


def test_the_svg_knows_a_dark_ground_and_loads_nothing():
    """Its colours follow the reader's scheme, and no address or script stands in it."""
    text = svg_of(standing_of(CALM, (PLAIN,)))

    assert "prefers-color-scheme:dark" in text
    assert "<script" not in text
    assert "href" not in text


def test_names_are_escaped():
    """A name that looks like markup is text in the SVG."""
    rival = make_persona("<b>&")

    assert "&lt;b&gt;&amp;" in svg_of(standing_of(CALM, (rival,)))
