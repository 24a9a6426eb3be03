"""``ion chat``: one message, lines from a pipe, and a conversation on a terminal."""

from __future__ import annotations

import os
import pty
import select
import tempfile
import time
from pathlib import Path

import attrs
import pytest

from ion_framework.testing.packages import PluginPackage
from tests.test_cli_process import ION, environment, ion, write

SLOW_MANIFEST = 'name = "slow"\nsummary = "Test."\nprovides = ["generator"]\nion_api = 1\n'
SLOW = """
import asyncio
from ion_framework import Finish, TextChunk, hookimpl

class Plugin:
    def __init__(self, context):
        pass

    @hookimpl
    async def ion_generate(self, turn, prompt):
        yield TextChunk(f"[{len(turn.request.history)}] \\x1b[2J")
        if "wait" in prompt.user:
            await asyncio.sleep(60)
        yield TextChunk("the end")
        yield Finish()

plugin = Plugin
"""


@attrs.define
class Terminal:
    """``ion`` on a terminal of its own."""

    pid: int
    descriptor: int
    seen: str = ""
    _read_up_to: int = 0
    _undecoded: bytes = b""

    @classmethod
    def start(cls, *arguments: str, folder: Path | None = None, **variables: str) -> Terminal:
        """Start ``ion``."""
        variables = environment(folder, **{"TERM": "xterm", **variables})
        pid, descriptor = pty.fork()
        if not pid:
            os.chdir(tempfile.mkdtemp())
            os.execve(ION[0], [*ION, *arguments], variables)  # noqa: S606  the program under test
        return cls(pid, descriptor)

    def wait_for(self, text: str) -> None:
        """Read until a text has come after the one that was waited for last."""
        end = time.monotonic() + 30
        while text not in self.seen[self._read_up_to :]:
            assert time.monotonic() < end, self.seen
            self._read()
        self._read_up_to = self.seen.index(text, self._read_up_to) + len(text)

    def type(self, text: str) -> None:
        """Type."""
        os.write(self.descriptor, text.encode())

    def end(self) -> int:
        """Read what is left; the exit code."""
        while self._read():
            pass
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self) -> bool:
        if not select.select([self.descriptor], [], [], 30)[0]:
            raise TimeoutError(self.seen)
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # how Linux tells that the other side of a terminal is gone
            return False
        self._undecoded += data
        text = self._undecoded.decode(errors="ignore")
        self._undecoded = self._undecoded[len(text.encode()) :]
        self.seen += text
        return bool(data)


def slow(folder: Path) -> Path:
    """A folder with a generator that waits when it is told to."""
    return write(folder, PluginPackage(name="slow", manifest=SLOW_MANIFEST, code=SLOW))


@pytest.mark.parametrize(
    ("message", "personas"),
    [
        ("이거 진짜 답답해요! 왜 안 되는 거죠?", {"Lua"}),
        ("Compare the two query plans and isolate the cause of the latency", {"Elro", "Riri"}),
        ("지금 결제 서버 죽었어요 당장 롤백 방법 알려 주세요", {"Nana"}),
    ],
)
def test_one_message_is_answered_with_everything_behind_it(
    message: str, personas: set[str]
) -> None:
    """``--json`` has content, persona, key, confidence, and the receipt among the metadata."""
    ran = ion("chat", "--json", message)

    reply = ran.json()
    assert 0 == ran.code
    assert ["content", "persona_used", "resonance_key", "confidence", "metadata"] == list(reply)
    assert reply["persona_used"] in personas
    assert reply["content"]
    receipt = reply["metadata"]["receipt"]
    assert reply["resonance_key"] == receipt["key"]
    assert reply["confidence"] == receipt["confidence"]
    assert {"analyze", "route", "generate"} <= {stage["stage"] for stage in receipt["stages"]}


def test_words_of_a_message_need_no_quotes() -> None:
    """Several arguments make one message; in a pipe the answer alone is written."""
    ran = ion("chat", "How", "do", "I", "read", "a", "query", "plan?")

    assert 0 == ran.code
    assert ran.out.strip()
    assert "\x1b" not in ran.out


def test_why_shows_the_whole_reason() -> None:
    """``--why`` adds scores, evidence, plugins and stages to the answer."""
    ran = ion("chat", "--why", "이거 진짜 답답해요! 왜 안 되는 거죠?")

    for part in ("persona  score", 'tone frustrated: "답답"', "ion_generate", "stage", "cache: "):
        assert part in ran.out


