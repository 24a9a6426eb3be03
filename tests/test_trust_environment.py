"""Trust in a fresh environment: wheels that pip has installed are pinned and tampered with."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.support.environments import Environment, copy_checkout

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "ion-tool"
version = "1.0"
dependencies = ["ion-framework"]
[project.entry-points."ion.plugins"]
tool = "ion_tool.plugin:plugin"
[project.scripts]
tool = "ion_tool.plugin:main"
"""
MANIFEST = 'name = "tool"\nsummary = "Test."\nprovides = ["extension"]\nion_api = 1\n'
CODE = """\
from ion_framework import hookimpl
class plugin:
    def __init__(self, context): pass
    @hookimpl
    async def ion_startup(self): pass
def main(): pass
"""


def make_project(folder: Path) -> None:
    """Write a plugin with code and a script of its own."""
    package = folder / "ion_tool"
    package.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PYPROJECT, "utf-8")
    (package / "__init__.py").write_text("", "utf-8")
    (package / "ion-plugin.toml").write_text(MANIFEST, "utf-8")
    (package / "plugin.py").write_text(CODE, "utf-8")


@pytest.mark.environment
def test_wheels_are_pinned_verified_and_refused_once_they_are_changed(tmp_path: Path) -> None:
    """The pins of a wheel fit every installation of it, and no changed one."""
    environment = Environment.create(tmp_path)
    copy_checkout(tmp_path / "ion")
    make_project(tmp_path / "tool")
    pinned = "export ION_PLUGINS_TRUST=pinned ION_PLUGINS_PINS=pins.toml\n"
    again = "pip install --no-deps --no-index --find-links wheels --force-reinstall -q"

    environment.run("pip wheel -q --no-deps -w wheels ./ion ./tool", tmp_path)
    environment.run("pip install -q wheels/*.whl", tmp_path)
    environment.run("ion plugins freeze --out pins.toml", tmp_path)
    lines = environment.run("ion plugins freeze --requirements | grep ion-tool", tmp_path)

    (wheel,) = (tmp_path / "wheels").glob("ion_tool-*.whl")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert f"ion-tool==1.0 --hash=sha256:{digest}\n" == lines
    (tmp_path / "lines.txt").write_text(lines, "utf-8")
    environment.run(f"{again} --compile --require-hashes -r lines.txt", tmp_path)
    assert "Everything is as it was pinned (1 plugins)." in environment.run(
        "ion plugins verify pins.toml", tmp_path
    )
    assert "active" in environment.run(f"{pinned}ion plugins --load", tmp_path)

    (module,) = environment.venv.rglob("ion_tool/plugin.py")
    module.write_text(CODE + "raise SystemExit('spy')\n", "utf-8")
    told = environment.run(
        f"{pinned}if ion plugins --load; then exit 9; fi\n"
        "if ion plugins verify pins.toml; then exit 9; fi",
        tmp_path,
    )
    assert "untrusted" in told
    assert "ion_tool/plugin.py is not the file that was installed" in told
    assert "spy" not in told

    environment.run(f"{again} ion-tool==1.0", tmp_path)
    assert "active" in environment.run(f"{pinned}ion plugins --load", tmp_path)
