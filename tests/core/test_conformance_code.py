"""What the kit sees in code that does not run: all that ships, what it reads, what is harmless."""

from __future__ import annotations

import pytest

from ion_framework.conformance.static_code import code_findings
from ion_framework.conformance.subject import Subject
from ion_framework.plugin_host.source_tree import candidate_of, source_tree_of
from ion_framework.settings.model import Settings
from tests.support.bad_plugins import CALM, DEF, guard

MAIN = "\nif __name__ == '__main__':\n    print('a demonstration')\n"
EVAL = "def run(text):\n    return eval(text)\n"


def codes(project, folder):
    """The findings in the code of a project."""
    path = project.write(folder)
    subject = Subject(candidate_of(path), Settings(), {}, source_tree_of(path))
    return {finding.code for finding in code_findings(subject)}


@pytest.mark.parametrize(
    "project",
    [
        guard(DEF + "return eval('None')\n" + MAIN),
        guard(CALM, files={"{package}/__init__.py": EVAL + MAIN}),
        guard(
            CALM.replace("import asyncio", "from . import helper\nimport asyncio", 1),
            files={"{package}/helper.py": EVAL + MAIN},
        ),
        guard(
            CALM.replace("import asyncio", "import apart\nimport asyncio", 1),
            files={"src/apart/__init__.py": EVAL},
        ),
        guard(CALM, files={"src/alone.py": EVAL}),
    ],
    ids=("its own module", "its package", "a relative import", "a second package", "a module"),
)
def test_every_module_that_may_run_is_read(project, tmp_path):
    """A program's mark hides nothing that the plugin imports, and all that ships is read."""
    assert codes(project, tmp_path) == {"unsafe-code"}


def test_a_tool_that_nothing_imports_is_its_authors_own(tmp_path):
    """A program in the package that nothing imports is not held to what plugins keep."""
    assert not codes(guard(CALM, files={"{package}/tool.py": EVAL + MAIN}), tmp_path)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("from pathlib import Path\n        Path('/etc/hosts').read_text()\n", "capability-files"),
        ("os.listdir('/')\n", "capability-files"),
        ("dict(os.environ)\n", "capability-environment-open"),
        ("os.environ.copy()\n", "capability-environment-open"),
        ("{**os.environ}\n", "capability-environment-open"),
        ("os.environ.get('A' + 'B')\n", "capability-environment-open"),
        ("'SECRET' in os.environ\n", "capability-environment"),
    ],
)
def test_what_is_read_from_outside_is_seen(body, code, tmp_path):
    """Files and variables that code reads in any of the usual ways have to be declared."""
    assert codes(guard(DEF + body), tmp_path) == {code}


@pytest.mark.parametrize(
    "body",
    [
        "import socket\n        socket.gethostname()\n",
        "from http.client import responses\n",
        "import yaml\n        yaml.load('a', Loader=yaml.SafeLoader)\n",
        "from pathlib import Path\n        (Path(__file__).parent / 'words.txt').read_text()\n",
        "from importlib.resources import files\n        files('x').joinpath('y').read_text()\n",
    ],
)
def test_what_is_harmless_is_no_finding(body, tmp_path):
    """A host's name, a table of texts, a safe loader and the package's own data cost nothing."""
    assert not codes(guard(DEF + body), tmp_path) - {"dependency-undeclared"}
