"""``ion persona import`` and ``ion persona export``: from cards to packages and back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ion_framework.cards.carrier import load
from ion_framework.cards.exporting import export
from ion_framework.manifest.reading import read_manifest
from tests.support.cards import EVERY_FIELD, charx, imported, lost, packed, parsed, png, text_chunk
from tests.support.repository import ROOT
from tests.test_cli_process import ion

OURS = ("lua", "elro", "riri", "nana")


def put(folder: Path, name: str, data: bytes) -> str:
    """A file; returns its path."""
    (folder / name).write_bytes(data)
    return str(folder / name)


def installed(package: Path, folder: Path) -> Path:
    """A package's source folder as pip would have installed it, in a folder."""
    (source,) = (package / "src").iterdir()
    (folder / source.name).symlink_to(source)
    info = folder / f"{source.name}-0.1.0.dist-info"
    info.mkdir()
    name = source.name.replace("_", "-")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    plugin = name.removeprefix("ion-persona-")
    (info / "entry_points.txt").write_text(f"[ion.plugins]\n{plugin} = {source.name}\n")
    return folder


def test_a_card_becomes_a_package_that_answers(tmp_path: Path) -> None:
    """An imported card is installed like any package, answers, and says what to do next."""
    image = put(tmp_path, "card.png", png(text_chunk("ccv3", EVERY_FIELD)))
    package = tmp_path / "pack"
    ran = ion("persona", "import", image, "--into", str(package))
    assert 0 == ran.code
    assert ran.err.startswith("about the card: lorebook entries with use_regex (1) were read as V3")
    assert f"Mira is a package now: {package}\n" in ran.out
    assert "Set [persona.affinities]" in ran.out
    assert ran.out.endswith(f"Next: ion persona check {package}\n")

    site = tmp_path / "site"
    site.mkdir()
    folder = installed(package, site)
    asked = ion("chat", "--persona", "mira-vale", "--json", "Who are you?", folder=folder)
    assert "Mira" == asked.json()["persona_used"]
    assert ["tides"] == asked.json()["metadata"]["receipt"]["lore"]


