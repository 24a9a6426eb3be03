"""Packages of new personas: valid whatever was answered, and complete."""

from __future__ import annotations

import re
import tempfile
import tomllib
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ion_framework.domain.key import ALL_KEYS, Tone
from ion_framework.domain.language import Language
from ion_framework.domain.routing import score
from ion_framework.manifest.model import Kind
from ion_framework.scaffolding.answers import MAX_SENTENCE, MAX_SHOWN_NAME, checked_line
from ion_framework.scaffolding.errors import AnswerError
from ion_framework.scaffolding.material import affinities_for, material
from ion_framework.scaffolding.names import Names
from ion_framework.scaffolding.personas import persona_files
from ion_framework.scaffolding.publication import Publication
from ion_framework.testing import make_persona
from tests.support.scaffolds import answers_with, manifest_of, persona_tree

DATA_ONLY = {
    ".github/workflows/ci.yml",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "src/ion_persona_my_sage/__init__.py",
    "src/ion_persona_my_sage/ion-plugin.toml",
    "src/ion_persona_my_sage/prompts/guidance.en.md",
    "src/ion_persona_my_sage/prompts/guidance.ko.md",
    "src/ion_persona_my_sage/prompts/system.en.md",
    "src/ion_persona_my_sage/prompts/system.ko.md",
    "tests/test_my_sage.py",
}
CODE = {
    "src/ion_persona_my_sage/plugin.py",
    "src/ion_persona_my_sage/py.typed",
    "tests/test_my_sage_hooks.py",
}
HARD = 'He said "no\\n" & \'x\' `code` <b>*| # 한글 🎉 $y <<name>> """'


def files_of(name="sage", answers=None, publication=None, *, code=False):
    """The files of a persona's package."""
    publication = publication or Publication(year=2026)
    return persona_files(
        Names.of_persona(name), answers or answers_with(name), publication, code=code
    )


def usable(text, limit):
    """Whether a text can be a line of this length."""
    try:
        checked_line("text", text, limit)
    except AnswerError:
        return False
    return True


def lines(limit):
    """Texts that can be a line of at most this length."""
    texts = st.text(st.characters(codec="utf-8"), max_size=limit)
    return texts.filter(lambda text: usable(text, limit)).map(lambda text: " ".join(text.split()))


@pytest.mark.parametrize("code", [False, True])
def test_the_package_is_complete(code):
    """A data-only package has thirteen files, one with code three more."""
    assert DATA_ONLY | (CODE if code else set()) == set(files_of("my-sage", code=code))


@pytest.mark.parametrize("code", [False, True])
def test_no_mark_is_left(code):
    """No file has a mark of the templates, and each ends with one line end or is empty."""
    for name, text in files_of(code=code).items():
        assert not re.search(r"<<\w", text), name
        assert not text or (text.endswith("\n") and not text.endswith("\n\n")), name


@settings(max_examples=60, deadline=None)
@given(lines(MAX_SENTENCE), lines(MAX_SHOWN_NAME), lines(MAX_SHOWN_NAME), st.booleans())
def test_whatever_is_answered_makes_a_valid_package(description, english, korean, code):
    """Manifest and pyproject.toml of any answers are read back, and say what was answered."""
    answers = answers_with(description=description, english=english, korean=korean)
    with tempfile.TemporaryDirectory() as folder:
        tree = persona_tree(Path(folder), answers=answers, code=code)
        manifest = manifest_of(tree)
        project = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))["project"]
    persona = manifest.persona

    assert answers.description == persona.description
    assert answers.shown == persona.display_name
    assert f"{english}: {answers.description[Language.ENGLISH]}" == manifest.summary
    assert manifest.summary == project["description"]


def test_hard_answers_are_kept_letter_by_letter(tmp_path):
    """Quotes, backslashes, marks and emoji come back from the manifest and stand in the prompt."""
    answers = answers_with(description=HARD, english=HARD[:60], korean="세이지 \\ “나”")
    manifest = manifest_of(persona_tree(tmp_path, answers=answers))
    persona = manifest.persona

    assert HARD in persona.description.values()
    assert HARD[:60].strip() == persona.display_name[Language.ENGLISH].strip()
    assert any(HARD in text for text in persona.prompts.system.values())


