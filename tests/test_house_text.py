"""What no file of the repository may say."""

import re
from pathlib import Path

import pytest

from tests.support.repository import relative, text_files

pytestmark = pytest.mark.once

INDEX = re.compile(
    r"pypi\.(?:org|python\.org)|pythonhosted\.org|registry\.npmjs\.org|--(?:extra-)?index-url",
)
MACHINE = re.compile(r"(?<![\w.~/-])/(?:root|work|tmp|opt|home/\w|Users/\w)[/\w.-]*")
LEFT_OVER = re.compile(r"\b(?:TO[D]O|FIX[M]E|X{3}|HACK)\b")


def hits(pattern: re.Pattern[str], files: tuple[Path, ...]) -> list[str]:
    """Where a pattern occurs."""
    return [
        f"{relative(file)}:{number}: {line.strip()}"
        for file in files
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def elsewhere() -> tuple[Path, ...]:
    """Every text file but this one, which has to name what it forbids."""
    return tuple(file for file in text_files() if file != Path(__file__))


def test_no_file_names_an_index():
    """No file names the address of a package index: that is the business of pip's settings."""
    assert not hits(INDEX, elsewhere())


def test_no_file_names_a_machine():
    """No file names a path that exists on one machine only."""
    assert not hits(MACHINE, elsewhere())


def test_nothing_is_left_to_do():
    """No file holds a marker of unfinished work."""
    assert not hits(LEFT_OVER, elsewhere())


def test_text_is_utf8_with_unix_lines():
    """Every text file is UTF-8, ends with one line feed and has no carriage return."""
    wrong = []
    for file in text_files():
        data = file.read_bytes()
        data.decode("utf-8")
        if b"\r" in data or (data and (not data.endswith(b"\n") or data.endswith(b"\n\n"))):
            wrong.append(relative(file))

    assert not wrong