def test_the_tests_of_a_package_pass(tmp_path: Path) -> None:
    """The package of an imported card passes the tests that came with it."""
    package, site = tmp_path / "pack", tmp_path / "site"
    site.mkdir()
    card = put(tmp_path, "card.charx", charx(EVERY_FIELD))
    assert 0 == ion("persona", "import", card, "--into", str(package)).code
    installed(package, site)
    done = subprocess.run(
        (sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        cwd=package,
        env={"PYTHONPATH": str(site), "PATH": "", "HOME": str(tmp_path)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert 0 == done.returncode, done.stdout.decode()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A name that is taken and a folder that is not empty are refused, and stay as they are."""
    card = put(tmp_path, "card.json", packed({"name": "Lua"}))
    taken = ion("persona", "import", card, "--into", str(tmp_path / "new"))
    assert 1 == taken.code
    assert "'lua' is taken by ion-persona-lua" in taken.err
    assert not (tmp_path / "new").exists()

    full = ion("persona", "import", card, "--name", "moon", "--into", str(tmp_path))
    assert 1 == full.code
    assert "is not empty" in full.err
    assert ["card.json"] == [file.name for file in tmp_path.iterdir()]


def test_a_name_that_cannot_be_made_is_asked_for(tmp_path: Path) -> None:
    """A Korean name makes no name of a plugin, and the error says what to give."""
    card = put(tmp_path, "card.json", packed({"name": "달님"}))
    ran = ion("persona", "import", card)
    assert 1 == ran.code
    assert "no name of a persona can be made of '달님'; choose one with --name" in ran.err
    ran = ion("persona", "import", card, "--name", "moon", "--into", str(tmp_path / "a"), "--json")
    assert ("moon", 1, "json", False) == tuple(
        ran.json()[key] for key in ("name", "version", "carrier", "restored")
    )


def test_import_speaks_korean(tmp_path: Path) -> None:
    """With Korean as the language, what to do next is said in Korean."""
    card = put(tmp_path, "card.json", packed({"name": "moon"}))
    ran = ion("persona", "import", card, "--into", str(tmp_path / "a"), "--lang", "ko")
    assert "패키지로 만들었습니다" in ran.out
    assert "다음: ion persona check" in ran.out


def test_remarks_are_in_the_language_asked_for(tmp_path: Path) -> None:
    """What is odd about a card, or cannot be said in one, is told in Korean where that is asked."""
    document = {"spec": "chara_card_v3", "data": {"name": "moon", "description": "Far."}}
    document["data"]["assets"] = [{"uri": "embeded://a"}]
    card, package = put(tmp_path, "card.json", packed(document)), tmp_path / "a"
    ran = ion("persona", "import", card, "--into", str(package), "--lang", "ko")
    assert "카드 참고: 카드가 가리키는 에셋이 파일에 없습니다: embeded://a\n" in ran.err

    (source,) = (package / "src").iterdir()
    (source / "prompts" / "system.en.md").write_text("Near.", "utf-8")
    site = tmp_path / "site"
    site.mkdir()
    installed(package, site)
    shown = ion("persona", "export", "moon", "--lang", "ko", folder=site)
    assert "카드 참고: 시스템 텍스트의 바뀐 곳이" in shown.err
    assert ("Far.", "가져온 뒤" in shown.err) == (shown.json()["data"]["description"], False)


def test_a_broken_card_is_told(tmp_path: Path) -> None:
    """A file that is no card exits with 1, one that is not there with 2."""
    ran = ion("persona", "import", put(tmp_path, "a.png", png()))
    assert (1, True) == (ran.code, "holds no character card" in ran.err)
    assert 2 == ion("persona", "import", str(tmp_path / "none.png")).code


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("version", [2, 3])
def test_our_personas_survive_being_cards(tmp_path: Path, name: str, version: int) -> None:
    """Each of our personas comes back complete from its card."""
    folder = ROOT / "personas" / name / "src" / f"ion_persona_{name}"
    persona = read_manifest(folder, "0.1.0").persona
    assert persona is not None
    card = export(persona, folder, version)
    assert persona == imported(card.text(), tmp_path / "pack", name)[1]


def test_a_persona_is_written_to_files(tmp_path: Path) -> None:
    """A persona is written as JSON to standard output or a file, or into an image."""
    shown = ion("persona", "export", "Lua", "--format", "v2")
    assert (0, "") == (shown.code, shown.err)
    assert ("chara_card_v2", "Lua") == (shown.json()["spec"], shown.json()["data"]["name"])

    image, out = put(tmp_path, "a.png", png()), tmp_path / "lua.png"
    ran = ion("persona", "export", "lua", "--png", image, "--out", str(out))
    assert (0, f"lua is written to {out}\n") == (ran.code, ran.err)
    assert "chara_card_v3" == load(out).document["spec"]
    again = ion("persona", "export", "lua", "--png", image, "--out", str(out))
    assert (1, True) == (again.code, "is there already" in again.err)


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    """An unknown persona, and a file that there is no carrier for, are told."""
    assert "unknown persona 'nobody'" in ion("persona", "export", "nobody").err
    ran = ion("persona", "export", "lua", "--out", str(tmp_path / "a.png"))
    assert (1, True) == (ran.code, "give an image with --png" in ran.err)
    ran = ion("persona", "export", "lua", "--out", str(tmp_path / "a.charx"))
    assert "there is no .charx to put the persona into" in ran.err
    picture = put(tmp_path, "b.png", png())
    ran = ion("persona", "export", "lua", "--png", picture, "--out", str(tmp_path / "b.json"))
    assert "has to end in .png" in ran.err


def test_a_card_comes_back_in_its_carrier(tmp_path: Path) -> None:
    """An archive comes back as one, with its assets; elsewhere they are said to be missing."""
    document = json.loads(json.dumps(EVERY_FIELD))
    document["data"]["assets"] = [{"type": "icon", "uri": "embeded://a/i", "name": "main"}]
    card = put(tmp_path, "card.charx", charx(document, a__i=b"icon"))
    package, site = tmp_path / "pack", tmp_path / "site"
    site.mkdir()
    assert 0 == ion("persona", "import", card, "--into", str(package)).code
    installed(package, site)

    out = tmp_path / "out.charx"
    assert 0 == ion("persona", "export", "mira-vale", "--out", str(out), folder=site).code
    found = load(out)
    assert () == found.remarks
    assert [] == lost(parsed(packed(document)), found.document)
    ran = ion("persona", "export", "mira-vale", folder=site)
    assert "write a .charx file to keep them" in ran.err
