"""A source tree as a candidate, in the place of what is installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ion_framework import Ion, Settings
from ion_framework.errors import PluginError
from ion_framework.plugin_host.record import Status
from ion_framework.plugin_host.source_tree import (
    candidate_of,
    is_source_tree,
    package_name_of,
    source_tree_of,
    source_with,
)
from ion_framework.testing import make_persona
from ion_framework.testing.builders import persona_plugin
from ion_framework.testing.projects import PluginProject
from tests.support.bad_plugins import CALM, guard


def test_a_folder_is_read_like_an_installation(tmp_path):
    """Name, target, distribution, version, package folder and address come from pyproject.toml."""
    candidate = candidate_of(PluginProject().write(tmp_path))

    assert ("sage", "ion_persona_sage") == (candidate.name, candidate.target)
    assert ("ion-persona-sage", "1.0") == (candidate.distribution, candidate.version)
    assert tmp_path / "src" / "ion_persona_sage" == candidate.folder
    assert "https://issues.internal/ion-persona-sage" == candidate.issues_url
    assert not candidate.has_code


def test_a_folder_inside_will_do(tmp_path):
    """Any folder of the project stands for the project."""
    PluginProject().write(tmp_path)

    assert candidate_of(tmp_path) == candidate_of(tmp_path / "src" / "ion_persona_sage")
    assert tmp_path == source_tree_of(tmp_path / "tests").folder


async def test_a_data_only_persona_answers_without_being_installed(tmp_path):
    """A persona in a folder is active, and is the one of its name."""
    candidate = candidate_of(PluginProject().write(tmp_path))
    other = persona_plugin(make_persona("sage", version="old"))
    ion = Ion(Settings(), source=source_with(lambda: [other], candidate), environ={})
    ion.activate()

    assert Status.ACTIVE is ion.host.record("sage").status
    assert ["1.0"] == [persona.version for persona in ion.personas]


def test_the_others_stay(tmp_path):
    """Every other plugin of the source is there as before."""
    candidate = candidate_of(PluginProject().write(tmp_path))
    others = [persona_plugin(make_persona(name)) for name in ("one", "sage", "two")]

    assert ["one", "two", "sage"] == [
        found.name for found in source_with(lambda: others, candidate)()
    ]


def test_code_comes_from_the_folder(tmp_path):
    """A plugin with code is imported from its folder, when it is activated and not before."""
    folder = guard(CALM).write(tmp_path)
    program = (
        "import sys; from pathlib import Path\n"
        "from ion_framework import Ion, Settings\n"
        "from ion_framework.plugin_host.source_tree import candidate_of\n"
        f"found = candidate_of(Path({str(folder)!r}))\n"
        "ion = Ion(Settings(), source=lambda: [found], environ={})\n"
        "print('ion_watch' in sys.modules)\n"
        "ion.activate()\n"
        "print(ion.host.record('watch').status.value, sys.modules['ion_watch'].__file__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True
    )

    assert f"False\nactive {folder / 'src' / 'ion_watch' / '__init__.py'}\n" == done.stdout


def test_a_package_that_is_imported_already_is_not_mistaken(tmp_path):
    """Where the installed package is imported already, the folder's is refused with the reason."""
    project = PluginProject(name="framework", kind="guard", code=CALM)
    candidate = candidate_of(project.write(tmp_path))
    ion = Ion(Settings(), source=lambda: [candidate], environ={})
    ion.activate()
    record = ion.host.record("framework")

    assert is_source_tree(candidate)
    assert Status.FAILED is record.status
    assert "is imported already" in record.reason


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "has a pyproject.toml"),
        ("[project\n", "cannot be read"),
        ('[project]\nname = "x"\n', "names none"),
        ('[project.entry-points."ion.plugins"]\na = "a"\nb = "b"\n', "names a, b"),
    ],
)
def test_what_is_no_plugin_is_told(text, told, tmp_path):
    """A folder without a project, or whose project brings no or many plugins, says so."""
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text, "utf-8")

    with pytest.raises(PluginError, match=told):
        candidate_of(tmp_path)


def test_a_flat_layout_is_found(tmp_path):
    """A package beside pyproject.toml is found as well as one under src."""
    PluginProject().write(tmp_path)
    (tmp_path / "src" / "ion_persona_sage").rename(tmp_path / "ion_persona_sage")

    assert tmp_path / "ion_persona_sage" == candidate_of(tmp_path).folder


def test_names_of_packages():
    """Dashes and dots of a distribution are underscores in its package."""
    assert "ion_persona_sage" == package_name_of("Ion-Persona.sage")
