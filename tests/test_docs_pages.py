"""The pages of the documentation: every example is run, in both languages the same."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ion_framework.manifest.reading import read_manifest
from ion_framework.manifest.texts import read_texts
from ion_framework.settings.loading import load_settings
from tests.support.pages import (
    LANGUAGES,
    SHELL_PAGES,
    blocks_of,
    blocks_of_kind,
    load_script,
    names,
    text_of,
)
from tests.support.repository import ROOT, blocks

pytestmark = pytest.mark.once

SCRIPT = load_script()
EVERY_PAGE = pytest.mark.parametrize("page", names())
RUN = {"console", "python", "json", "toml", "sh", "text"}
READ = ("ion-plugin.toml", "ion.toml", "texts.toml", "pyproject.toml")
PERSONA = """\
name = "sage"
summary = "Sage, made for a test."
provides = ["persona"]
ion_api = 1
[persona]
description = "Sage."
[persona.prompts]
system = "You are Sage."
"""
"""What a block with a part of a manifest is added to."""


def each(kind: str, title: str | None = None) -> pytest.MarkDecorator:
    """A test for each block of a kind."""
    found = blocks_of_kind(kind, title)
    ids = [f"{page}:{number}" for page, number, _ in found]
    return pytest.mark.parametrize("block", [block for *_, block in found], ids=ids)


@EVERY_PAGE
def test_a_page_has_its_twin(page: str):
    """Each page exists in both languages, with the same blocks and as many headings."""
    assert names("en") == names("ko")
    english, korean = (blocks_of(page, language) for language in LANGUAGES)
    headings = [len(re.findall(r"^#+ ", text_of(page, each), re.MULTILINE)) for each in LANGUAGES]

    assert english == korean
    assert headings[0] == headings[1]
    assert re.search("[가-힣]", text_of(page, "ko"))


@EVERY_PAGE
def test_every_block_is_of_a_kind_that_is_run(page: str):
    """A block is one that a test runs or reads, or plain text."""
    blocks = blocks_of(page)

    assert {block.kind for block in blocks} <= RUN
    assert {block.kind for block in blocks if block.indent} <= {"text"}
    assert all(Path(block.title).name in READ for block in blocks if block.kind == "toml")
    assert page in SHELL_PAGES or "sh" not in {block.kind for block in blocks}


@pytest.mark.parametrize(
    "page", [page for page in names() if "console" in {block.kind for block in blocks_of(page)}]
)
def test_the_answers_shown_are_real(page: str):
    """What a page shows of the command line is what it prints today."""
    assert SCRIPT.main([f"docs/pages/en/{page}"], check=True) == 0


@each("python")
def test_a_python_block_runs(block, tmp_path):
    """A block of Python runs to its end, without a warning."""
    done = subprocess.run(
        (sys.executable, "-P", "-W", "error", "-c", block.text),
        cwd=tmp_path,
        env=SCRIPT.environment(tmp_path / "data"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@each("toml", "ion-plugin.toml")
def test_a_manifest_is_read(block, tmp_path):
    """A manifest, or a part of one beside what it needs, is valid."""
    is_whole = "name" in tomllib.loads(block.text)
    (tmp_path / "ion-plugin.toml").write_text(
        block.text if is_whole else PERSONA + block.text, "utf-8"
    )
    if "texts" in tomllib.loads(block.text):
        (tmp_path / "texts.toml").write_text("", "utf-8")

    assert read_manifest(tmp_path, "1.0").name


@each("toml", "ion.toml")
def test_a_settings_file_is_read(block, tmp_path):
    """A settings file is valid."""
    file = tmp_path / "ion.toml"
    file.write_text(block.text, "utf-8")

    assert load_settings({"ION_CONFIG": str(file)}).file == file


@each("toml", "texts.toml")
def test_sentences_are_read(block, tmp_path):
    """A file of sentences is valid."""
    (tmp_path / "texts.toml").write_text(block.text, "utf-8")
    sentences, problems = read_texts(tmp_path, "texts.toml", "japanese")

    assert sentences
    assert not problems


@each("toml", "pyproject.toml")
def test_a_pyproject_is_toml(block):
    """A pyproject.toml has an entry point."""
    assert tomllib.loads(block.text)["project"]["entry-points"]["ion.plugins"]


@each("json")
def test_json_is_json(block):
    """A block of JSON is valid."""
    assert json.loads(block.text)


def test_what_a_command_prints_may_differ_in_gaps_and_times():
    """An ellipsis stands for any text and a duration for any other; nothing else may differ."""
    assert SCRIPT.is_same("a … z", "a b c z")
    assert SCRIPT.is_same("p50 13.2 → 7.7 ms.", "p50 1 → 22.75 ms.")
    assert not SCRIPT.is_same("p50 13.2 → 7.7 ms.", "p95 13.2 → 7.7 ms.")
    assert not SCRIPT.is_same("3 plugins", "4 plugins")


def test_only_the_tables_of_a_block_change(tmp_path):
    """Of a TOML file that is there the tables of the block change, and no others."""
    file = tmp_path / "a.toml"
    SCRIPT.put(file, "[a]\nx = 1\n\n# b follows\n[b]\ny = 2\nz = 3\n\n[c]\n")
    SCRIPT.put(file, "[b]\ny = 7\n")

    assert file.read_text("utf-8") == "[a]\nx = 1\n\n# b follows\n[b]\ny = 7\n\n[c]\n"
    with pytest.raises(SystemExit, match="has 0 tables"):
        SCRIPT.put(file, "[d]\n")


def test_the_reference_names_everything(monkeypatch):
    """Each hook, each key of a manifest and each command has its place in the reference."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from reference import commands, hooks, manifest

    from ion_framework.cli.group import ion
    from ion_framework.manifest.schema import manifest_schema
    from ion_framework.plugin_host.inspection import SPECS

    schema, told = manifest_schema(), manifest.page()
    tables = [schema, *schema["definitions"].values()]

    assert not [name for name in SPECS if f"\n## {name}\n" not in hooks.page()]
    assert set(SPECS) == set(hooks.ORDER)
    assert not [key for table in tables for key in table["properties"] if f"`{key}`" not in told]
    shown = commands.page()
    for path, _ in commands.commands(ion, ("ion",)):
        assert f" {' '.join(path)}\n" in shown


def test_the_quick_start_is_that_of_the_readme():
    """The first page has the two lines of the README, which are tried in a fresh environment."""
    shown = [block.text for block in blocks_of("index.md") if block.kind == "text"]

    assert shown == [block.text for block in blocks("README.md") if block.section == "Quick start"]
