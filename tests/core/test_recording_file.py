"""The file of a recording: what it holds, who may read it, and what is said of a wrong one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from decimal import Decimal

import attrs
import pytest

from ion_framework import hookimpl
from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.handover import Holding
from ion_framework.domain.key import ALL_KEYS
from ion_framework.manifest.model import SettingSpec, SettingType
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.recording.documents import document_of, line_of, read_line, turn_of
from ion_framework.recording.messages import read_messages
from ion_framework.recording.model import FORMAT, RecordingError
from ion_framework.recording.reading import read_recording
from ion_framework.recording.taking import Manner
from ion_framework.recording.writing import RecordingWriter
from ion_framework.settings.model import Settings
from ion_framework.testing import make_plugin, running_ion
from tests.support.recordings import every_key, key_names, recorded

PRIVATE = "ann.lee@mail.kr"


async def recording_of(file, *requests, **options):
    """What the standard parts answer, recorded."""
    async with running_ion(key_names()) as ion:
        return await recorded(ion, file, requests or every_key(2), **options)


def asked(text="", **more):
    """A request that is read."""
    return TurnRequest(text=f"{ALL_KEYS[0]} {text}", **more)


async def test_a_turn_is_read_as_it_was_written(tmp_path):
    """Every part of a turn survives the file, with exact decimals."""
    held = Holding("sage", ({"sage": Decimal("0.59"), "other": Decimal("0.1")},))
    request = asked("?", holding=held, notes=("a note",), deadline_s=30.0, persona="sage")
    recording = await recording_of(tmp_path / "r", request)

    (turn,) = recording.turns
    assert turn == turn_of(read_line(line_of(turn)))
    assert held == turn.request.holding
    assert {"sage": Decimal("0.5")} == dict(turn.decision.scores)
    assert turn.decision.forced
    assert {"guard", "analyze", "route", "prompt", "generate"} < {s.stage for s in turn.stages}
    assert "sage/standard" == turn.prompt.name
    assert turn.reply.text
    assert turn.spent_ms > 0


async def test_the_header_says_what_made_it(tmp_path):
    """Core, plugins with versions and the form of the file stand in the first line."""
    await recording_of(tmp_path / "r")

    header = json.loads((tmp_path / "r").read_text().splitlines()[0])
    assert (FORMAT, "messages", True, True) == (
        header["ion_recording"],
        header["origin"],
        header["redacted"],
        header["prompts"],
    )
    assert "sage" in {plugin["name"] for plugin in header["plugins"]}
    assert {"name", "distribution", "version"} == header["plugins"][0].keys()


class Quiet:
    """An extension that changes nothing."""

    @hookimpl
    def ion_finish(self):
        """Nothing to add."""


async def test_the_digest_of_the_settings_knows_no_secret(tmp_path):
    """A secret leaves the digest as it is; a setting that answers depend on changes it."""
    specs = {
        "key": SettingSpec(SettingType.SECRET, "A secret.", default="none"),
        "size": SettingSpec(SettingType.INTEGER, "A size.", default=1),
    }

    async def digest(**values):
        keyed = make_plugin("keyed", Quiet(), "extension", settings=specs)
        settings = Settings(plugin={"keyed": values})
        async with running_ion(key_names(), keyed, settings=settings) as ion:
            recording = await recorded(ion, tmp_path / str(time.monotonic_ns()), every_key(1))
        return recording.header.settings

    assert await digest(key="one") == await digest(key="another")
    assert await digest(size=1) != await digest(size=2)


async def test_only_its_owner_may_read_it(tmp_path):
    """The file has the mode 0600, also where one with more rights is replaced."""
    file = tmp_path / "r"
    file.write_text("old")
    file.chmod(0o644)
    with RecordingWriter(file, replace=True):
        assert "old" == file.read_text()
    with RecordingWriter(file, replace=True) as writer:
        writer.line("{}")

    assert "{}\n" == file.read_text()
    assert 0o600 == file.stat().st_mode & 0o777
    with pytest.raises(RecordingError, match="is there already"), RecordingWriter(file):
        pass


def test_a_recording_that_never_began_leaves_no_file(tmp_path):
    """What failed before its header leaves nothing behind that would be in the way."""
    with RecordingWriter(tmp_path / "r"):
        pass

    assert not (tmp_path / "r").exists()


async def test_what_people_wrote_is_kept_with_marks(tmp_path):
    """Nowhere in the file stands the address, whichever part of the turn it came by."""
    history = (Message(Role.USER, f"so {PRIVATE}"), Message(Role.ASSISTANT, f"ok {PRIVATE}", "s"))
    request = asked(
        f"mail {PRIVATE}",
        history=history,
        summary=f"gave {PRIVATE}",
        notes=(f"note {PRIVATE}",),
        user_id="ann-lee",
        session_id="session-of-ann",
        principal="key:ann",
        request_id="request-of-ann",
    )
    recording = await recording_of(tmp_path / "r", request)
    text = (tmp_path / "r").read_text()

    for private in (PRIVATE, "ann-lee", "session-of-ann", "key:ann", "request-of-ann"):
        assert private not in text
    assert recording.turns[0].altered
    assert "email" == recording.turns[0].marks[0].kind.value


async def test_what_a_prompt_cuts_short_is_not_left_over(tmp_path):
    """An address of which the prompt's history keeps the first half only leaves no half behind."""
    start = "z" * 90
    history = (Message(Role.USER, f"{start} {PRIVATE} and more of it"),)
    await recording_of(tmp_path / "r", asked(history=history))

    assert "ann" not in (tmp_path / "r").read_text()


