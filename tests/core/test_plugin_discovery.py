"""Discovery: what is installed is found and described, and nothing of it is imported."""

from __future__ import annotations

import sys

import pytest

from ion_framework import Ion
from ion_framework.plugin_host.discovery import canonical, installed
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import Settings
from ion_framework.testing import PluginPackage, installed_on_path
from ion_framework.testing.packages import MANIFEST


def found(*distributions):
    """The records of these distributions, as an `Ion` without settings sees them."""

    def source():
        return tuple(c for c in installed() if c.distribution in distributions)

    return Ion(source=source, environ={}).plugins


NOISY = {
    "exits": "raise SystemExit(3)",
    "interrupts": "raise KeyboardInterrupt",
    "prints": "print('imported')",
    "sleeps": "import time; time.sleep(60)",
    "is no Python": "def (",
}


@pytest.mark.parametrize("effect", NOISY.values(), ids=NOISY)
def test_listing_imports_nothing(tmp_path, capsys, effect):
    """A package whose import misbehaves is listed as READY, and no line of it has run."""
    marker = tmp_path / "imported"
    text = f"open({str(marker)!r}, 'w').close()\n{effect}\n"
    package = PluginPackage(
        name="noisy",
        manifest=MANIFEST.format(name="noisy", kind="extension"),
        init=text,
        code=text,
    )
    with installed_on_path(tmp_path / "site", package):
        (record,) = found(package.distribution)
        assert (Status.READY, "can be activated") == (record.status, record.reason)
        assert package.package not in sys.modules
    assert not marker.exists()
    assert ("", "") == capsys.readouterr()


def test_a_data_only_persona_is_found_by_its_manifest(tmp_path):
    """A package without any code is a persona, because its manifest says so."""
    package = PluginPackage(name="sage")
    with installed_on_path(tmp_path, package):
        (record,) = found(package.distribution)
        assert ("sage", Status.READY) == (record.name, record.status)
        assert "sage" == record.manifest.persona.name
        assert not record.candidate.has_code
        assert package.package not in sys.modules


def test_a_record_says_where_the_plugin_comes_from(tmp_path):
    """Distribution, version, folder, kinds and the address for problems are those installed."""
    package = PluginPackage(
        name="sage",
        distribution="Sage_of-tests",
        version="1.2.3",
        issues_url="https://issues.example/sage",
    )
    with installed_on_path(tmp_path, package):
        (record,) = found("Sage_of-tests")
        assert ("Sage_of-tests", "1.2.3") == (record.distribution, record.version)
        assert tmp_path / "sage_of_tests" == record.file
        assert ("persona",) == record.provides
        assert "https://issues.example/sage" == record.candidate.issues_url
        assert not record.candidate.first_party
        assert record.import_ms is None


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("missing", ("'ion_test_odd'", "is not installed", "reinstall the distribution")),
        ("namespace", ("'ion_test_odd'", "not a regular package", "__init__.py")),
        ("single file", ("'ion_test_odd'", "not a regular package", "__init__.py")),
        ("no manifest", ("ion-plugin.toml", "there is no manifest", "beside __init__.py")),
        ("no metadata", ("no manifest",)),
        ("odd target", ("cannot be located",)),
    ],
)
def test_what_is_no_proper_package_is_invalid_and_says_the_fix(tmp_path, shape, words):
    """An entry point that leads to no regular package with a manifest is INVALID, not left out."""
    package = PluginPackage(
        name="odd", manifest=None, target="..:x" if shape == "odd target" else "ion_test_odd"
    )
    folder = package.write(tmp_path)
    if shape in ("missing", "namespace", "single file"):
        (folder / "__init__.py").unlink()
    if shape in ("missing", "single file"):
        folder.rmdir()
    if shape == "single file":
        (tmp_path / "ion_test_odd.py").write_text("", "utf-8")
    if shape == "no metadata":
        (tmp_path / "ion_test_odd-1.0.dist-info" / "METADATA").unlink()
    with installed_on_path(tmp_path):
        records = found(package.distribution, "(unknown)")
        assert [("odd", Status.INVALID)] == [(r.name, r.status) for r in records]
        assert [] == [word for word in words if word not in records[0].reason]
        assert "ion_test_odd" not in sys.modules


def test_a_finder_that_raises_is_one_invalid_plugin(tmp_path):
    """A finder of somebody else's that raises makes the plugin INVALID and nothing else."""

    class Broken:
        """Knows nothing and says so loudly."""

        @staticmethod
        def find_spec(name, *_):
            """Raise for one package."""
            if name == "ion_test_odd":
                raise RuntimeError("no such luck")

    sys.meta_path.insert(0, Broken)
    try:
        with installed_on_path(tmp_path, PluginPackage(name="odd"), PluginPackage(name="sage")):
            records = found("ion-test-odd", "ion-test-sage")
    finally:
        sys.meta_path.remove(Broken)
    assert [Status.INVALID, Status.READY] == [r.status for r in records]
    assert "no such luck" in records[0].reason


@pytest.mark.parametrize(
    ("written", "normal"),
    [("Ion_Persona.Lua", "ion-persona-lua"), ("a--b__c", "a-b-c"), ("plain", "plain")],
)
def test_distributions_are_compared_in_normal_form(written, normal):
    """Case, dashes, dots and underscores of a distribution's name make no difference."""
    assert normal == canonical(written)


def test_entry_points_that_cannot_be_read_hide_nobody_else(tmp_path):
    """A distribution with undecodable entry points is INVALID by name, and the others are found."""
    broken = tmp_path / "garb-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: garb\nVersion: 1.0\n", "utf-8")
    (broken / "entry_points.txt").write_bytes(b"\xff\xfe")

    with installed_on_path(tmp_path, PluginPackage(name="sage")):
        records = {record.name: record for record in Ion(Settings(), environ={}).plugins}

    assert Status.READY is records["sage"].status
    assert Status.INVALID is records["garb"].status
    assert "entry points cannot be read" in records["garb"].reason
