"""Tables as text, and what is kept off terminals."""

from __future__ import annotations

from ion_framework.cli.output import printable
from ion_framework.cli.tables import Table, aligned, fitted, width
from ion_framework.cli.texts import locale_language
from ion_framework.domain.language import Language


def test_columns_line_up_with_korean_in_them() -> None:
    """A Korean syllable counts as two columns, a combining mark as none."""
    lines = aligned(Table(("name", "what"), (("루아", "x"), ("lua", "y\nz"))))

    assert ["name  what", "루아  x", "lua   y z"] == lines
    assert 1 == width("e\u0301")


def test_short_columns_are_kept_whole() -> None:
    """The column of sentences gives room, so that no word of another is broken."""
    table = Table(("name", "reason"), (("two-tier-cache", "a rather long sentence about it"),))

    assert [14, 16] == fitted(table, 30)


def test_columns_that_cannot_fit_are_left_to_the_terminal() -> None:
    """Where the longest words do not fit, no width is fixed."""
    assert [None, None] == fitted(Table(("name", "reason"), (("x" * 20, "y" * 20),)), 30)


def test_text_cannot_steer_the_terminal() -> None:
    """Escape sequences, and characters that turn the writing around, are left out."""
    assert "[2Jred\ttext\n" == printable("\x1b[2Jred\ttext\n\x07\u202e\x9b")


def test_language_follows_the_locale() -> None:
    """LC_ALL goes before LANG; an unset or unknown locale means English."""
    assert Language.KOREAN is locale_language({"LANG": "ko_KR.UTF-8"})
    assert Language.ENGLISH is locale_language({"LANG": "ko_KR.UTF-8", "LC_ALL": "C"})
    assert Language.ENGLISH is locale_language({})
