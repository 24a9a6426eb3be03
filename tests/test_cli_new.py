"""``ion persona new`` and ``ion plugin new``: questions, options, refusals, and what is written."""

from __future__ import annotations

import tomllib
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import pytest

from ion_framework.domain.key import Tone
from ion_framework.domain.persona import Persona
from ion_framework.domain.routing import RoutingTable
from ion_framework.manifest.reading import read_manifest
from ion_framework.scaffolding.answers import DEFAULT_TONES
from tests.support.scaffolds import answers_with, manifest_of, persona_tree
from tests.test_cli_chat import Terminal
from tests.test_cli_process import ion

pytestmark = pytest.mark.once


def manifest_in(folder: Path) -> dict[str, object]:
    """The only manifest below a folder."""
    (file,) = folder.rglob("ion-plugin.toml")
    return tomllib.loads(file.read_text("utf-8"))


def test_yes_takes_the_defaults(tmp_path: Path) -> None:
    """With ``--yes`` nothing is asked, and what to do next is said, in the language asked for."""
    folder = tmp_path / "made"
    ran = ion("persona", "new", "sage", "--yes", "--lang", "ko", "--into", str(folder))

    assert (0, "") == (ran.code, ran.err)
    assert f"페르소나 sage의 패키지를 만들었습니다. 이어서 {folder}에서" in ran.out
    assert "ion persona check ." in ran.out
    assert ["curious", "confused"] == manifest_in(folder)["persona"]["preferred_tones"]


def test_options_answer_every_question(tmp_path: Path) -> None:
    """With an option for each question no terminal is needed, and ``--json`` lists the files."""
    ran = ion(
        *("persona", "new", "mira", "--english", "Mira", "--korean", "미라", "--tones", "calm"),
        *("--description", "Clears\nthe “mind”.", "--description", "마음을 \\ 정리해 줘요. 🎉"),
        *("--author", "Ann", "--licence", "MIT", "--into", str(tmp_path), "--json"),
    )
    persona = manifest_in(tmp_path)["persona"]

    assert 0 == ran.code, ran.err
    assert ("mira", str(tmp_path)) == (ran.json()["name"], ran.json()["folder"])
    assert "src/ion_persona_mira/ion-plugin.toml" in ran.json()["files"]
    assert {"en": "Mira", "ko": "미라"} == persona["display_name"]
    assert {"en": "Clears the “mind”.", "ko": "마음을 \\ 정리해 줘요. 🎉"} == persona["description"]
    assert "Ann" in (tmp_path / "LICENSE").read_text("utf-8")


def test_four_questions_are_asked_on_a_terminal(tmp_path: Path) -> None:
    """A terminal is asked four questions with defaults; an answer of no use is asked again."""
    terminal = Terminal.start("persona", "new", "mira", "--lang", "en", "--into", str(tmp_path))
    for question, answer in (
        ("in English [Mira]: ", "\n"),
        ("in Korean [Mira]: ", "미라\n"),
        ("[curious, confused]: ", "calm, nope\n"),
        ("valid are: frustrated", ""),
        ("[curious, confused]: ", "calm\n"),
        ("[Good company when there is time to think.]: ", "\n"),
        ("The persona mira is written.", ""),
    ):
        terminal.wait_for(question)
        terminal.type(answer)

    assert 0 == terminal.end()
    assert 5 == terminal.seen.count("]: ")
    assert {"en": "Mira", "ko": "미라"} == manifest_in(tmp_path)["persona"]["display_name"]


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (("persona", "new", "mira", "--tones", "calm"), "--english, --korean, --description"),
        (("plugin", "new", "echo", "--provides", "guard"), "--summary"),
    ],
)
def test_nobody_to_ask_is_an_error(
    arguments: tuple[str, ...], missing: str, tmp_path: Path
) -> None:
    """Without a terminal and ``--yes`` the options that are missing are named; nothing is made."""
    ran = ion(*arguments, "--into", str(tmp_path / "made"))

    assert 2 == ran.code
    assert f"give --yes to take the defaults, or {missing}\n" in ran.err
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("persona", "new", "Sage"), "'Sage' is not valid; use up to 64 lower-case letters"),
        (("persona", "new", "lua"), "'lua' is taken by ion-persona-lua"),
        (("plugin", "new", "lua", "--provides", "guard"), "'lua' is taken by ion-persona-lua"),
        (("plugin", "new", "x", "--provides", "persona"), "'router', 'analyzer', 'cache'"),
        (("persona", "new", "sage", "--tones", "sad"), "valid are: frustrated, playful"),
        (("persona", "new", "sage", "--english", "{{x}}"), "english: has {{ or }}"),
        (("persona", "new", "sage", "--issues", "mail me"), "issues: is no address"),
    ],
)
def test_what_cannot_be_used_is_told(
    arguments: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    """A bad name or answer exits with 2, says what is valid, and nothing is made."""
    ran = ion(*arguments, "--yes", "--into", str(tmp_path / "made"))

    assert 2 == ran.code
    assert reason in ran.err
    assert not (tmp_path / "made").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A folder that is not empty is left as it is; the exit code is 1."""
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    ran = ion("persona", "new", "sage", "--yes", "--into", str(tmp_path))

    assert 1 == ran.code
    assert f"{tmp_path} is not empty (it holds mine.txt); nothing was written" in ran.err
    assert ["mine.txt"] == [path.name for path in tmp_path.iterdir()]


def test_the_folder_is_called_as_the_distribution(tmp_path: Path) -> None:
    """Without ``--into`` a new folder of the distribution's name is made where the command runs."""
    ran = ion("plugin", "new", "echo", "--provides", "extension", "--yes", "--json")

    assert 0 == ran.code, ran.err
    assert "ion-echo" == ran.json()["folder"] == ran.json()["distribution"]


def own() -> tuple[Persona, ...]:
    """ION's own four personas."""
    found = []
    for name in ("lua", "elro", "riri", "nana"):
        spec = find_spec(f"ion_persona_{name}")
        assert spec is not None
        assert spec.origin is not None
        found.append(read_manifest(Path(spec.origin).parent, "1").persona)
    return tuple(found)


def won_by(tones: tuple[Tone, ...], folder: Path) -> int:
    """How many keys a new persona for some tones wins beside ION's own."""
    persona = manifest_of(persona_tree(folder, answers=answers_with(tones=tones))).persona
    decisions = RoutingTable((*own(), persona)).decisions().values()
    return sum(decision.primary == "sage" for decision in decisions)


def test_a_new_persona_is_heard_beside_the_others(tmp_path: Path) -> None:
    """Untouched, it wins a tenth to a quarter of the 216 keys."""
    assert 22 <= won_by(DEFAULT_TONES, tmp_path) <= 54


def test_every_choice_of_one_or_two_tones_is_heard(tmp_path: Path) -> None:
    """Whichever one or two tones it is for, it wins five keys or more, and no third of all."""
    for number, tones in enumerate((*combinations(Tone, 1), *combinations(Tone, 2))):
        assert 5 <= won_by(tones, tmp_path / str(number)) <= 72, tones


def test_a_persona_for_everything_leaves_the_others_something(tmp_path: Path) -> None:
    """One that is for all nine tones wins less than half of the keys."""
    assert 5 <= won_by(tuple(Tone), tmp_path) < 108
