"""What tox does with this repository's distributions, one at a time or all of them as wheels.

``dev-requirements.txt`` is the list; nothing here repeats it.
"""  # noqa: INP001  a script, not a module of a package

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALONE = "alone-"


def folders() -> dict[str, Path]:
    """The folder of every distribution but the core, by the folder's name."""
    lines = (ROOT / "dev-requirements.txt").read_text("utf-8").splitlines()
    paths = [ROOT / line.removeprefix("-e ").strip() for line in lines if line.startswith("-e ")]
    return {path.name: path for path in paths if (path / "pyproject.toml").is_file()}


def install(environment: str) -> int:
    """Install one distribution beside the core, with its extras, which its tests need."""
    folder = _folder(environment)
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    extras = ",".join(project.get("optional-dependencies", {}))
    what = f"{folder}[{extras}]" if extras else str(folder)
    return _python("-m", "pip", "install", "--quiet", "--editable", what)


def test(environment: str, arguments: list[str]) -> int:
    """Run the tests of one distribution, and make sure that it really is alone."""
    companions = [name for name in _ours() if name != "ion-framework"]
    if len(companions) != 1:
        raise SystemExit(f"{environment} has to hold one distribution of ours, has {companions}")
    # What fails and hangs outside is the same alone as beside others, where it has been tested.
    return _python("-m", "pytest", "-m", "not outage", str(_folder(environment)), *arguments)


def wheels(target: Path) -> int:
    """Build every distribution into wheels and install them in this environment."""
    sources = [str(ROOT), *map(str, folders().values())]
    pip = ("-m", "pip", "--quiet")
    status = _python(*pip, "wheel", "--no-deps", "--wheel-dir", str(target), *sources)
    if status:
        return status
    built = sorted(map(str, target.glob("*.whl")))
    core = next(file for file in built if Path(file).name.startswith("ion_framework-"))
    # The version stays while the code changes, so that what an earlier run installed has to go.
    return _python(*pip, "install", "--force-reinstall", "--no-deps", *built) or _python(
        *pip, "install", f"{core}[testing]", *built
    )


def _folder(environment: str) -> Path:
    known = folders()
    name = environment.removeprefix(ALONE)
    if name not in known:
        raise SystemExit(f"{environment}: no such distribution; there are {', '.join(known)}")
    return known[name]


def _ours() -> list[str]:
    names = {str(found.metadata["Name"]) for found in distributions()}
    return sorted(name for name in names if name.startswith("ion-"))


def _python(*arguments: str) -> int:
    return subprocess.run((sys.executable, *arguments), cwd=ROOT, check=False).returncode  # noqa: S603  the arguments are this file's own


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for command, about in (("install", install.__doc__), ("test", test.__doc__)):
        added = commands.add_parser(command, help=about)
        added.add_argument("environment", help=f"name of the tox environment, {ALONE}<folder>")
    commands.add_parser("wheels", help=wheels.__doc__).add_argument("target", type=Path)
    given, rest = parser.parse_known_args()
    if given.command == "test":
        return test(given.environment, rest)
    if rest:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    return install(given.environment) if given.command == "install" else wheels(given.target)


if __name__ == "__main__":
    raise SystemExit(main())
