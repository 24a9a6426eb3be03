"""``ion persona check`` and ``ion plugins check``."""

from __future__ import annotations

import re
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ion_framework.testing.projects import PluginProject
from tests.support.bad_plugins import BAD, CALM, guard
from tests.test_cli_chat import Terminal
from tests.test_cli_process import ion

pytestmark = pytest.mark.once


def test_a_gold_persona_is_told_with_its_map() -> None:
    """Of an installed persona the grade and the heat map are shown, and the exit code is 0."""
    ran = ion("persona", "check", "lua")

    assert 0 == ran.code, ran.err
    assert ran.out.startswith("lua (ion-persona-lua 0.1.0): gold\n")
    assert "lua wins 83 of 216 keys (38 %)" in ran.out
    assert re.search(r"^frustrated +█ █", ran.out, re.MULTILINE)
    assert "Signs: [█] wins by 0.15 or more" in ran.out


def test_who_wins_the_lost_keys_is_listed_when_asked() -> None:
    """``--keys`` names winner and margin of every lost key, and the report of machines has both."""
    listed = ion("persona", "check", "nana", "--keys").out
    report = ion("persona", "check", "nana", "--json").json()["routing"]

    lost = [item for item in report["keys"] if item["winner"] != "nana"]
    rows = re.findall(
        r"^(\S+-\S+-\S+) +(lua|elro|riri) +(-0\.\d+|0, by rank)", listed, re.MULTILINE
    )
    assert {(item["key"], item["winner"]) for item in lost} == {row[:2] for row in rows}
    assert all(float(item["margin"]) <= 0 for item in lost)
    assert "ion persona check --keys" in ion("persona", "check", "nana").out


def test_the_list_of_lost_keys_comes_in_korean() -> None:
    """Headings and sentences of the list are Korean where the reader is."""
    ran = ion("persona", "check", "nana", "--keys", "--lang", "ko")

    assert "다른 페르소나가 차지하는 키(차이가 작은 것부터):" in ran.out
    assert re.search(r"^키 +차지하는 페르소나 +차이", ran.out, re.MULTILINE)


def test_sentences_come_in_korean() -> None:
    """In a Korean locale grade, map and legend are Korean."""
    ran = ion("persona", "check", "lua", LANG="ko_KR.UTF-8")

    assert ran.out.startswith("lua (ion-persona-lua 0.1.0): 골드\n")
    assert "216개 키 가운데 83개(38 %)" in ran.out


def test_a_folder_is_checked_without_being_installed(tmp_path: Path) -> None:
    """A persona in a folder stands beside the reference cast, whatever else is installed."""
    ran = ion("persona", "check", str(PluginProject().write(tmp_path)), "--json")
    report = ran.json()

    assert ("sage (ion-persona-sage 1.0)", "gold") == (report["subject"], report["grade"])
    assert ["elro", "lua", "nana", "riri"] == report["routing"]["others"]
    assert report["routing"]["won"] == report["routing"]["winners"]["sage"] > 0
    assert 216 == len(report["routing"]["keys"])


@pytest.mark.parametrize(("wanted", "code"), [("silver", 0), ("gold", 1)])
def test_at_least_decides_the_exit_code(wanted: str, code: int, tmp_path: Path) -> None:
    """Below the grade that is asked for the exit code is 1, from it on 0."""
    folder = BAD["typing-missing"].write(tmp_path)
    ran = ion("plugins", "check", str(folder), "--at-least", wanted)

    assert code == ran.code
    assert "watch (ion-watch 1.0): silver" in ran.out
    assert (
        "For gold:\n  ion_watch: the package has code and no py.typed (typing-missing)" in ran.out
    )
    assert "fix: put an empty file py.typed beside __init__.py" in ran.out
    assert (f"1 below {wanted}" in ran.out) == bool(code)


def test_what_does_not_work_has_no_grade(tmp_path: Path) -> None:
    """A plugin that is invalid is below bronze, which is asked for without a word."""
    ran = ion("plugins", "check", str(BAD["manifest"].write(tmp_path)))

    assert 1 == ran.code
    assert "sage (ion-persona-sage 1.0): no grade" in ran.out


def test_the_map_is_written_as_svg(tmp_path: Path) -> None:
    """``--svg`` writes the heat map; where it cannot be written the exit code is 1."""
    file = tmp_path / "map.svg"
    ran = ion("persona", "check", "nana", "--svg", str(file))
    lost = ion("persona", "check", "nana", "--svg", str(tmp_path / "nowhere" / "map.svg"))

    assert 0 == ran.code
    assert ET.parse(file).getroot().tag.endswith("svg")  # noqa: S314  our own text
    assert (1, True) == (lost.code, "nowhere" in lost.err)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("persona", "check"), 2, "Missing argument"),
        (("persona", "check", "nobody"), 2, "neither a folder nor the name of an installed"),
        (("persona", "check", "."), 1, "has a pyproject.toml"),
        (("persona", "check", "guard", "--svg", "x.svg"), 2, "has no routing to draw"),
        (("persona", "check", "lua", "nana", "--svg", "x.svg"), 2, "the map of one persona"),
        (("plugins", "check", "lua", "--at-least", "tin"), 2, "'tin' is not one of"),
    ],
)
def test_what_cannot_be_checked_is_told(arguments: tuple[str, ...], code: int, told: str) -> None:
    """What is wrong with the command line exits with 2, a folder without a plugin with 1."""
    ran = ion(*arguments)

    assert code == ran.code
    assert told in ran.err


def test_a_disabled_plugin_is_checked_when_named() -> None:
    """Lists of plugins to run do not matter to whoever asks for one by name."""
    ran = ion("plugins", "check", "coaching", "--json", ION_PLUGINS_DISABLE="coaching")

    assert ["gold"] == [report["grade"] for report in ran.json()]
    assert "not-tried" not in ran.out


def test_several_personas_are_checked_at_once(tmp_path: Path) -> None:
    """Each has its map, JSON of several is a list, and one of them below decides the exit code."""
    folder = PluginProject(files={"LICENSE": None}).write(tmp_path)
    told = ion("persona", "check", "lua", str(folder), "--at-least", "gold")
    reports = ion("persona", "check", "lua", str(folder), "--json").json()

    assert 1 == told.code
    assert 2 == told.out.count("Signs: ")
    assert "sage (ion-persona-sage 1.0)" in told.out.splitlines()[-1]
    assert ["gold", "silver"] == [report["grade"] for report in reports]


def test_several_are_checked_at_once(tmp_path: Path) -> None:
    """Names and folders may be mixed; JSON is a list of reports in the same order."""
    folder = guard(CALM).write(tmp_path)
    reports = ion("plugins", "check", "lua", str(folder), "offline", "--json").json()

    assert ["lua", "watch", "offline"] == [report["subject"].split()[0] for report in reports]
    assert ["gold", "gold", "gold"] == [report["grade"] for report in reports]


def test_colours_are_for_terminals() -> None:
    """On a terminal the map has colours besides its signs, in a pipe it has none."""
    terminal = Terminal.start("persona", "check", "lua", COLUMNS="100")
    code = terminal.end()

    assert 0 == code
    assert "\x1b[" in terminal.seen
    assert "█" in terminal.seen
    assert "\x1b[" not in ion("persona", "check", "lua").out


def test_checking_a_data_only_persona_is_quick() -> None:
    """A data-only persona is checked within a second on an idle machine, ten on a loaded one."""
    begun = time.perf_counter()
    ran = ion("persona", "check", "elro", "--json")

    assert 0 == ran.code
    assert time.perf_counter() - begun < 10
