"""Lines: what they tell, what they keep to themselves, and that none is lost or raises."""

from __future__ import annotations

import io
import json

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_log.plugin import Log
from ion_log.settings import LogSettings

from ion_framework import TurnRequest, hookimpl
from ion_framework.domain.trace_context import TraceContext
from ion_framework.errors import NoAnswerError
from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.events import (
    AnswerRefreshed,
    LoopHeld,
    PluginStatusChanged,
    RequestCompleted,
    TurnFailed,
)
from ion_framework.testing import FakeGenerator, RecordingMonitor, make_plugin, running_ion

AT = 1_795_253_400.25
TRACE = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", 1)
SAID = "write to ann@example.org about the results"
ALL = LogSettings(turns="all", plugins=True, requests=True, level="debug")

FAILED = TurnFailed(
    TurnRequest(text=SAID, request_id="r-1", trace=TRACE),
    "no_answer",
    "nobody could answer",
    AT,
    0.0105,
    f"gemini: said of {SAID}; other: raised OSError",
)
REQUEST = RequestCompleted("POST", "/chat", 503, "r-1", AT, 0.25, TRACE)
REFRESHED = AnswerRefreshed(TurnRequest(text=SAID), False, SAID, Usage(1, 2), AT, 0.5)
CHANGED = PluginStatusChanged("sage", "active", "quarantined", SAID, AT)
HELD = LoopHeld("sage", "ion_guard", "sage", 1.5, ("a.py:1 f", "b.py:2 g"), AT)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        """Yes."""
        return True


class Breaking(io.StringIO):
    """A stream that takes nothing while it is broken."""

    broken = True

    def write(self, text):
        """Fail while broken."""
        if self.broken:
            raise BrokenPipeError
        return super().write(text)


def lines_of(*events, settings=ALL):
    """The lines for events, as JSON."""
    stream = io.StringIO()
    log = Log(settings, stream)
    for event in events:
        log.ion_observe(event)
    assert not log.unwritten
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def answered(text="hello", **changed):
    """The event of a turn that was answered."""
    seen = RecordingMonitor()
    parts = make_plugin("m", seen, "monitor"), make_plugin("g", FakeGenerator(), "generator")
    async with running_ion(*parts) as ion:
        await ion.respond(TurnRequest(text=text, request_id="r-1", trace=TRACE, **changed))
    return seen.events[0]


async def test_a_turn_has_one_line():
    """The line has persona, key, cache, model, times of stages and no text."""
    (line,) = lines_of(await answered(SAID))

    assert (line["severity"], line["message"], line["kind"]) == ("INFO", "turn answered", "turn")
    assert set(line) >= {
        "request_id", "persona", "key", "confidence", "cache", "generator", "model", "finish",
        "duration_ms", "stages_ms", "timestamp",
    }  # fmt: skip
    assert {"analyze", "route", "generate"} <= set(line["stages_ms"])
    assert line["logging.googleapis.com/labels"] == {"persona": "sage", "cache": "bypass"}
    assert "results" not in json.dumps(line)


async def test_what_others_log_leaves_no_line_of_its_own():
    """Told to log failed turns it says nothing of those that went well, requests and plugins."""
    quiet = await answered(), REQUEST, CHANGED, HELD, attrs.evolve(REFRESHED, succeeded=True)

    assert not lines_of(*quiet, settings=LogSettings(turns="failed"))
    assert not lines_of(FAILED, REFRESHED, settings=LogSettings(turns="none"))


def test_a_failed_turn_has_cloud_loggings_fields():
    """Severity, time, trace and span stand where Cloud Logging looks for them."""
    (line,) = lines_of(FAILED, settings=LogSettings(turns="failed", project="mine"))

    assert list(line)[:3] == ["severity", "message", "timestamp"]
    assert line["severity"] == "ERROR"
    assert line["timestamp"] == "2026-11-21T09:30:00.250000Z"
    assert line["logging.googleapis.com/trace"] == f"projects/mine/traces/{TRACE.trace_id}"
    assert line["logging.googleapis.com/spanId"] == TRACE.parent_id
    assert line["logging.googleapis.com/trace_sampled"] is True
    assert (line["code"], line["failed"]) == ("no_answer", ["gemini", "other"])
    assert line["duration_ms"] == 10.5
    assert "ann" not in json.dumps(line)


def test_a_request_has_its_http_fields():
    """Method, pattern of the route, status and latency are an ``httpRequest``."""
    (line,) = lines_of(REQUEST)

    assert line["httpRequest"] == {
        "requestMethod": "POST", "requestUrl": "/chat", "status": 503, "latency": "0.250000s"
    }  # fmt: skip
    assert line["logging.googleapis.com/trace"] == TRACE.trace_id


@pytest.mark.parametrize(
    ("event", "severity"),
    [
        (FAILED, "ERROR"),
        (attrs.evolve(FAILED, code="internal_error"), "ERROR"),
        (attrs.evolve(FAILED, code="guard_failed"), "ERROR"),
        (attrs.evolve(FAILED, code="cancelled"), "INFO"),
        (attrs.evolve(FAILED, code="magic_words"), "INFO"),
        (REQUEST, "ERROR"),
        (attrs.evolve(REQUEST, status=429), "WARNING"),
        (attrs.evolve(REQUEST, status=404), "INFO"),
        (REFRESHED, "WARNING"),
        (attrs.evolve(REFRESHED, succeeded=True), "INFO"),
        (CHANGED, "WARNING"),
        (attrs.evolve(CHANGED, after="failed"), "ERROR"),
        (attrs.evolve(CHANGED, after="active"), "INFO"),
        (HELD, "WARNING"),
    ],
)
def test_the_level_follows_the_outcome(event, severity):
    """What the installation is at fault for is an error, what callers do is not."""
    (line,) = lines_of(event)

    assert line["severity"] == severity
    assert "results" not in json.dumps(line)


