"""``ion record`` and ``ion replay`` as processes, with the installed plugins."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from ion_framework.domain.key import ALL_KEYS
from ion_framework.recording.reading import read_recording
from tests.support.repository import ROOT
from tests.test_cli_process import ion

pytestmark = pytest.mark.once

PERSONAS = ("lua", "elro", "riri", "nana")
PRIVATE = "john.smith@gmail.com"
PLAIN = (
    "How do I read a query plan?",
    "지금 너무 급해요! 서버가 죽었어요!!",
    "Let us plan it together",
)


def recorded(folder, *messages, name="r", options=()):
    """The path of a recording of some messages, made by the command."""
    file = folder / name
    said = "\n".join(messages).encode()
    ran = ion("record", str(file), "--messages", "-", *options, stdin=said)
    assert ran.code == 0, ran.err
    return file


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A recording of three messages."""
    return recorded(tmp_path_factory.mktemp("recording"), *PLAIN)


def test_messages_are_answered_and_written(tmp_path):
    """Three messages make a header and three turns; the command says so in either language."""
    file = tmp_path / "r"
    arguments = ("record", str(file), "--messages", "-")
    ran = ion(*arguments, stdin="\n".join(PLAIN).encode())
    korean = ion(*arguments, "--overwrite", "--lang", "ko", stdin=b"hello")

    assert f"Turns recorded in {file}: 3.\n" == ran.out
    assert "대화 1건을 기록했습니다" in korean.out
    assert 0o600 == file.stat().st_mode & 0o777
    assert 1 == len(read_recording(file).turns)


def test_full_warns(tmp_path):
    """What keeps everything says so on standard error, and JSON says whether it does."""
    said = f"mail {PRIVATE}".encode()
    arguments = ("record", str(tmp_path / "r"), "--messages", "-", "--full", "--json")
    ran = ion(*arguments, stdin=said)

    assert "warning: --full keeps everything" in ran.err
    assert {"turns": 1, "lost": 0, "unanswered": 0, "redacted": False} == {
        name: ran.json()[name] for name in ("turns", "lost", "unanswered", "redacted")
    }
    assert PRIVATE in (tmp_path / "r").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give one of --messages, --url, --conversations"),
        (("--messages", "-", "--conversations"), "give one of --messages, --url, --conversations"),
        (("--messages", "-", "--seconds", "3"), "--seconds belongs to --url"),
        (("--messages", "-", "--user", "ann"), "--user belongs to --conversations"),
    ],
)
def test_options_that_do_not_go_together(tmp_path, arguments, said):
    """What contradicts itself is the command line's fault, and makes no file."""
    ran = ion("record", str(tmp_path / "r"), *arguments)

    assert 2 == ran.code
    assert said in ran.err
    assert not (tmp_path / "r").exists()


def test_a_file_that_is_there_is_not_replaced(recording):
    """Without --overwrite a recording that is there stays."""
    before = recording.read_bytes()
    ran = ion("record", str(recording), "--messages", "-", stdin=b"hello")

    assert 1 == ran.code
    assert "is there already" in ran.err
    assert before == recording.read_bytes()


def test_the_store_is_recorded(tmp_path):
    """A store without conversations makes a recording without turns."""
    file = tmp_path / "r"
    ran = ion("record", str(file), "--conversations", "--json", ION_DATA_DIR=str(tmp_path / "d"))

    assert 0 == ran.code, ran.err
    assert "conversations" == read_recording(file).header.origin
    assert 0 == ran.json()["turns"]


def test_the_same_plugins_change_nothing(recording):
    """A replay under the plugins that made the recording exits with 0."""
    ran = ion("replay", str(recording), "--json")

    assert 0 == ran.code, ran.err
    report = ran.json()["report"]
    assert (3, 3, 0, 3, 0) == tuple(
        report[name]
        for name in ("turns", "unchanged", "moved", "replies_compared", "replies_changed")
    )


