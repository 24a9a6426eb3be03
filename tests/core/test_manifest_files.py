"""Texts that a manifest takes from files: only from inside the package, bounded, UTF-8."""

from __future__ import annotations

import json
import sys

import pytest

from ion_framework.domain.language import Language
from ion_framework.errors import ManifestError
from ion_framework.manifest.files import MAX_FILE_BYTES, MAX_TEXT_BYTES
from ion_framework.manifest.reading import read_manifest

MANIFEST = """\
name = "sage"
summary = "Wise."
provides = ["persona"]
ion_api = 1
[persona]
description = "A sage."
[persona.prompts.system]
en = {{ file = {path} }}
"""


def package(folder, path):
    """A package whose English prompt is taken from a path."""
    folder.mkdir(exist_ok=True)
    (folder / "ion-plugin.toml").write_text(MANIFEST.format(path=json.dumps(path)), "utf-8")
    return folder


def problem_of(folder, path):
    """The only thing that is wrong with the package."""
    with pytest.raises(ManifestError) as caught:
        read_manifest(package(folder, path), "1.0")
    (problem,) = caught.value.problems
    start = f"{folder / 'ion-plugin.toml'}: persona.prompts.system.en.file: "
    assert start == problem[: len(start)]
    return problem.removeprefix(start)


@pytest.mark.parametrize("path", ["system.md", "prompts/en.md", "prompts/../system.md"])
def test_a_file_inside_the_package_is_read(tmp_path, path):
    """The text of the file stands in the place of the reference, line ends made uniform."""
    folder = package(tmp_path / "pack", path)
    (folder / "prompts").mkdir()
    (folder / path).write_bytes("Du bist {{persona_name}}.\r\nSo klug wie 루아.\r\n".encode())
    persona = read_manifest(folder, "1.0").persona
    wanted = {Language.ENGLISH: "Du bist {{persona_name}}.\nSo klug wie 루아.\n"}
    assert wanted == persona.prompts.system


@pytest.mark.parametrize("path", ["../outside.md", "a/../../outside.md", "/etc/hostname", ".", ""])
def test_a_file_outside_the_package_is_refused(tmp_path, path):
    """A path that leads out of the package is refused, whether anything is there or not."""
    (tmp_path / "outside.md").write_text("secret", "utf-8")
    problem = problem_of(tmp_path / "pack", path)
    assert f"{path!r} lies outside the package" == problem


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
@pytest.mark.parametrize(
    ("link", "target", "path", "words"),
    [
        ("link.md", "../outside.md", "link.md", "lies outside the package"),
        ("link.md", "inside.md", "link.md", "goes through a link"),
        ("folder", "real", "folder/inside.md", "goes through a link"),
        ("folder", "..", "folder/outside.md", "lies outside the package"),
    ],
)
def test_a_link_is_refused(tmp_path, link, target, path, words):
    """No text is read through a link, not even one that stays inside the package."""
    folder = tmp_path / "pack"
    (folder / "real").mkdir(parents=True)
    for file in (tmp_path / "outside.md", folder / "inside.md", folder / "real" / "inside.md"):
        file.write_text("text", "utf-8")
    (folder / link).symlink_to(target)
    assert words in problem_of(folder, path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"x" * (MAX_FILE_BYTES + 1), f"larger than {MAX_FILE_BYTES} bytes"),
        (b"caf\xe9", "not UTF-8 at byte 3"),
        (None, "there is no file 'system.md' in the package"),
    ],
)
def test_an_unreadable_file_says_why(tmp_path, content, words):
    """Too large, not UTF-8 or missing: the problem names key and cause."""
    (tmp_path / "pack").mkdir()
    if content is not None:
        (tmp_path / "pack" / "system.md").write_bytes(content)
    assert words in problem_of(tmp_path / "pack", "system.md")


def test_a_file_of_the_largest_size_is_read(tmp_path):
    """The bound itself is allowed."""
    folder = package(tmp_path / "pack", "system.md")
    (folder / "system.md").write_bytes(b"x" * MAX_FILE_BYTES)
    texts = read_manifest(folder, "1.0").persona.prompts.system
    assert MAX_FILE_BYTES == len(texts[Language.ENGLISH])


@pytest.mark.parametrize("path", [3, ["a.md"], True])
def test_a_path_that_is_no_text_is_refused(tmp_path, path):
    """The name of a file has to be a string."""
    assert "must be a path inside the package" in problem_of(tmp_path / "pack", path)


def test_names_in_a_file_are_checked(tmp_path):
    """A placeholder that does not exist is found in a file as well."""
    folder = package(tmp_path / "pack", "system.md")
    (folder / "system.md").write_text("You are {{who}}.", "utf-8")
    with pytest.raises(ManifestError) as caught:
        read_manifest(folder, "1.0")
    assert "persona.prompts.system.en: unknown placeholder {{who}}" in str(caught.value)


def test_a_package_reached_through_a_link_is_read(tmp_path):
    """The package's own folder may be a link, as in some installations."""
    folder = package(tmp_path / "pack", "system.md")
    (folder / "system.md").write_text("You are wise.", "utf-8")
    (tmp_path / "alias").symlink_to(folder)
    assert "sage" == read_manifest(tmp_path / "alias", "1.0").name


def naming(folder, count, size):
    """A package whose openings name one file of this size so many times."""
    openings = "".join('{ file = "text.md" }, ' for _ in range(count))
    folder = package(folder, "system.md")
    (folder / "system.md").write_text("You are wise.", "utf-8")
    (folder / "text.md").write_text("x" * size, "utf-8")
    with (folder / "ion-plugin.toml").open("a", encoding="utf-8") as manifest:
        manifest.write(f"[persona.voice.opening]\nany = {{ en = [{openings}] }}\n")
    return folder


def test_texts_from_files_are_bounded_together(tmp_path):
    """Two thousand references to one large file are one problem, which says what the bound is."""
    with pytest.raises(ManifestError) as caught:
        read_manifest(naming(tmp_path / "pack", 2000, MAX_FILE_BYTES - 1024), "1.0")
    (problem,) = caught.value.problems
    assert "persona.voice.opening.any.en.4.file: with this one" in problem
    assert f"larger than {MAX_TEXT_BYTES} bytes together; shorten them" in problem


def test_a_file_that_is_named_often_is_held_once(tmp_path):
    """References to one file share one text, and together they may reach the bound."""
    count = MAX_TEXT_BYTES // 1024 - 1
    persona = read_manifest(naming(tmp_path / "pack", count, 1024), "1.0").persona
    openings = persona.voice.opening["any"][Language.ENGLISH]
    assert (count, 1) == (len(openings), len(set(map(id, openings))))