def test_persona_can_be_asked_for_by_name() -> None:
    """``--persona`` decides, whatever the case of its letters; an unknown one is a usage error."""
    assert "Nana" == ion("chat", "--json", "--persona", "NANA", "hello").json()["persona_used"]

    unknown = ion("chat", "--persona", "bob", "hello")

    assert 2 == unknown.code
    assert "unknown persona 'bob'; known are: lua, elro, riri, nana" in unknown.err


def test_no_generator_is_told_with_the_remedy() -> None:
    """Without a generator the command fails and says what to install."""
    ran = ion("chat", "hello", "--disable", "offline")

    assert 1 == ran.code
    assert "ion-offline" in ran.err


def test_lines_from_a_pipe_are_one_conversation(tmp_path: Path) -> None:
    """Every line is answered in turn, with the history of those before; blank ones are skipped."""
    ran = ion("chat", stdin=b"hello\n\nagain\n", folder=slow(tmp_path))

    assert (0, "[0] \x1b[2Jthe end\n[2] \x1b[2Jthe end\n") == (ran.code, ran.out)


def test_line_without_an_answer_does_not_end_the_conversation() -> None:
    """Bytes that are no text are told of, with the line's number, and the next line is answered."""
    ran = ion("chat", "--json", stdin=b"\xff\nhello\n")

    assert (1, 1) == (ran.code, len(ran.objects()))
    assert "line 1: not valid UTF-8" in ran.err


def test_terminal_shows_who_answered_and_is_not_steered(tmp_path: Path) -> None:
    """Below the answer stand persona, key and confidence; a model's escapes are dropped."""
    terminal = Terminal.start("chat", "hello", folder=slow(tmp_path))

    assert 0 == terminal.end()
    assert "[0] [2Jthe end" in terminal.seen
    assert "Riri · calm-burst-learning · 0.584" in terminal.seen


def test_conversation_on_a_terminal(tmp_path: Path) -> None:
    """Commands work, Ctrl-C stops an answer and not the conversation, Ctrl-D ends it."""
    terminal = Terminal.start("chat", folder=slow(tmp_path))
    terminal.wait_for("you> ")
    terminal.type("/persona bob\n")
    terminal.wait_for("There is no persona 'bob'")
    terminal.type("/persona nana\n")
    terminal.wait_for("Nana answers from now on.")
    terminal.type("please wait\n")
    terminal.wait_for("[0]")
    terminal.type("\x03")
    terminal.wait_for("(stopped)")
    terminal.type("hello\n")
    terminal.wait_for("Nana · calm-burst-learning")
    terminal.type("/why\n")
    terminal.wait_for("nana was asked for by name")
    terminal.type("/shrug\n")
    terminal.wait_for("There is no command /shrug")
    terminal.wait_for("you> ")
    terminal.type("\x04")

    assert 0 == terminal.end()
    assert "Goodbye." in terminal.seen


def test_conversation_speaks_korean_in_a_korean_locale(tmp_path: Path) -> None:
    """Prompt, help and farewell follow the locale; /quit ends."""
    terminal = Terminal.start("chat", folder=slow(tmp_path), LANG="ko_KR.UTF-8", PYTHONUTF8="1")
    terminal.wait_for("나> ")
    terminal.type("/help\n")
    terminal.wait_for("마지막 답변이 나온 이유")
    terminal.type("/quit\n")

    assert 0 == terminal.end()
    assert "대화를 마칩니다." in terminal.seen


def test_interrupt_of_a_single_answer_exits_with_130(tmp_path: Path) -> None:
    """Ctrl-C during ``ion chat "message"`` ends the command at once."""
    terminal = Terminal.start("chat", "please wait", folder=slow(tmp_path))
    terminal.wait_for("[0]")
    terminal.type("\x03")

    assert 130 == terminal.end()
    assert "Traceback" not in terminal.seen


def test_tables_are_drawn_on_a_terminal_only(tmp_path: Path) -> None:
    """A terminal gets a ruled table with colours, which NO_COLOR takes away."""
    drawn, plain = Terminal.start("plugins"), Terminal.start("plugins", NO_COLOR="1")

    assert (0, 0) == (drawn.end(), plain.end())
    assert "───" in drawn.seen
    assert "\x1b[32mready" in drawn.seen
    assert "\x1b[32m" not in plain.seen