def test_a_persona_less_moves_its_turns(recording):
    """Without a persona its turns go to others, which the exit code, table and Markdown say."""
    lost = {turn.decision.primary for turn in read_recording(recording).turns}
    name = min(lost)
    report = recording.with_suffix(".md")
    ran = ion("replay", str(recording), "--without", name, "--markdown", str(report))
    calm = ion(
        "replay", str(recording), "--without", name, "--fail-on", "latency", "--slower", "99"
    )

    assert (1, 0) == (ran.code, calm.code)
    assert f"# Replay\n\n- Turns played: {len(PLAIN)};" in report.read_text()
    assert f"| {name} |" in report.read_text()


def test_one_turn_is_shown_in_full(recording):
    """With --show a turn is there with scores, reasons and the difference of its prompts."""
    name = read_recording(recording).turns[1].decision.primary
    ran = ion("replay", str(recording), "--without", name, "--show", "2")
    korean = ion("replay", str(recording), "--show", "2", "--lang", "ko")
    missing = ion("replay", str(recording), "--show", "9")

    assert "The prompt differs:\n--- before\n+++ after\n" in ran.out
    assert f"-{name}/standard" in ran.out
    assert "공명 키" in korean.out
    assert 2 == missing.code


def test_a_redacted_message_is_routed_by_its_recorded_reading(tmp_path):
    """The output says how many messages hold marks."""
    file = recorded(tmp_path, *PLAIN, f"My mail is {PRIVATE}, please help!")
    ran = ion("replay", str(file))

    assert 0 == ran.code, ran.out
    assert "Messages that redaction has changed: 1." in ran.out
    assert PRIVATE not in file.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--without", "nobody"), "--without: no plugin 'nobody' is installed"),
        (("--with", "nobody"), "--with: no plugin 'nobody' is installed"),
        (("--with", "./nowhere"), "there is no such folder"),
        (("--router", "offline"), "--router: 'offline' is no router; routers are: resonance"),
        (("--with", "gemini"), "gemini is idle"),
    ],
)
def test_plugins_that_are_not_there(recording, arguments, said):
    """A plugin that cannot be used as asked ends with 2 and what there is."""
    ran = ion("replay", str(recording), *arguments)

    assert 2 == ran.code
    assert said in ran.err


def test_a_bad_file_is_named_with_its_line(tmp_path, recording):
    """A file that is no recording ends with 2."""
    bad = tmp_path / "bad"
    bad.write_text(recording.read_text() + "nonsense\n")
    ran = ion("replay", str(bad))

    assert 2 == ran.code
    assert f"{bad}: line 5: " in ran.err


def test_a_torn_file_is_played_as_far_as_it_goes(tmp_path, recording):
    """The turn that was cut off is left out, and the output says so."""
    torn = tmp_path / "torn"
    torn.write_bytes(recording.read_bytes()[:-100])
    ran = ion("replay", str(torn), "--json")

    assert 0 == ran.code, ran.err
    assert (2, True) == (ran.json()["report"]["turns"], ran.json()["torn"])


def test_another_settings_file_is_played(tmp_path, recording):
    """With --settings the turns are played under that file; --limit plays the first ones."""
    settings = tmp_path / "ion.toml"
    settings.write_text('[plugins]\ndisable = ["nana", "elro"]\n')
    ran = ion("replay", str(recording), "--settings", str(settings), "--limit", "2", "--json")

    report = ran.json()["report"]
    assert 2 == report["turns"]
    assert not {"nana", "elro"} & {plugin["name"] for plugin in report["plugins_after"]}


def test_no_monitor_and_no_store_takes_part(recording):
    """What would count a replay as real turns does not run in it."""
    names = {
        plugin["name"]
        for plugin in ion("replay", str(recording), "--json").json()["report"]["plugins_after"]
    }

    assert {"resonance", "offline", *PERSONAS} <= names
    assert not {"two-tier-cache", "store-sqlite", "aiohttp"} & names


def affinities(manifest: Path) -> dict[str, dict[str, Decimal]]:
    """The affinities of a manifest, as exact decimals."""
    found = tomllib.loads(manifest.read_text("utf-8"), parse_float=Decimal)
    return found["persona"]["affinities"]


