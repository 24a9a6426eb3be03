"""Workflows: their form, and that whatever they name exists."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.support.deployment_shapes import WORKFLOW
from tests.support.repository import ROOT, plugins
from tests.support.yaml_files import read

pytestmark = pytest.mark.once

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
LOADS = re.compile(r"^\s*ion ((?:load \w+|\w+(?: \w+)?))(.*)$", re.MULTILINE)


def scripts(file: Path) -> list[str]:
    """Every script of a workflow."""
    jobs = read(file)["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflows_have_their_form(file: Path):
    """Each workflow fits the schema."""
    jsonschema.validate(read(file), WORKFLOW)


def test_the_load_test_runs_every_day_at_three():
    """The load workflow has the schedule of the original: 03:00 UTC, daily."""
    (schedule,) = read(ROOT / ".github/workflows/load.yml")["on"]["schedule"]

    assert {"cron": "0 3 * * *"} == schedule


def test_workflows_use_environments_of_tox():
    """CI runs each environment of tox's list, by its name, and builds the documentation alone."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini", "utf-8")
    jobs = read(ROOT / ".github/workflows/ci.yml")["jobs"]
    once = jobs["once"]["strategy"]["matrix"]["environment"]
    each = re.search(r"-e ([\w,]+)", jobs["tests"]["steps"][-1]["run"])

    assert each is not None
    listed = [*parser["tox"]["env_list"].split(), "docs"]
    assert sorted(listed) == sorted([*once, *each[1].split(",")])


def test_actions_are_those_that_were_looked_at():
    """Each action is a commit with its release beside it, the same one in every workflow."""
    used: dict[str, set[str]] = {}
    for file in WORKFLOWS:
        for line in re.findall(r"uses: (.*)", file.read_text("utf-8")):
            action, commit, release = re.fullmatch(
                r"(\S+)@(\w{40}) # (v\d+\.\d+\.\d+)", line
            ).groups()
            used.setdefault(action, set()).add(f"{commit} {release}")

    assert {"checkout", "setup-python", "upload-artifact", "download-artifact"} == {
        action.removeprefix("actions/") for action in used
    }
    assert not {action: commits for action, commits in used.items() if len(commits) > 1}


def test_newer_actions_are_proposed():
    """Commits of actions, which never change by themselves, are looked after every month."""
    (update,) = read(ROOT / ".github/dependabot.yml")["updates"]

    assert ("github-actions", "/") == (update["package-ecosystem"], update["directory"])
    assert {"interval": "monthly"} == update["schedule"]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_checkouts_leave_no_credentials(file: Path):
    """What a job runs after its checkout finds no token of GitHub in the folder."""
    steps_ = [step for job in read(file)["jobs"].values() for step in job["steps"]]
    checkouts = [step for step in steps_ if step.get("uses", "").startswith("actions/checkout@")]

    assert checkouts
    assert all("false" == str(step["with"]["persist-credentials"]).lower() for step in checkouts)


def test_numbers_of_a_load_by_hand_are_words_of_the_command():
    """Users and duration of the load workflow become options where they are given, else nothing."""
    (line,) = [
        script for script in scripts(ROOT / ".github/workflows/load.yml") if "load run" in script
    ]
    shown = f"ion() {{ printf '%s|' \"$@\"; }}\n{line}"

    def words(**given: str) -> list[str]:
        done = subprocess.run(
            ("bash", "-euc", shown),
            env={"USERS": "", "DURATION": "", "SCENARIO": "all", **given},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split("|")[:-1]

    assert ["load", "run", "all"] == words()
    assert ["load", "run", "all", "--users", "9", "--duration", "1m 5"] == words(
        USERS="9", DURATION="1m 5"
    )


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_scripts_of_workflows_are_shell(file: Path):
    """Each script parses, and no input of a person is part of one."""
    for script in scripts(file):
        done = subprocess.run(("bash", "-n"), input=script, text=True, check=False)
        assert done.returncode == 0, script
        assert not re.search(r"\$\{\{(?! matrix\.environment )", script)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_commands_of_workflows_exist(file: Path):
    """Each command of ION in a workflow exists, with every option that is given."""
    for path, rest in LOADS.findall("\n".join(scripts(file))):
        words = path.split() if path.startswith("load ") else path.split()[:1]
        done = subprocess.run(
            (sys.executable, "-m", "ion_framework.cli", *words, "--help"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, path
        for option in re.findall(r"--[\w-]+", rest):
            assert option in done.stdout or option == "--load", (path, option)


def test_files_that_workflows_name_exist():
    """Requirements, folders and scripts in the workflows are in this repository."""
    text = "\n".join(script for file in WORKFLOWS for script in scripts(file))
    named = re.findall(r"(?:\./|\.ci/|deploy/|dev-)[\w./-]+", text)

    assert {".ci/run", "deploy/requirements.txt", "dev-requirements.txt"} <= set(named)
    assert not [name for name in named if not (ROOT / name).exists()]


def test_the_release_builds_every_distribution():
    """The release's list of folders is the core and every plugin."""
    (line,) = [
        line
        for script in scripts(ROOT / ".github/workflows/release.yml")
        for line in script.splitlines()
        if line.startswith("sed ")
    ]
    command = line.partition(" | ")[0]
    done = subprocess.run(
        shlex.split(command), cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert [".", *(plugin.path for plugin in plugins())] == done.stdout.split()


def test_scenarios_of_the_load_workflow_exist():
    """Every scenario that can be chosen is one of ``ion load run``."""
    options = read(ROOT / ".github/workflows/load.yml")["on"]["workflow_dispatch"]["inputs"]
    command = (sys.executable, "-m", "ion_framework.cli", "load", "run", "--help")
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    for scenario in options["scenario"]["options"]:
        assert re.search(rf"\b{scenario}\b", told), scenario
