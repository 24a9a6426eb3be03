"""Templates: what is put in, how it is escaped, and what stays as it is."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.scaffolding.markdown import plain, settings_tables
from ion_framework.scaffolding.rendering import render, toml_string
from ion_framework.scaffolding.templates import FOLDER

TEXTS = st.text(st.characters(codec="utf-8"))


@given(TEXTS)
def test_any_text_is_a_toml_string(text):
    """Whatever a text holds, TOML reads from its string what was written."""
    assert {"x": text} == tomllib.loads(f"x = {toml_string(text)}\n")


@pytest.mark.parametrize(
    "text", ['say "hi"', "C:\\new\\table", "two\r\nlines", "\x00\x1b\x7f", "한글 🎉", "'''", '"""']
)
def test_hard_texts_are_toml_strings_on_one_line(text):
    """Quotation marks, backslashes, line ends and control characters are escaped."""
    written = toml_string(text)

    assert {"x": text} == tomllib.loads(f"x = {written}")
    assert written.isprintable()


def test_values_are_put_in_as_they_are_or_as_toml():
    """A plain mark takes the value as it is, one with a form takes it in that form."""
    values = {"a": 'x "y"', "b": "1"}

    assert 'x "y" and "x \\"y\\"", 1' == render("<<a>> and <<a:toml>>, <<b>>", values)


def test_what_is_put_in_is_not_looked_at_again():
    """A value that looks like a mark stays what somebody wrote."""
    assert "<<b>>" == render("<<a>>", {"a": "<<b>>", "b": "no"})


def test_other_languages_marks_are_left_alone():
    """Placeholders of prompts, workflows and Python pass through."""
    text = "{{name}} ${{ matrix.python }} {x} $y 1 << 2 >> 3"

    assert text == render(text, {})


@pytest.mark.parametrize("mark", ["<<unknown>>", "<<a:yaml>>"])
def test_a_mark_without_a_value_is_a_mistake(mark):
    """A template that asks for what there is not is refused."""
    with pytest.raises(KeyError):
        render(mark, {"a": "1"})


def test_markdown_shows_what_was_written():
    """What would mean something in Markdown is escaped."""
    assert "\\*bold\\* \\<b\\> \\`code\\` 한글" == plain("*bold* <b> `code` 한글")


def test_settings_become_a_table():
    """The README's table has key, meaning and default of each setting of a manifest."""
    manifest = (
        '[settings.words]\ntype = "list"\ndescription = "Words | more."\ndefault = ["a", "b"]\n'
        '[settings.on]\ntype = "boolean"\ndescription = "On."\ndefault = true\n'
    )
    tables = settings_tables(manifest, "echo")

    assert '| `words` | Words \\| more. | `["a", "b"]` |' in tables["settings_en"]
    assert "| `on` | On. | `true` |" in tables["settings_en"]
    assert "`[plugin.echo]`" in tables["settings_ko"]
    assert {"settings_en": "", "settings_ko": ""} == settings_tables("", "echo")


def test_templates_are_files_of_the_package():
    """Every template is UTF-8 text that ends with one line end, or empty."""
    for file in FOLDER.rglob("*.*"):
        if file.is_file():
            text = file.read_bytes().decode("utf-8")
            assert ".tmpl" == file.suffix
            assert not text or (text.endswith("\n") and "\r" not in text)
