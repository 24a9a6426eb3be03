"""Folders, dev-requirements.txt, tox.ini and every pyproject.toml say the same."""

import configparser
import re
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.support.repository import ROOT, Distribution, core, files, plugins, read_toml

EVERY_PLUGIN = pytest.mark.parametrize("plugin", plugins(), ids=lambda plugin: plugin.path)
EVERY_ONE = pytest.mark.parametrize(
    "distribution", [core(), *plugins()], ids=lambda found: found.path
)


def tox() -> configparser.ConfigParser:
    """The settings of tox."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini", "utf-8")
    return parser


def expected_name(plugin: Distribution) -> str:
    """The name that a distribution has to have because of its folder."""
    kind, folder = plugin.path.split("/")
    return {"hosts": "ion-host-", "personas": "ion-persona-"}.get(kind, "ion-") + folder


def test_dev_requirements_list_every_folder():
    """dev-requirements.txt lists the core and every folder with a distribution, sorted."""
    lines = (ROOT / "dev-requirements.txt").read_text("utf-8").splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]

    assert ["-e .[testing]", *(f"-e {plugin.path}" for plugin in plugins())] == listed


def test_requirements_list_what_serves_by_itself():
    """requirements.txt lists the core and distributions that ask for no key and no server."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    listed = [line for line in lines if not line.startswith("#")]
    by_path = {f"./{plugin.path}": plugin for plugin in plugins()}

    assert [".", *sorted(listed[1:])] == listed
    assert {"./hosts/aiohttp", "./plugins/resonance", "./plugins/two-tier-cache"} <= set(listed)
    assert {path for path in by_path if path.startswith("./personas/")} <= set(listed)
    for path in listed[1:]:
        needs = " ".join(by_path[path].project["dependencies"])
        assert not re.search(r"google|sentry|asyncpg|opentelemetry|locust", needs), path


def test_tox_tests_every_folder_alone():
    """Tox tests alone whatever dev-requirements.txt lists: it names no distribution itself."""
    environment = tox()["testenv:alone"]

    assert "alone" in tox()["tox"]["env_list"].split()
    assert "python .ci/distributions.py alone {posargs}" == environment["commands"].strip()


def test_the_core_knows_its_own():
    """first-party.txt lists exactly the distributions of this repository besides the core."""
    file = ROOT / "ion_framework" / "plugin_host" / "first-party.txt"

    assert sorted(plugin.name for plugin in plugins()) == file.read_text("utf-8").split()


@EVERY_ONE
def test_metadata_is_alike(distribution: Distribution):
    """Every distribution states backend, Python, licence, authors, README and one line of text."""
    project = distribution.project

    assert distribution.pyproject["build-system"]["build-backend"] == "hatchling.build"
    assert distribution.pyproject["build-system"]["requires"] == ["hatchling>=1.27"]
    assert project["requires-python"] == ">=3.11"
    licence, *of_data = project["license"].split(" AND ")
    assert licence == "Apache-2.0"
    assert not of_data or project["license-files"]
    assert project["authors"] == [{"name": "The ION developers"}]
    assert project["description"].endswith(".")
    assert project["readme"] == "README.md"
    Version(project["version"])


@EVERY_PLUGIN
def test_names_follow_the_folder(plugin: Distribution):
    """Distribution, package, entry point and manifest are named after the folder."""
    points = plugin.project["entry-points"]["ion.plugins"]
    wheel = plugin.pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert expected_name(plugin) == plugin.name
    assert wheel == {"packages": [f"src/{plugin.package}"]}
    assert [plugin.folder.name] == list(points)
    assert plugin.package == re.split("[:.]", points[plugin.folder.name])[0]
    assert plugin.folder.name == plugin.manifest["name"]


@EVERY_PLUGIN
def test_plugins_accept_the_core_beside_them(plugin: Distribution):
    """A plugin's range of the core is >=0.1,<0.2 and holds the core's version."""
    ranges = [
        requirement.specifier
        for requirement in map(Requirement, plugin.project["dependencies"])
        if requirement.name == "ion-framework"
    ]

    assert len(ranges) == 1
    assert str(ranges[0]) == "<0.2,>=0.1"
    assert ranges[0].contains(core().project["version"])


@EVERY_PLUGIN
def test_plugins_are_complete(plugin: Distribution):
    """A plugin has a README with text, tests, and py.typed where it has code to import."""
    tests = list((plugin.folder / "tests").glob("test_*.py"))
    readme = (plugin.folder / "README.md").read_text("utf-8")
    has_code = len(plugin.modules) > 1

    assert tests
    assert readme.startswith(f"# {plugin.name}\n")
    assert "```" in readme
    assert has_code == (plugin.source / plugin.package / "py.typed").is_file()


def test_names_of_test_files_are_unique():
    """No two test files share a name, so that a failure is found by its file's name."""
    names = [file.name for file in files() if file.match("tests/test_*.py")]

    assert sorted(set(names)) == sorted(names)


@EVERY_ONE
def test_what_is_installed_is_this_checkout(distribution: Distribution):
    """Every distribution is installed in the version that its pyproject.toml states."""
    assert distribution.project["version"] == version(distribution.name)


def test_the_workflow_covers_the_classifiers():
    """The workflow runs on exactly the Python versions that the core's classifiers name."""
    classifiers = core().project["classifiers"]
    pattern = r"Programming Language :: Python :: (3\.\d+)"
    stated = [match[1] for text in classifiers if (match := re.fullmatch(pattern, text))]
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    matrix = re.search(r"python: \[(.+)\]", workflow)

    assert matrix is not None
    assert stated == re.findall(r"\d\.\d+", matrix[1])


def test_ci_runs_what_the_readme_says():
    """.ci/run is executable and runs the README's second line word for word."""
    script = ROOT / ".ci" / "run"

    assert script.stat().st_mode & 0o111
    assert "\npython -m pip install tox && tox run " in script.read_text("utf-8")


def test_no_built_distribution():
    """The repository holds no wheel: what is built does not belong to the sources."""
    assert not [file for file in files() if file.suffix == ".whl"]


def test_no_lock_file_and_no_workspace():
    """The repository holds no lock file, because those name the index that made them."""
    assert not [file for file in files() if file.suffix == ".lock"]
    assert "uv" not in read_toml(ROOT / "pyproject.toml")["tool"]