@pytest.mark.parametrize("code", [False, True])
def test_the_manifest_is_a_personas(tmp_path, code):
    """The default persona is for its tones, speaks both languages and has ranges for settings."""
    manifest = manifest_of(persona_tree(tmp_path, code=code))
    persona = manifest.persona

    assert ("sage", (Kind.PERSONA,), 1) == (manifest.name, manifest.provides, manifest.ion_api)
    assert (Tone.CURIOUS, Tone.CONFUSED) == persona.preferred_tones
    assert set(Language) == set(persona.languages)
    assert {"curious", "confused", "any"} == set(persona.voice.opening)
    assert ({"hurried_words", "characters_per_second"} if code else set()) == set(manifest.settings)
    for spec in manifest.settings.values():
        assert spec.minimum is not None
        assert spec.minimum <= spec.default <= spec.maximum


@pytest.mark.parametrize("tone", list(Tone))
def test_each_tone_has_a_profile_of_its_own(tone):
    """No two tones go with the same paces and intents, and the best of each is 1."""
    profile = affinities_for([tone])
    others = [affinities_for([other]) for other in Tone if other is not tone]

    assert (1, 1) == (max(profile.pace.values()), max(profile.intent.values()))
    assert all((profile.pace, profile.intent) != (item.pace, item.intent) for item in others)


def test_a_persona_for_everything_is_drawn_less_to_each():
    """Own tones stand out, the less the more there are, and scores stay between 0 and 1."""
    own = [max(affinities_for(list(Tone)[:n]).tone.values()) for n in range(1, 10)]
    keys = [
        score(make_persona(tone=item.tone, pace=item.pace, intent=item.intent), key)
        for choice in combinations(Tone, 2)
        for item in [affinities_for(choice)]
        for key in ALL_KEYS
    ]

    assert sorted(own, reverse=True) == own
    assert own[0] > own[-1] > min(affinities_for([Tone.CALM]).tone.values())
    assert min(keys) >= 0
    assert max(keys) <= 1


def test_material_is_in_both_languages():
    """Every tone brings every text in both languages, as many openings in one as in the other."""
    for tone, item in material().items():
        assert len({len(item.opening[language]) for language in Language}) == 1, tone
        for texts in (item.when, item.trait, item.strength, item.manner, item.user, item.reply):
            assert all(texts[language].strip() for language in Language), tone


def test_who_publishes_it_is_said():
    """Author, licence with its text, and address stand where the package's metadata has them."""
    given = Publication(
        author='Ann "A" O’Neil', licence="MIT", issues="https://example.com/i", year=2031
    )
    files = files_of(publication=given)
    project = tomllib.loads(files["pyproject.toml"])["project"]

    assert [{"name": 'Ann "A" O’Neil'}] == project["authors"]
    assert ("MIT", ["LICENSE"]) == (project["license"], project["license-files"])
    assert "https://example.com/i" == project["urls"]["Issues"]
    assert 'Copyright (c) 2031 Ann "A" O’Neil' in files["LICENSE"]
    assert "placeholder" not in files["pyproject.toml"]


def test_a_placeholder_says_that_it_is_one():
    """Without an address the package has one that leads nowhere, and says so."""
    text = files_of()["pyproject.toml"]

    assert ".invalid/" in tomllib.loads(text)["project"]["urls"]["Issues"]
    assert "# A placeholder that leads nowhere" in text


def test_the_workflow_tests_the_wheel_on_every_python():
    """The workflow builds ION and the package, and runs tests and check on 3.11 to 3.14."""
    text = files_of()[".github/workflows/ci.yml"]

    assert 'python: ["3.11", "3.12", "3.13", "3.14"]' in text
    for line in (
        "--wheel-dir ../dist -r requirements.txt",
        "--wheel-dir dist .",
        'pip install --find-links dist "ion-persona-sage[test]"',
        "python -P -m pytest",
        "ion persona check .",
        "vars.ION_REPOSITORY == ''",
    ):
        assert line in text


@pytest.mark.parametrize("code", [False, True])
def test_the_readme_says_how_to_get_there(code):
    """The README builds ION into dist, installs from there, and speaks Korean too."""
    text = files_of(code=code)["README.md"]

    assert text.startswith("# ion-persona-sage\n")
    assert "--find-links ../ion/dist" in text
    assert "\n## 한국어\n" in text
    assert code == ("\n## Settings\n" in text)
