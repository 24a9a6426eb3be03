"""What stands below a listing: what would stop a start, and what looks like a mistake."""

from __future__ import annotations

from ion_framework.cli.output import Output, note


def show_remarks(output: Output, stops: tuple[str, ...], warnings: tuple[str, ...]) -> None:
    """Write remarks after a table."""
    if stops or warnings:
        output.line()
    for text in stops:
        output.line(f"stops the start: {text}", "bad")
    for text in warnings:
        output.line(f"warning: {text}", "notice")


def note_remarks(stops: tuple[str, ...], warnings: tuple[str, ...]) -> None:
    """Write remarks to standard error, beside JSON on standard output."""
    for text in stops:
        note(f"stops the start: {text}")
    for text in warnings:
        note(f"warning: {text}")
