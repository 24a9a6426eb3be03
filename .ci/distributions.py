"""What tox does with this repository's distributions: all of them as wheels, or each one alone.

``dev-requirements.txt`` is the list; nothing here repeats it.
"""  # noqa: INP001  a script, not a module of a package

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORE = "core"
AT_ONCE = 3
"""Distributions that are tested at the same time: their tests wait as often as they compute."""

LONG_TESTS = 45_000
SAMPLE = ("--one-in", "8")
SPREAD = ("-n", "2", "--dist", "worksteal", *SAMPLE)
"""Bytes of tests above which those of one distribution are spread. Only some of them run, as of the
core: all have run beside the others, and here each file shows that it needs none of them."""

LEFT_OUT = "not outage and not once"
"""Tests that say nothing new here; `pyproject.toml` says what the marks mean."""

FROM_WHEELS = "import sys, ion_framework\nassert ion_framework.__file__.startswith(sys.prefix)\n"
"""The end of a program that ends in an error where the core comes from the checkout."""


def folders() -> dict[str, Path]:
    """The folder of every distribution but the core, by the folder's name."""
    lines = (ROOT / "dev-requirements.txt").read_text("utf-8").splitlines()
    paths = [ROOT / line.removeprefix("-e ").strip() for line in lines if line.startswith("-e ")]
    return {path.name: path for path in paths if (path / "pyproject.toml").is_file()}


def build(target: Path) -> list[Path]:
    """Build every distribution, the core first, into wheels.

    Raises:
        SystemExit: one cannot be built.
    """
    sources = [str(ROOT), *map(str, folders().values())]
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(target))
    _must(sys.executable, "-m", "pip", "wheel", *options, *sources)
    return sorted(target.glob("*.whl"), key=lambda file: (not _is_core(file), file.name))


def wheels(target: Path) -> int:
    """Build every distribution into wheels and install them in this environment."""
    core, *others = map(str, build(target))
    # The version stays while the code changes, so that what an earlier run installed has to go.
    _install(sys.executable, "--force-reinstall", "--no-deps", core, *others)
    _install(sys.executable, f"{core}[testing]", *others)
    return 0


def alone(names: list[str]) -> int:
    """Test the core without anything of ours, then each distribution's wheel beside the core's."""
    chosen = names or [CORE, *folders()]
    unknown = sorted({*chosen} - {CORE, *folders()})
    if unknown:
        known = ", ".join((CORE, *folders()))
        raise SystemExit(f"no such distribution: {', '.join(unknown)}; there are {known}")
    failed = [CORE] if CORE in chosen and _test_core() else []
    with tempfile.TemporaryDirectory() as scratch:
        built = build(Path(scratch) / "wheels")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # The longest first: begun last, it would run while nothing else is left to do.
            others = sorted({*chosen} - {CORE}, key=_length_of_tests, reverse=True)
            ends = pool.map(lambda name: _test_alone(name, built, Path(scratch) / name), others)
            for name, (status, said) in zip(others, ends, strict=True):
                sys.stdout.write(f"----- {name} alone -----\n{said}\n")
                sys.stdout.flush()
                failed += [name] if status else []
    if failed:
        sys.stderr.write(f"failed alone: {', '.join(failed)}\n")
    return int(bool(failed))


def _test_core() -> int:
    _must(sys.executable, "-P", "-c", _only("ion-framework"))
    # What fails and hangs outside is the same alone as beside others, where it has been tested.
    pytest = ("-P", "-m", "pytest", "-m", LEFT_OUT, "-n", "4", "--dist", "worksteal", *SAMPLE)
    return subprocess.run((sys.executable, *pytest, "tests/core"), cwd=ROOT, check=False).returncode  # noqa: S603  the arguments are this file's own


def _test_alone(name: str, built: list[Path], home: Path) -> tuple[int, str]:
    """Test one distribution; gives the exit code and what was printed."""
    folder = folders()[name]
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    python = _environment(home)
    stem = project["name"].replace("-", "_") + "-"
    wheel = next(file for file in built if file.name.startswith(stem))
    extras = ",".join(project.get("optional-dependencies", {}))
    _install(python, "--force-reinstall", "--no-deps", str(built[0]), str(wheel))
    _install(python, f"{wheel}[{extras}]" if extras else str(wheel))
    _must(python, "-P", "-c", _only("ion-framework", project["name"]) + FROM_WHEELS)
    done = subprocess.run(  # noqa: S603  the arguments are this file's own
        (
            *(python, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", LEFT_OUT),
            *(SPREAD if _length_of_tests(name) > LONG_TESTS else SAMPLE),
            folder,
        ),
        cwd=ROOT,
        env={**os.environ, "PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def _length_of_tests(name: str) -> int:
    return sum(file.stat().st_size for file in (folders()[name] / "tests").glob("*.py"))


def _environment(home: Path) -> str:
    """An environment that sees what this one has, and gets what is installed into it beside that.

    What the core and its testing kit need is thus installed once and not for every distribution.
    """
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    paths = {key: str(home) for key in ("base", "platbase")}
    here = sysconfig.get_path("purelib")
    seen = Path(sysconfig.get_path("purelib", "venv", vars=paths)) / "shared.pth"
    seen.write_text(f"import site; site.addsitedir({here!r})\n", "utf-8")
    return str(Path(sysconfig.get_path("scripts", "venv", vars=paths)) / Path(sys.executable).name)


def _only(*names: str) -> str:
    """A program that ends in an error where other distributions of ours are installed."""
    return (
        "from importlib.metadata import distributions\n"
        "ours = {str(found.metadata['Name']) for found in distributions()}\n"
        "ours = {name for name in ours if name.startswith('ion-')}\n"
        f"assert ours == {set(names)!r}, ours\n"
    )


def _is_core(wheel: Path) -> bool:
    return wheel.name.startswith("ion_framework-")


def _install(python: str, *what: str) -> None:
    _must(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-compile", *what)


def _must(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603  the arguments are this file's own
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}")


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("wheels", help=wheels.__doc__).add_argument("target", type=Path)
    commands.add_parser("alone", help=alone.__doc__).add_argument(
        "names", nargs="*", help=f"{CORE}, or the folder of a distribution; all where none is named"
    )
    given = parser.parse_args()
    return wheels(given.target) if given.command == "wheels" else alone(given.names)


if __name__ == "__main__":
    raise SystemExit(main())
