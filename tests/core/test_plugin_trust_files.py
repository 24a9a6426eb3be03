"""The files of a distribution: what counts, what RECORD says, what runs before ION does."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import distribution

import attrs
import pytest

from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.trust_compare import Difference, compare
from ion_framework.plugin_host.trust_files import start_files, take_inventory
from ion_framework.plugin_host.trust_freeze import freeze, requirement_lines
from ion_framework.plugin_host.trust_pins import Pin, Pins, pins_text, read_pins
from ion_framework.testing import PluginPackage, installed_on_path

SAGE = PluginPackage(name="sage")


def candidates(*packages):
    """The candidates of these packages alone."""
    names = {package.distribution for package in packages}
    return tuple(c for c in installed() if c.distribution in names)


def inventory(folder, package=SAGE):
    """The inventory of a package."""
    return take_inventory(distribution(package.distribution), folder / package.package)


def lines_of(folder, *lines, package=SAGE):
    """Add lines to RECORD."""
    record = package.info(folder) / "RECORD"
    record.write_text(record.read_text("utf-8") + "".join(f"{x}\n" for x in lines), "utf-8")


def test_a_fresh_installation_has_no_problems(tmp_path):
    """Every file is as RECORD says, and the digest is that of all of them."""
    with installed_on_path(tmp_path, SAGE):
        found = inventory(tmp_path)
    assert ((), "", False) == (found.problems, found.unverifiable, found.editable)
    assert found.digest.startswith("sha256:")
    assert ("ion_test_sage",) == found.packages


def test_the_digest_is_the_same_wherever_the_same_archive_is_installed(tmp_path):
    """Notes of the installer, byte code and scripts differ by machine, and do not count."""
    with installed_on_path(tmp_path / "one", SAGE):
        plain = inventory(tmp_path / "one")
    with installed_on_path(tmp_path / "two", SAGE):
        info = SAGE.info(tmp_path / "two")
        (info / "INSTALLER").write_text("another\n", "utf-8")
        (info / "REQUESTED").write_text("", "utf-8")
        lines_of(
            tmp_path / "two",
            f"{info.name}/INSTALLER,sha256=AAAA,8",
            f"{info.name}/REQUESTED,sha256=AAAA,0",
            "../../../bin/sage,sha256=AAAA,200",
            "ion_test_sage/__pycache__/__init__.cpython-311.pyc,,",
        )
        noted = inventory(tmp_path / "two")
    assert (plain.digest, plain.problems) == (noted.digest, noted.problems)


@pytest.mark.parametrize("hashed", ["", "md5=AAAA", "sha1=AAAA"])
def test_a_file_without_a_strong_hash_is_a_problem(tmp_path, hashed):
    """A line of RECORD without a SHA-2 hash vouches for nothing."""
    with installed_on_path(tmp_path, SAGE):
        (tmp_path / "ion_test_sage" / "extra.py").write_text("", "utf-8")
        lines_of(tmp_path, f"ion_test_sage/extra.py,{hashed},0")
        (problem,) = inventory(tmp_path).problems
    assert "RECORD has no SHA-2 hash of ion_test_sage/extra.py" == problem.message


def test_a_link_to_a_folder_is_an_added_file(tmp_path):
    """What RECORD does not list is found behind no link, but the link itself is found."""
    (tmp_path / "elsewhere").mkdir()
    with installed_on_path(tmp_path / "site", SAGE):
        (tmp_path / "site/ion_test_sage/spy").symlink_to(tmp_path / "elsewhere")
        (problem,) = inventory(tmp_path / "site").problems
    assert "ion_test_sage/spy" == problem.file


def test_files_that_every_python_runs_are_named(tmp_path):
    """A ``.pth`` file, and modules that Python imports at its start, are found in RECORD."""
    package = attrs.evolve(
        SAGE, beside={"sage.pth": "import os\n", "usercustomize.py": "", "sage_more.py": ""}
    )
    with installed_on_path(tmp_path, package):
        found = distribution(package.distribution)
        assert ("sage.pth", "usercustomize.py") == start_files(found)
        remarks = freeze(candidates(package)).remarks
    assert any("brings sage.pth, which Python runs at every start" in text for text in remarks)


@pytest.mark.parametrize(("line", "named"), [("/src", ()), ("import spy", ("sage.pth",))])
def test_a_source_tree_may_name_its_folder(tmp_path, line, named):
    """The ``.pth`` file of an editable install is named where it runs code, and only there."""
    package = attrs.evolve(SAGE, beside={"sage.pth": f"{line}\n"})
    with installed_on_path(tmp_path, package):
        (package.info(tmp_path) / "direct_url.json").write_text(
            '{"url": "file:///src", "dir_info": {"editable": true}}', "utf-8"
        )
        assert named == start_files(distribution(package.distribution))


def test_pins_are_read_as_they_were_written(tmp_path):
    """Names with quotes, backslashes, controls and Korean survive the file."""
    pins = Pins(1, None, (Pin('a"\\\x7f\n이온', "d", "1.0", editable=True), Pin("b", "d", "2")))
    file = tmp_path / "pins.toml"
    file.write_text(pins_text(pins), "utf-8")
    assert pins == read_pins(file)


def test_freezing_finds_what_is_not_as_it_was_installed(tmp_path):
    """A changed file is a problem of the freeze, so that nobody pins it by accident."""
    with installed_on_path(tmp_path, SAGE):
        (tmp_path / "ion_test_sage/__init__.py").write_text("X = 1\n", "utf-8")
        frozen = freeze(candidates(SAGE))
    told = "ion-test-sage 1.0: ion_test_sage/__init__.py is not the file that was installed"
    assert (told,) == frozen.problems


def test_requirements_have_the_hashes_that_are_known_and_no_others(tmp_path):
    """Only the installer's own note of an archive's hash makes a ``--hash``."""
    tool = PluginPackage(name="tool")
    with installed_on_path(tmp_path, SAGE, tool):
        (SAGE.info(tmp_path) / "direct_url.json").write_text(
            json.dumps(
                {
                    "url": "file:///sage.whl",
                    "archive_info": {"hashes": {"sha256": "ab12", "md5": "00", "sha512": "x y"}},
                }
            ),
            "utf-8",
        )
        lines = requirement_lines(freeze(candidates(SAGE, tool)).pins)
    assert "ion-test-sage==1.0 --hash=sha256:ab12" in lines
    assert "ion-test-tool==1.0  # hash not known: it was not installed from a file" in lines


def test_every_difference_has_its_kind(tmp_path):
    """What is missing, extra, of another version, changed or not verifiable is told apart."""
    names = ("changed", "extra", "gone", "newer", "same", "vague")
    packages = [PluginPackage(name=name) for name in names]
    with installed_on_path(tmp_path, *packages):
        pins = freeze(candidates(*packages)).pins
        pins = attrs.evolve(
            pins,
            plugin=tuple(
                attrs.evolve(pin, version="0.9") if pin.name == "newer" else pin
                for pin in pins.plugin
                if pin.name != "extra"
            ),
        )
        (tmp_path / "ion_test_changed/spy.py").write_text("", "utf-8")
        (packages[5].info(tmp_path) / "RECORD").unlink()
        now = [c for c in candidates(*packages) if c.name != "gone"]
        rows = [row for row in compare(pins, now) if row.name in names]
    assert [
        ("changed", Difference.CHANGED, "ion_test_changed/spy.py"),
        ("extra", Difference.EXTRA, ""),
        ("gone", Difference.MISSING, ""),
        ("newer", Difference.OTHER, ""),
        ("vague", Difference.NOT_VERIFIABLE, ""),
    ] == [(row.name, row.difference, row.file) for row in rows]


def test_listing_pays_nothing_for_trust_that_nobody_asked_for():
    """Judging plugins imports nothing that verifies them, unless they have to be pinned."""
    code = "import ion_framework.plugin_host.assessment, sys; print(*sys.modules)"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "ion_framework.plugin_host.trust" in loaded
    assert not {name for name in loaded if name.startswith("ion_framework.plugin_host.trust_")}
