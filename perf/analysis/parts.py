"""Which messages are scored together: languages, seen and unseen sources, any column's values."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from perf.analysis.readings import Read
from perf.analysis.rows import InputError, Row

ALL = "all"
MOST_VALUES = 100
"""Values that a column may have for ``--by``; more are texts or numbers, not groups."""


def parts_of(
    reads: Sequence[Read], training: AbstractSet[str], by: Sequence[str]
) -> dict[str, list[Read]]:
    """The messages by part, each name once, in the order of the report.

    ``all``, each language (``en``), seen and unseen sources of each (``en.unseen``), and each
    value of a column (``topic=travel``).

    Args:
        reads: the messages.
        training: sources that the analyser learned from.
        by: columns to break the scores down by; checked by `check_columns`.
    """
    parts = {ALL: list(reads)}
    for read in sorted(reads, key=lambda read: read.row.lang.value):
        language = read.row.lang.value
        parts.setdefault(language, []).append(read)
    for language in [name for name in parts if name != ALL]:
        for read in parts[language]:
            if read.row.source is not None:
                seen = "seen" if read.row.source in training else "unseen"
                parts.setdefault(f"{language}.{seen}", []).append(read)
    for column in by:
        for read in sorted(reads, key=lambda read: read.row.columns[column]):
            parts.setdefault(f"{column}={read.row.columns[column]}", []).append(read)
    return parts


def check_columns(rows: Sequence[Row], by: Sequence[str]) -> None:
    """Make sure that scores can be broken down by these columns.

    Raises:
        InputError: a file lacks one, or it has too many values.
    """
    for column in by:
        for row in rows:
            if column not in row.columns:
                raise InputError(
                    f"{row.file}:1: --by {column}: there is no such column; "
                    f"there are: {', '.join(row.columns)}"
                )
        values = len({row.columns[column] for row in rows})
        if values > MOST_VALUES:
            raise InputError(
                f"--by {column}: the column has {values} different values; "
                f"at most {MOST_VALUES} are groups"
            )
