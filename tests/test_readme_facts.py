"""What the READMEs say of commands, settings, statuses and files is so."""

import re
import subprocess
import sys

import pytest

from ion_framework.cli.group import ion
from ion_framework.cli.help_texts import commands as every_command
from ion_framework.plugin_host.record import Status
from ion_framework.settings.environment import VARIABLES
from tests.support.repository import ROOT, blocks, plugins

READMES = ["README.md", "README.ko.md"]
EVERY_README = pytest.mark.parametrize("readme", READMES)


def text(readme: str) -> str:
    """A README."""
    return (ROOT / readme).read_text("utf-8")


def first_column(readme: str, pattern: str) -> list[str]:
    """What matches in the first column of a README's tables, row by row."""
    cells = re.findall(r"^\| ([^|]+) \|", text(readme), re.MULTILINE)
    return [name for cell in cells for name in re.findall(rf"`({pattern})`", cell)]


def printed(*arguments: str) -> str:
    """What this environment's Python prints."""
    done = subprocess.run(
        (sys.executable, *arguments), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_both_readmes_show_the_same_code():
    """README.md and README.ko.md have the same blocks of code, word for word."""
    shown = [
        [(block.language, block.title, block.text) for block in blocks(readme)]
        for readme in READMES
    ]

    assert shown[0] == shown[1]
    assert "](README.ko.md)" in text("README.md")
    assert "](README.md)" in text("README.ko.md")


def test_both_readmes_have_the_same_sections():
    """README.md and README.ko.md have as many sections, and tables with as many rows."""
    assert text("README.md").count("\n## ") == text("README.ko.md").count("\n## ")
    assert first_column("README.md", ".+?") == first_column("README.ko.md", ".+?")


def test_the_answers_shown_are_real():
    """What the READMEs show of the command line is what it prints today."""
    printed(".ci/readme.py", "--check", "README.md")


@EVERY_README
def test_links_lead_somewhere(readme: str):
    """Every relative link leads to a file or folder of the repository."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text(readme))

    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


@EVERY_README
def test_every_setting_of_the_environment_is_listed(readme: str):
    """The table of variables lists those that the core and the plugins read, and no others."""
    of_plugins = {
        name
        for plugin in plugins()
        for setting in plugin.manifest.get("settings", {}).values()
        for name in setting.get("env", ())
    }

    listed = first_column(readme, "(?:(?:ION|GOOGLE|OTEL|SENTRY)_[A-Z_]+|GEMINI_API_KEY|PORT)")
    assert {variable.name for variable in VARIABLES} | of_plugins == set(listed)
    assert len(set(listed)) == len(listed)


@EVERY_README
def test_every_status_is_listed(readme: str):
    """The table of statuses lists every status in order."""
    names = [status.value for status in Status]

    assert names == first_column(readme, "|".join(names))


@EVERY_README
def test_every_folder_is_on_the_map(readme: str):
    """The map of the house names every distribution and every package of the core."""
    column = " ".join(first_column(readme, "[^`]+"))
    mapped = re.sub(r"personas/\{(.+?)\}", lambda m: m[1].replace(",", " "), column)
    packages = {file.parent.name for file in (ROOT / "ion_framework").glob("*/__init__.py")}

    assert not [plugin.path for plugin in plugins() if plugin.folder.name not in mapped]
    assert not [name for name in packages if f"{name}/" not in mapped]


def commands() -> list[str]:
    """The commands that ``ion --help`` lists."""
    _, _, listed = printed("-m", "ion_framework.cli", "--help").partition("Commands:\n")
    return re.findall(r"^  (\w+)  +\S", listed, re.MULTILINE)


@EVERY_README
def test_every_command_is_named(readme: str):
    """The README names every command that ``ion --help`` lists."""
    named = set(re.findall(r"`ion (\w+)", text(readme)))

    assert {"serve", "chat"} <= set(commands()) <= named


def test_what_prints_data_writes_json():
    """Every command but those that write a document of its own form has the option ``--json``."""
    told = dict(every_command(ion, ("ion",)))
    groups = {path[:-1] for path in told}
    without = {" ".join(path) for path, text in told.items() if "--json" not in text}

    assert without - set(map(" ".join, groups)) == {
        "ion persona export",
        "ion plugins schema",
        "ion serve",
    }


def test_the_python_example_runs():
    """The Python example of the README runs and prints a persona, a key and an answer."""
    (example,) = [
        block.text
        for block in blocks("README.md")
        if block.language == "python" and not block.title
    ]
    lines = printed("-P", "-W", "error", "-c", example).splitlines()

    name, key, confidence = lines[0].split()
    assert name in {"elro", "riri"}
    assert len(key.split("-")) == 3
    assert 0 < float(confidence) <= 1
    assert len(lines) > 1