def test_lines_below_the_level_are_not_written():
    """With ``level = "error"`` a refusal leaves no line, a turn without an answer does."""
    events = FAILED, attrs.evolve(FAILED, code="magic_words")

    assert len(lines_of(*events, settings=LogSettings(turns="failed", level="error"))) == 1


async def test_sampling_takes_a_share_and_every_odd_answer():
    """Of 300 turns a third is logged, by request id, and degraded answers always."""
    turn = await answered()
    turns = [
        attrs.evolve(turn, request=attrs.evolve(turn.request, request_id=f"r-{n}"))
        for n in range(300)
    ]
    degraded = [
        attrs.evolve(each, reply=attrs.evolve(each.reply, degraded="x failed")) for each in turns
    ]
    third = LogSettings(turns="all", sample=0.33)
    first, second = lines_of(*turns, settings=third), lines_of(*turns, settings=third)

    assert 60 < len(first) < 140
    assert first == second
    assert {line["severity"] for line in lines_of(*degraded, settings=third)} == {"WARNING"}
    assert len(lines_of(*degraded, settings=third)) == 300


async def test_texts_are_cut_and_redacted():
    """With ``include_text`` lines hold texts, without addresses of people and not whole."""
    settings = LogSettings(turns="all", include_text=True, text_chars=10)
    turn, failed = lines_of(await answered(SAID), FAILED, settings=settings)
    (long,) = lines_of(FAILED, settings=attrs.evolve(settings, text_chars=4000))

    assert turn["text"] == "write to x…"
    assert len(turn["answer"]) <= 11
    assert failed["reason"] == "nobody cou…"
    assert "results" in long["text"]
    assert "results" in long["detail"]
    assert "ann@example.org" not in json.dumps(long)


def test_on_a_terminal_lines_are_for_people():
    """A terminal gets colours and names, one line an event, whatever is in it."""
    stream = Terminal()
    Log(ALL, stream).ion_observe(attrs.evolve(CHANGED, plugin="a\nb\x1b[2J\u2028c"))

    (line,) = stream.getvalue().splitlines()
    assert "a plugin's status changed" in line
    assert "\\u000a" in line
    assert "\x1b[2J" not in line


def test_the_format_can_be_chosen():
    """JSON goes to a terminal, and lines for people into a file, where the settings say so."""
    terminal, file = Terminal(), io.StringIO()
    Log(attrs.evolve(ALL, format="json"), terminal).ion_observe(CHANGED)
    Log(attrs.evolve(ALL, format="console"), file).ion_observe(CHANGED)

    assert json.loads(terminal.getvalue())["plugin"] == "sage"
    assert "quarantined" in file.getvalue()
    assert "\x1b" not in file.getvalue()


def test_lines_that_could_not_be_written_are_told():
    """A broken stream raises nothing; the first line after it says how many are missing."""
    stream = Breaking()
    log = Log(ALL, stream)
    for _ in range(3):
        log.ion_observe(FAILED)
    stream.broken = False
    for _ in range(2):
        log.ion_observe(FAILED)
    first, second = map(json.loads, stream.getvalue().splitlines())

    assert log.unwritten == 3
    assert first["lines_lost"] == 3
    assert "lines_lost" not in second


def test_a_closed_stream_is_survived():
    """A stream that is closed costs lines and nothing else."""
    stream = io.StringIO()
    log = Log(ALL, stream)
    stream.close()
    log.ion_observe(FAILED)

    assert log.unwritten == 1


@given(
    st.text(st.characters(exclude_categories=()), max_size=40), st.sampled_from(["utf-8", "ascii"])
)
def test_whatever_is_in_it_a_line_is_one_line_of_json(text, encoding):
    """Any text makes one line of valid JSON, whatever the stream can encode."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    log = Log(attrs.evolve(ALL, include_text=True), stream)
    log.ion_observe(attrs.evolve(CHANGED, plugin=text, reason=text))
    log.ion_observe(attrs.evolve(FAILED, message=text, detail=text))
    lines = raw.getvalue().decode(encoding).splitlines()
    stream.detach()

    assert len(lines) == 2
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert not log.unwritten


async def test_in_an_ion_a_failure_leaves_one_line():
    """A turn without an answer leaves one line of the plugin's."""

    class Broken:
        model = "broken-1"

        @hookimpl
        async def ion_generate(self, prompt):
            raise OSError("no such service")
            yield

    stream = io.StringIO()
    log = make_plugin("log", Log(LogSettings(turns="failed"), stream), "monitor")
    async with running_ion(log, make_plugin("broken", Broken(), "generator")) as ion:
        with pytest.raises(NoAnswerError):
            await ion.respond("hello")

    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert (line["code"], line["failed"]) == ("no_answer", ["broken"])
