"""What stands below a listing: what would stop a start, and what looks like a mistake."""

from __future__ import annotations

from ion_framework.cli.output import Output, note
from ion_framework.domain.language import Language

_LABELS = {
    Language.ENGLISH: ("stops the start", "warning"),
    Language.KOREAN: ("시작을 막는 문제", "경고"),
}


def show_remarks(
    output: Output,
    stops: tuple[str, ...],
    warnings: tuple[str, ...],
    language: Language = Language.ENGLISH,
) -> None:
    """Write remarks after a table.

    Args:
        output: where to.
        stops: what would stop a start.
        warnings: what looks like a mistake.
        language: language of the labels; the remarks themselves are in it already.
    """
    stop, warning = _LABELS[language]
    if stops or warnings:
        output.line()
    for text in stops:
        output.line(f"{stop}: {text}", "bad")
    for text in warnings:
        output.line(f"{warning}: {text}", "notice")


def note_remarks(stops: tuple[str, ...], warnings: tuple[str, ...]) -> None:
    """Write remarks to standard error, beside JSON on standard output."""
    for text in stops:
        note(f"stops the start: {text}")
    for text in warnings:
        note(f"warning: {text}")