def manifest_of(name: str, folder: Path) -> Path:
    """The manifest in the source of a persona."""
    return folder / "src" / f"ion_persona_{name}" / "ion-plugin.toml"


def winner(key: str, personas: dict[str, dict[str, dict[str, Decimal]]]) -> str:
    """Who answers a key: 0.5 tone, 0.3 pace and 0.2 intent, worked out here in exact decimals."""
    parts = dict(zip(("tone", "pace", "intent"), key.split("-"), strict=True))
    weights = {"tone": Decimal("0.5"), "pace": Decimal("0.3"), "intent": Decimal("0.2")}

    def score(name: str) -> Decimal:
        return sum(
            weights[part] * Decimal(personas[name][part].get(value, Decimal("0.5")))
            for part, value in parts.items()
        )

    return min(PERSONAS, key=lambda name: (-score(name), PERSONAS.index(name)))


def test_changed_affinities_move_exactly_the_turns_that_the_formula_moves(tmp_path):
    """Of 200 turns, a persona's source with other affinities moves those that it should."""
    data = ROOT / "perf" / "data" / "mentor" / "development"
    lines = [
        line.split("\t")[0]
        for language in ("en", "ko")
        for line in (data / f"{language}.tsv").read_text("utf-8").splitlines()[1:101]
    ]
    file = recorded(tmp_path, *lines)
    shutil.copytree(ROOT / "personas" / "elro", tmp_path / "elro")
    manifest = manifest_of("elro", tmp_path / "elro")
    text = manifest.read_text("utf-8")
    before = {name: affinities(manifest_of(name, ROOT / "personas" / name)) for name in PERSONAS}
    changed = text
    for tone, value in (("frustrated", "0.95"), ("curious", "0.2"), ("calm", "0.9")):
        was = before["elro"]["tone"][tone]
        changed = changed.replace(f"{tone} = {was}", f"{tone} = {value}", 1)
    manifest.write_text(changed, "utf-8")
    after = {**before, "elro": affinities(manifest)}
    keys = {turn.number: str(turn.resonance.key) for turn in read_recording(file).turns}
    expected = {
        number: (winner(key, before), winner(key, after))
        for number, key in keys.items()
        if winner(key, before) != winner(key, after)
    }
    ran = ion("replay", str(file), "--with", str(tmp_path / "elro"), "--json")

    assert 1 == ran.code, ran.err
    document = ran.json()
    moved = {
        turn["number"]: (turn["before"]["persona"], turn["after"]["persona"])
        for turn in document["turns"]
        if turn["routing_changed"]
    }
    assert 200 == len(keys) == document["report"]["turns"]
    assert 10 < len(expected) < 190
    assert expected == moved
    pairs = Counter(expected.values())
    assert pairs == {(m["before"], m["after"]): m["turns"] for m in document["report"]["moves"]}


def test_requests_may_name_their_key(tmp_path):
    """A request with a key is routed by it, whatever its text says."""
    asked = tmp_path / "m.jsonl"
    documents = [{"text": "hello", "key": str(key)} for key in ALL_KEYS[:3]]
    asked.write_text("\n".join(map(json.dumps, documents)))
    file = tmp_path / "r"
    ran = ion("record", str(file), "--messages", str(asked), "--turns", "2", "--no-prompts")

    assert 0 == ran.code, ran.err
    found = read_recording(file)
    assert [str(key) for key in ALL_KEYS[:2]] == [str(turn.resonance.key) for turn in found.turns]
    assert not found.header.prompts


def test_a_host_that_is_not_there_leaves_an_error(tmp_path):
    """A host that cannot be reached ends with 1 and its address."""
    ran = ion("record", str(tmp_path / "r"), "--url", "http://127.0.0.1:1", "--seconds", "1")

    assert 1 == ran.code
    assert "http://127.0.0.1:1: the host cannot be read" in ran.err
    assert not (tmp_path / "r").exists()
