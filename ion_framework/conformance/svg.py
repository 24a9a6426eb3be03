"""The heat map as an SVG: readable by programs, on light and dark ground, and without colour."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ion_framework.conformance.heat_map import (
    INTENT_MARKS,
    LEGEND,
    HeatCell,
    grid_of,
    summary,
)
from ion_framework.conformance.routing import Standing
from ion_framework.domain.key import Intent, Pace, Tone
from ion_framework.domain.language import Language

CELL, GAP, LEFT, TOP = 22, 14, 110, 64
SCRIPT = 10
_MARKS = ("◆", "+", "=", "~", "−", "")
"""One mark for each step, so that the map can be read without its colours."""

_STYLE = """\
svg{font:12px system-ui,sans-serif;background:#fff;color-scheme:light dark}
text{fill:#1b1f24}
.s0{fill:#0a5c36}.s1{fill:#58a878}.s2{fill:#bfe3cc}.s3{fill:#f3e3b8}.s4{fill:#e7b08c}.s5{fill:#f3f4f6}
.m{font-size:11px;text-anchor:middle}.s0+.m{fill:#fff}
rect{stroke:#8b949e;stroke-width:.5}
@media (prefers-color-scheme:dark){svg{background:#0d1117}text{fill:#e6edf3}
.s0{fill:#7ee2a8}.s1{fill:#3a9a63}.s2{fill:#1d5134}.s3{fill:#5a4a1c}.s4{fill:#7a3f1f}.s5{fill:#161b22}
.s0+.m{fill:#0d1117}}
"""


def svg_of(standing: Standing, language: Language = Language.ENGLISH) -> str:
    """The heat map of a standing.

    Every cell has a title with key, winner and margin, which browsers show and screen readers
    read; the whole has a title and a description.

    Args:
        standing: the standing.
        language: language of the sentences.
    """
    block = CELL * len(Intent) + GAP
    width = LEFT + block * len(Pace) + SCRIPT
    height = TOP + CELL * len(Tone) + 110
    titles = {Language.ENGLISH: "Routing of {0}", Language.KOREAN: "{0}의 라우팅"}
    title = escape(titles[language].format(standing.persona))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'lang="{language.value}" aria-labelledby="title description">',
        f'<title id="title">{title}</title>',
        f'<desc id="description">{escape(summary(standing, language))}</desc>',
        f"<style>{_STYLE}</style>",
        *_headings(block),
        *_cells(standing, block),
        *_legend(language, TOP + CELL * len(Tone) + 24),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _headings(block: int) -> Iterator[str]:
    for column, pace in enumerate(Pace):
        x = LEFT + column * block
        yield f'<text x="{x}" y="24">{escape(pace.value)}</text>'
        for index, intent in enumerate(Intent):
            middle = x + index * CELL + CELL // 2
            yield (
                f'<text class="m" x="{middle}" y="{TOP - 10}">{INTENT_MARKS[intent]}'
                f"<title>{escape(intent.value)}</title></text>"
            )
    for row, tone in enumerate(Tone):
        y = TOP + row * CELL + 15
        yield f'<text x="{LEFT - 8}" y="{y}" text-anchor="end">{escape(tone.value)}</text>'


def _cells(standing: Standing, block: int) -> Iterator[str]:
    for row, paces in enumerate(grid_of(standing).values()):
        for column, intents in enumerate(paces.values()):
            for index, cell in enumerate(intents.values()):
                x = LEFT + column * block + index * CELL
                yield _cell(cell, x, TOP + row * CELL)


def _cell(cell: HeatCell, x: int, y: int) -> str:
    place = cell.place
    title = f"{place.key}: {place.winner}, {place.margin.normalize():+f} ({place.rival})"
    return (
        f'<g><title>{escape(title)}</title><rect class="s{cell.step}" x="{x}" y="{y}" '
        f'width="{CELL}" height="{CELL}"/><text class="m" x="{x + CELL // 2}" y="{y + 15}">'
        f"{_MARKS[cell.step]}</text></g>"
    )


def _legend(language: Language, top: int) -> Iterator[str]:
    for step, text in enumerate(LEGEND[language]):
        x, y = LEFT + (step % 3) * 190, top + (step // 3) * 26
        yield (
            f'<g><rect class="s{step}" x="{x}" y="{y - 14}" width="18" height="18"/>'
            f'<text class="m" x="{x + 9}" y="{y}">{_MARKS[step]}</text>'
            f'<text x="{x + 26}" y="{y}">{escape(text)}</text></g>'
        )
    marks = ", ".join(f"{mark} = {intent.value}" for intent, mark in INTENT_MARKS.items())
    yield f'<text x="{LEFT}" y="{top + 62}">{escape(marks)}</text>'