async def test_pseudonyms_tell_sessions_apart_within_one_recording(tmp_path):
    """The same session has one pseudonym in a recording and another in the next."""
    requests = [asked(session_id=name) for name in ("s1", "s2", "s1")]
    first = await recording_of(tmp_path / "a", *requests)
    second = await recording_of(tmp_path / "b", *requests)

    names = [turn.request.session_id for turn in first.turns]
    assert names[0] == names[2] != names[1]
    assert names[0] != second.turns[0].request.session_id


async def test_full_keeps_everything(tmp_path):
    """With everything kept, texts, users and sessions are as they were."""
    request = asked(PRIVATE, user_id="ann", session_id="s1")
    recording = await recording_of(tmp_path / "r", request, manner=Manner(full=True))

    (turn,) = recording.turns
    assert (request.text, "ann", "s1") == (
        turn.request.text,
        turn.request.user_id,
        turn.request.session_id,
    )
    assert not recording.header.redacted
    assert PRIVATE in turn.prompt.text["user"]


async def test_prompts_may_be_kept_by_their_digest_alone(tmp_path):
    """Without prompts the digest is the same and the text is not there."""
    whole = await recording_of(tmp_path / "a")
    short = await recording_of(tmp_path / "b", manner=Manner(prompts=False))

    assert None is short.turns[0].prompt.text
    assert whole.turns[0].prompt.digest == short.turns[0].prompt.digest


class Broken:
    """A guard that refuses everything."""

    @hookimpl
    def ion_guard(self):
        """No refusal at all, which counts as one."""
        return "no"


async def test_a_turn_without_an_answer_is_kept_with_the_reason(tmp_path):
    """A refused turn has its request and the code of the refusal, and nothing that it never had."""
    guard = make_plugin("broken", Broken(), "guard")
    async with running_ion(key_names(), guard) as ion:
        recording = await recorded(ion, tmp_path / "r", every_key(1))

    (turn,) = recording.turns
    assert "guard_failed" == turn.problem.code
    assert (None, None, None, None) == (turn.resonance, turn.decision, turn.prompt, turn.reply)


@pytest.mark.parametrize("cut", [1, 20, 300])
async def test_a_torn_last_line_is_left_out_and_told(tmp_path, cut):
    """What was cut off while it was written costs that turn alone."""
    file = tmp_path / "r"
    await recording_of(file, *every_key(3))
    file.write_bytes(file.read_bytes()[:-cut])
    recording = read_recording(file)

    whole = cut == 1  # only the end of the line is missing, and nothing of the turn
    assert (3 if whole else 2, not whole) == (len(recording.turns), recording.torn)


def test_a_process_that_is_killed_leaves_a_good_recording(tmp_path):
    """After a kill in the middle of writing at most the last line is torn."""
    program = (
        "import sys, itertools; from pathlib import Path;"
        "from ion_framework.recording.writing import RecordingWriter;"
        "from ion_framework.recording.model import *;"
        "from ion_framework.pipeline.turn import TurnRequest\n"
        "with RecordingWriter(Path(sys.argv[1])) as writer:\n"
        "    writer.begin(Header(core='1', origin=Origin.MESSAGES, at=0.0))\n"
        "    for n in itertools.count(1):\n"
        "        writer.add(RecordedTurn(number=n, at=0.0, request=TurnRequest(text='x' * 9999)))\n"
    )
    file = tmp_path / "r"
    with subprocess.Popen((sys.executable, "-c", program, file)) as process:
        try:
            until = time.monotonic() + 30
            while not file.exists() or file.stat().st_size < 200_000:
                assert time.monotonic() < until
                time.sleep(0.01)
        finally:
            process.kill()

    recording = read_recording(file)
    assert list(range(1, len(recording.turns) + 1)) == [turn.number for turn in recording.turns]
    assert len(recording.turns) > 10


async def test_what_is_lost_is_told(tmp_path):
    """A line that counts lost turns is added up and is no turn."""
    file = tmp_path / "r"
    await recording_of(file)
    with file.open("ab") as stream:
        stream.write(b'{"lost": 3}\n{"lost": 4}\n')

    recording = read_recording(file)
    assert (2, 7) == (len(recording.turns), recording.lost)


