"""The little SVG that two pictures need; every picture brings its background and its colours."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

PAPER = "#ffffff"
INK = "#1b1f24"
FAINT = "#c3c9d0"
ACCENT = "#0b5cad"
FONT = "system-ui, 'Noto Sans', 'Noto Sans KR', sans-serif"


def document(width: float, height: float, title: str, body: Iterable[str]) -> str:
    """A picture on its own white paper, so that it is legible on a dark page too.

    Args:
        width: width in pixels.
        height: height in pixels.
        title: what it shows, for screen readers.
        body: its elements.
    """
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
            f'viewBox="0 0 {width:g} {height:g}" role="img" aria-label={quoteattr(title)} '
            f'font-family="{FONT}" font-size="12">',
            f"<title>{escape(title)}</title>",
            rectangle(0, 0, width, height, PAPER),
            *body,
            "</svg>\n",
        )
    )


def rectangle(x: float, y: float, width: float, height: float, fill: str) -> str:
    """A filled rectangle."""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"/>'


def line(
    start: tuple[float, float], end: tuple[float, float], stroke: str, dashes: str = ""
) -> str:
    """A straight line, dashed where dashes are given."""
    (x1, y1), (x2, y2) = start, end
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{stroke}"{dashed}/>'


def circle(x: float, y: float, radius: float, fill: str) -> str:
    """A filled circle."""
    return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius:.2f}" fill="{fill}" fill-opacity="0.75"/>'


def text(  # noqa: PLR0913  SVG asks for as much
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    fill: str = INK,
    size: int = 12,
    turned: bool = False,
) -> str:
    """A line of text.

    Args:
        x: where its anchor is.
        y: its base line.
        words: the text.
        anchor: ``start``, ``middle`` or ``end``.
        fill: its colour.
        size: its size in pixels.
        turned: whether it runs upwards, 45 degrees.
    """
    turn = f' transform="rotate(-45 {x:g} {y:g})"' if turned else ""
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{fill}" font-size="{size}"{turn}>'
        f"{escape(words)}</text>"
    )
