"""The compiled lexicons: up to date, equal to their TOML files, and never in the way of an edit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ion_resonance import tables as module
from ion_resonance.compiling import LEXICONS, compile_all, compiled
from ion_resonance.cues import Matcher
from ion_resonance.lexicon import load
from ion_resonance.needles import needles
from ion_resonance.packaged import COMMON, languages
from ion_resonance.tables import COMPILED, Tables, read, tables_of

NAMES = (*languages(), COMMON)
TEXT = (
    "This is frustrating, I don't get it 😂?? "
    "이거 진짜 답답해요 ㅠㅠ 왜 안 되는 거죠? 할까 봐 걱정은 안 해요."
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the English lexicon that a test may edit."""
    return Path(shutil.copytree(LEXICONS / "en", tmp_path / "en"))


def found(tables: Tables) -> list[tuple]:
    """What a matcher of these tables finds in the text."""
    return [tuple(cue) for cue in Matcher(tables).find(TEXT.lower())]


def stale(lexicon) -> Tables:
    """What is called where a compiled file is not up to date."""
    pytest.fail(f"lexicon/{lexicon.name} was edited: run python -m ion_resonance.compiling")


@pytest.mark.parametrize("name", NAMES)
def test_a_compiled_lexicon_is_what_its_toml_files_give(name):
    """Whoever edits a TOML file compiles it before the edit is taken."""
    written = (LEXICONS / name / COMPILED).read_text("utf-8")

    # Not an assertion on the texts: a diff of two lines as long as these helps nobody.
    if written != compiled(LEXICONS / name):
        pytest.fail(f"lexicon/{name} was edited: run python -m ion_resonance.compiling")


@pytest.mark.parametrize("name", NAMES)
def test_compiled_and_parsed_lexicons_find_the_same(name, monkeypatch):
    """The compiled file is used where it is up to date, and changes no reading."""
    parsed = found(tables_of(load(name)))
    monkeypatch.setattr(module, "tables_of", stale)

    assert found(read(LEXICONS / name)) == parsed
    assert parsed


def test_an_edited_toml_file_is_honoured_at_once(folder):
    """A new cue is found although the compiled file does not know it."""
    edited = folder / "tone.toml"
    text = edited.read_text("utf-8")
    edited.write_text(f'{text}\n[[tone.calm]]\nweight = 1.5\ncues = ["this is"]\n', "utf-8")

    assert ("tone", "calm", 1.5, 0, 7) in found(read(folder))
    assert ("tone", "calm", 1.5, 0, 7) not in found(read(LEXICONS / "en"))


def test_a_lexicon_without_a_compiled_file_is_read(folder):
    """A language that somebody adds needs no compiling to work."""
    (folder / COMPILED).unlink()

    assert found(read(folder)) == found(read(LEXICONS / "en"))


def test_compiling_writes_what_is_out_of_date_and_nothing_else(tmp_path):
    """The command repairs a stale file with the very bytes that are packaged."""
    shutil.copytree(LEXICONS, tmp_path / "lexicon")
    (tmp_path / "lexicon" / "ko" / COMPILED).write_text("{}\n", "utf-8")

    assert compile_all(tmp_path / "lexicon") == [tmp_path / "lexicon" / "ko" / COMPILED]
    assert compile_all(tmp_path / "lexicon") == []
    for name in NAMES:
        written = (tmp_path / "lexicon" / name / COMPILED).read_bytes()
        assert written == (LEXICONS / name / COMPILED).read_bytes()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (r"(?:spent|wasted) \d+ hours?", {"spent ", "wasted "}),
        ("[ㅠㅜ]+", {"ㅠ", "ㅜ"}),
        ("wh?at does [^.?!]{1,40} mean", {"what does ", "wat does "}),
        ("(?<=[.?!] .)id (?=you)", {"id "}),
        ("(?:ab|b)*c?", set()),
        (r"\d\d", set()),
        ("(?i)spent", set()),
        ("a(?:b|\\d)", {"a"}),
        ("(?:no|not|nothing) more", {"no more", "not more", "nothing more"}),
    ],
)
def test_needles_are_what_an_expression_cannot_do_without(expression, expected):
    """An expression is skipped only where it cannot match."""
    assert set(needles(expression)) == expected