async def test_a_later_member_is_passed_over(tmp_path):
    """A recording of a later version of the same format is read, what is new in it left out."""
    file = tmp_path / "r"
    recording = await recording_of(file)
    lines = file.read_text().splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), "weather": "fine"})
    file.write_text("\n".join(lines) + "\n")

    assert recording.turns[0] == read_recording(file).turns[0]


@pytest.mark.parametrize(
    ("number", "line", "said"),
    [
        (1, "", "line 1: .*ion_recording"),
        (1, '{"ion_recording": 99}', "line 1: is of format 99"),
        (1, '{"ion_recording": 1}', "line 1: .*core"),
        (2, "[]", "line 2: is not a JSON object"),
        (2, "{", "line 2: "),
        (2, '{"number": "one"}', "line 2: .*number"),
        (2, '{"lost": "many"}', "line 2: .*whole number"),
    ],
)
async def test_what_is_wrong_is_told_with_its_line(tmp_path, number, line, said):
    """A line that is no part of a recording is named by file and number."""
    file = tmp_path / "r"
    await recording_of(file)
    lines = file.read_text().splitlines()
    lines[number - 1] = line
    file.write_text("\n".join(lines) + "\n")

    with pytest.raises(RecordingError, match=f"(?s){file}: {said}"):
        read_recording(file)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    """An empty file and a missing one have each their sentence."""
    (tmp_path / "empty").touch()
    with pytest.raises(RecordingError, match="is empty"):
        read_recording(tmp_path / "empty")
    with pytest.raises(RecordingError, match="No such file"):
        read_recording(tmp_path / "missing")


def test_a_full_disk_is_told():
    """What cannot be written is told, with the file."""
    full = "/dev/full"
    if not os.path.exists(full):  # noqa: PTH110  a device of Linux
        pytest.skip("this system has no device that is always full")
    from pathlib import Path

    with (
        RecordingWriter(Path(full), replace=True) as writer,
        pytest.raises(RecordingError, match="cannot be written: No space"),
    ):
        writer.line("{}")


class TestMessages:
    """Messages that are to be answered."""

    def read(self, folder, name, text):
        """The requests of a file with this text."""
        file = folder / name
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_messages(file)

    def test_lines(self, tmp_path):
        """Every line that says something is a message, without a mark of byte order."""
        found = self.read(tmp_path, "m.txt", "\ufeffone\r\n\n  \n둘 둘\n")

        assert ["one", "둘 둘"] == [request.text for request in found]

    def test_a_table(self, tmp_path):
        """Of a table the column text is taken, wherever it stands."""
        found = self.read(tmp_path, "m.tsv", "lang\ttext\tpersona\nen\tone\tann\nko\t둘\t\n")

        assert [("one", None), ("둘", None)] == [(r.text, r.persona) for r in found]

    def test_requests(self, tmp_path):
        """A request may name key, persona, history, user and session."""
        document = {
            "text": "one",
            "key": "calm-medium-learning",
            "persona": "ann",
            "history": [{"role": "user", "content": "before"}],
            "user_id": "u",
            "session_id": "s",
            "deadline_s": 5,
        }
        (found,) = self.read(tmp_path, "m.jsonl", json.dumps(document))

        assert str(found.key) == "calm-medium-learning"
        assert (Message(Role.USER, "before"),) == found.history
        assert ("ann", "u", "s", 5.0) == (
            found.persona,
            found.user_id,
            found.session_id,
            found.deadline_s,
        )

    @pytest.mark.parametrize(
        ("name", "text", "said"),
        [
            ("m.txt", "\n", "holds no message"),
            ("m.txt", b"one\n\xff", "line 2: is not UTF-8 at byte 0"),
            ("m.tsv", "a\tb\n", "line 1: the header names no column 'text'"),
            ("m.tsv", "a\ttext\nx\n", "line 2: the column 'text' is empty"),
            ("m.jsonl", '{"text": "a"}\n{}', "line 2: the member 'text' has to be a message"),
            ("m.jsonl", '{"text": "a", "x": 1}', "line 1: unknown member 'x'"),
            ("m.jsonl", '{"text": "a", "key": "b"}', "line 1: .*tone-pace-intent"),
            ("m.jsonl", '{"text": "a", "deadline_s": -1}', "line 1: .*deadline_s"),
            ("m.jsonl", "[", "line 1: "),
        ],
    )
    def test_what_cannot_be_read(self, tmp_path, name, text, said):
        """What is wrong is told with file and line before anything is answered."""
        with pytest.raises(RecordingError, match=f"(?s){tmp_path / name}: {said}"):
            self.read(tmp_path, name, text)


async def test_requests_are_written_without_who_asked(tmp_path):
    """Principal, tenant and trace are in no document."""
    recording = await recording_of(tmp_path / "r")

    document = document_of(attrs.evolve(recording.turns[0]))
    assert not {"principal", "tenant", "trace"} & document["request"].keys()
