"""A deliberately bad plugin for every finding of the conformance kit, found by it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ion_framework.conformance import Grade, check_installed, check_path
from ion_framework.conformance.catalogue import catalogue
from ion_framework.conformance.findings import Level
from ion_framework.domain.key import Intent, Pace, Tone
from ion_framework.domain.language import Language
from ion_framework.plugin_host.discovery import installed
from ion_framework.settings.model import Settings
from ion_framework.testing import PluginPackage, installed_on_path, make_persona
from ion_framework.testing.builders import persona_plugin
from ion_framework.testing.projects import PYPROJECT, PluginProject
from tests.support.bad_plugins import BAD, CALM, DEF, ISSUES, MIXED, TOLERATED, guard, pyproject

pytestmark = pytest.mark.once

OTHER = make_persona(
    "other",
    tone={Tone.CALM: Decimal("0.8"), Tone.URGENT: Decimal("0.3")},
    pace={Pace.BURST: Decimal(1)},
    intent={Intent.PLANNING: Decimal(1)},
)
LOW = make_persona("low", tone=dict.fromkeys(Tone, Decimal(0)))
INSTALLED_ONLY = {"name-conflict", "settings", "tests-unseen"}
"""Findings that a folder cannot show; each has a test of its own."""


def beside():
    """The personas beside which every project is checked."""
    return [persona_plugin(OTHER), persona_plugin(LOW)]


def codes(report):
    """What a report found."""
    return {finding.code for finding in report.findings}


@pytest.mark.parametrize("code", BAD)
def test_a_bad_plugin_is_found(code, tmp_path):
    """The project that is bad in one way gets the finding for it, and its grade falls as stated."""
    report = check_path(BAD[code].write(tmp_path), beside)
    entry = catalogue()[code]

    assert code in codes(report), report.told()
    assert entry.blocks is None or not report.grade.reaches(entry.blocks)


@pytest.mark.parametrize("how", MIXED)
def test_answers_of_others_are_no_grade(how, tmp_path):
    """Whoever gives one call what belongs to another has no grade, whatever mixes them up."""
    report = check_path(MIXED[how].write(tmp_path), beside)

    assert "shared-state" in codes(report), report.told()
    assert Grade.NONE is report.grade


def test_every_finding_has_its_bad_plugin():
    """There is a bad plugin for every finding of the catalogue, and for nothing else."""
    assert set(BAD) | INSTALLED_ONLY == set(catalogue())


@pytest.mark.parametrize(
    "project",
    [PluginProject(), guard(CALM), TOLERATED],
    ids=("data-only persona", "guard", "imports and memory within bounds"),
)
def test_a_good_plugin_is_gold(project, tmp_path):
    """A project without a fault has no finding at all, and the grade is gold."""
    report = check_path(project.write(tmp_path), beside)

    assert Grade.GOLD is report.grade, report.told()
    assert not report.findings


@pytest.mark.parametrize(
    ("url", "is_found"),
    [
        ("https://example.invalid/x", True),
        ("https://issues.example.com/x", True),
        ("http://localhost:8000", True),
        ("http://[half", True),
        ("https://myexample.com/x", False),
        ("https://tracker/x", False),
        ("mailto:help@owl.internal", False),
    ],
)
def test_placeholders_are_told_from_addresses(url, is_found, tmp_path):
    """An address on a host that is kept for examples is told, and takes nothing of the grade."""
    report = check_path(pyproject(ISSUES, url).write(tmp_path), lambda: ())

    assert is_found is ("issues-url-placeholder" in codes(report))
    assert Grade.GOLD is report.grade


@pytest.mark.parametrize("licence", ["MIT OR Apache-2.0", "LicenseRef-Owl", "apache-2.0"])
def test_expressions_of_licences_are_known(licence, tmp_path):
    """Expressions, licences of one's own and other cases of letters are valid (PEP 639)."""
    project = pyproject("Apache-2.0", licence)

    assert not codes(check_path(project.write(tmp_path), lambda: ()))


@pytest.mark.parametrize(
    ("module", "dependencies", "is_found"),
    [
        ("attr", '["attrs>=23"]', False),
        ("attr", '["click"]', True),
        ("attr.validators", "[]", True),
        ("attr", '["not-installed-anywhere"]', False),
        ("numpy", '["numpy>=1"]', False),
    ],
)
def test_dependencies_are_known_by_what_they_bring(module, dependencies, is_found, tmp_path):
    """A module is looked for in what is declared; what is not installed may bring anything."""
    text = PYPROJECT.replace("license =", f"dependencies = {dependencies}\nlicense =")
    project = guard(DEF + f"import {module}\n        1 / 0\n", pyproject=text)

    found = "dependency-undeclared" in codes(check_path(project.write(tmp_path), lambda: ()))
    assert is_found is found


def test_two_of_a_name_are_found(tmp_path):
    """A name that two distributions bring is an error that names both."""
    packages = [PluginPackage(name="twin", distribution=f"ion-{n}-twin") for n in ("one", "two")]
    with installed_on_path(tmp_path, *packages):
        report = check_installed("twin", installed)

    assert "name-conflict" in codes(report)
    assert "ion-one-twin 1.0, ion-two-twin 1.0" in report.told()


def test_wrong_settings_are_found(tmp_path):
    """Settings that its schema refuses are an error that names the key."""
    settings = Settings(plugin={"sage": {"colour": "red"}})
    report = check_path(PluginProject().write(tmp_path), beside, settings)

    assert "settings" in codes(report)
    assert "colour" in report.told()


def test_what_is_installed_shows_no_tests(tmp_path):
    """Of an installed plugin nobody is told that it lacks tests: they are not to be seen."""
    with installed_on_path(tmp_path, PluginPackage(name="alone")):
        report = check_installed("alone", installed)

    assert "tests-unseen" in codes(report)
    assert "tests-missing" not in codes(report)


@pytest.mark.parametrize("language", Language)
def test_every_sentence_stands_in_both_languages(language):
    """Every finding has a message and a fix in each language, with the same gaps."""
    for entry in catalogue().values():
        assert entry.message[language].strip()
        assert entry.fix[language].strip()
        assert (entry.blocks is None) == (entry.level is Level.NOTE)


@pytest.mark.parametrize(
    "text",
    [
        "# def test_it(): ...\n",
        '"""\ndef test_it():\n    assert True\n"""\n',
        "TEXT = 'def test_it(): ...'\n",
        "def helper():\n    def test_it():\n        pass\n",
        "def test_it(:\n",
    ],
)
def test_what_only_looks_like_a_test_is_none(text, tmp_path):
    """Comments, strings, functions inside functions and broken files hold no test."""
    project = PluginProject(files={"tests/test_it.py": text})

    assert "tests-missing" in codes(check_path(project.write(tmp_path), lambda: ()))
