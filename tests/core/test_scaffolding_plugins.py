"""Packages of new plugins of the other kinds: valid, complete and documented."""

from __future__ import annotations

import re
import tomllib

import pytest

from ion_framework.manifest.model import FileAccess, Kind
from ion_framework.scaffolding.errors import AnswerError
from ion_framework.scaffolding.plugins import kinds
from tests.support.scaffolds import manifest_of, plugin_tree

EVERY_KIND = pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.value)
ALWAYS = {
    ".github/workflows/ci.yml",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "pyproject.toml",
}


def test_the_kinds_are_those_of_the_command():
    """Every kind can be written but a persona, a host and a source of secrets."""
    assert set(Kind) - set(kinds()) == {Kind.PERSONA, Kind.HOST, Kind.SECRETS}


@EVERY_KIND
def test_the_package_is_complete(kind, tmp_path):
    """A package has code, types, a manifest and tests besides what every package has."""
    tree = plugin_tree(tmp_path, kind, "echo")
    found = {
        path.relative_to(tree).as_posix(): path.read_text("utf-8")
        for path in tree.rglob("*")
        if path.is_file()
    }
    package = {
        f"src/ion_echo/{name}"
        for name in ("__init__.py", "plugin.py", "py.typed", "ion-plugin.toml")
    }

    assert ALWAYS | package | {"tests/test_echo.py"} <= set(found)
    for name, text in found.items():
        assert not re.search(r"<<\w", text), name
        assert not text or (text.endswith("\n") and not text.endswith("\n\n")), name


@EVERY_KIND
def test_the_manifest_declares_everything(kind, tmp_path):
    """A manifest names its kind, its power over files, and a range for each number."""
    manifest = manifest_of(plugin_tree(tmp_path, kind))

    assert (f"my-{kind.value}", (kind,)) == (manifest.name, manifest.provides)
    assert kinds()[kind].summary == manifest.summary
    files = FileAccess.WRITE if kind is Kind.STORE else FileAccess.NONE
    assert (False, files) == (manifest.capabilities.network, manifest.capabilities.files)
    assert manifest.settings
    for spec in manifest.settings.values():
        assert spec.description.endswith(".")
        if isinstance(spec.default, int | float):
            assert spec.minimum <= spec.default <= spec.maximum


@EVERY_KIND
def test_the_readme_lists_every_setting(kind, tmp_path):
    """The README has each setting of the manifest, how to install it, and Korean."""
    tree = plugin_tree(tmp_path, kind)
    text = (tree / "README.md").read_text("utf-8")

    for key in manifest_of(tree).settings:
        assert f"| `{key}` |" in text
    assert "--find-links ../ion/dist" in text
    assert "ion plugins check ." in text
    assert "\n## 한국어\n" in text


def test_a_summary_of_ones_own(tmp_path):
    """A summary with quotes, backslashes and line ends stands in manifest and metadata."""
    tree = plugin_tree(tmp_path, Kind.GUARD, summary='Says "no" \\\n to 한글 🎉.')
    project = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))["project"]

    assert 'Says "no" \\ to 한글 🎉.' == manifest_of(tree).summary == project["description"]


def test_a_summary_that_cannot_be_used(tmp_path):
    """A summary with what cannot be shown is refused before anything is written."""
    with pytest.raises(AnswerError, match="summary: "):
        plugin_tree(tmp_path, Kind.GUARD, summary="a\x00b")

    assert [] == list(tmp_path.iterdir())
