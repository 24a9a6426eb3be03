"""One JSON line a request, whatever is in it."""

from __future__ import annotations

import io
import json
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ion_host_aiohttp.run.logs import configure_process, make_logger

from ion_framework.line_stream import LineStream
from ion_framework.pipeline.events import RequestCompleted
from ion_framework.settings.model import LogFormat, LogLevel, LogSettings

HOSTILE = [
    "line\nbreak",
    "\x1b[31mred\x1b[0m",
    "\u2028\u2029\x85",
    "\ud800 alone",
    '{"event": "forged"}\n{"event": "second"}',
    "\x00\x07\x7f",
]


def test_lines_for_cloud_logging():
    """By setting, and on Cloud Run, a line of JSON has severity, message and trace besides."""
    lines = []
    for form, environ in (
        (LogFormat.CLOUD, {}),
        (LogFormat.AUTO, {"K_SERVICE": "ion"}),
        (LogFormat.JSON, {}),
    ):
        stream = io.StringIO()
        logger = make_logger(stream, LogSettings(format=form), environ)
        logger.warning("shed", severity="page", trace_id="4bf9")
        lines.append(json.loads(stream.getvalue()))

    for line in lines[:2]:
        assert (line["severity"], line["message"], line["event"]) == ("WARNING", "shed", "shed")
        assert line["logging.googleapis.com/trace"] == "4bf9"
    assert "message" not in lines[2]


class TestRequestLine:
    """The line that each request leaves."""

    async def test_fields(self, hosting):
        """The line holds method, route, status, duration, request id, persona and cache."""
        async with hosting() as host:
            await host.session.post(
                "/chat", json={"message": "hi"}, headers={"X-Request-ID": "trace-1"}
            )
            line = host.lines()[0]

        assert line.pop("duration_ms") > 0
        assert line.pop("timestamp").endswith("Z")
        assert line == {
            "event": "request",
            "level": "info",
            "method": "POST",
            "route": "/chat",
            "status": 200,
            "request_id": "trace-1",
            "persona": "lua",
            "cache": "miss",
        }

    async def test_route_is_the_pattern(self, hosting):
        """The line names the route's pattern, and nothing where no route matched."""
        async with hosting() as host:
            await host.session.get("/api/v2/personas/secret-name")
            await host.session.get("/secret-path?secret-query")
            lines = host.lines()

        assert [line["route"] for line in lines] == ["/api/v2/personas/{name}", ""]
        assert "secret" not in host.log.getvalue()

    async def test_message_text_is_never_logged(self, hosting, make):
        """Neither the message nor the answer stands in the log, answered or not."""

        async def fail(text: str) -> str:
            if "please fail" in text:
                raise RuntimeError
            return "an answer of tangerine"

        brain = make.plugin("brain", "generator", make.generator(fail))
        async with hosting(make.lua, make.analyzer, make.router, brain) as host:
            for message in ("my tangerine secret", "please fail, tangerine", "x" * 2000):
                await host.session.post("/chat", json={"message": message})

        assert len(host.lines()) == 3
        assert "tangerine" not in host.log.getvalue()
        assert "xxx" not in host.log.getvalue()

    @pytest.mark.parametrize(
        "given_id", ["", "a b", "x" * 129, "id\x1b[31m", "한국", "a/b", "<script>"]
    )
    async def test_bad_ids_are_replaced(self, hosting, given_id):
        """An id that is too long or holds other characters is replaced by a fresh one."""
        async with hosting() as host:
            response = await host.session.get("/", params={"request_id": given_id})
            line = host.lines()[0]

        assert response.headers["X-Request-ID"] == line["request_id"]
        assert len(line["request_id"]) == 32
        assert line["request_id"] != given_id

    async def test_id_goes_through_everything(self, hosting, make):
        """One id stands in header, body, receipt and log line, and in the event for monitors."""
        from ion_framework import hookimpl

        class Monitor:
            def __init__(self):
                self.events = []

            @hookimpl
            def ion_observe(self, event):
                self.events.append(event)

        monitor = Monitor()
        plugins = (*make.standard(), make.plugin("watch", "monitor", monitor))
        async with hosting(*plugins) as host:
            response = await host.session.post(
                "/api/v2/process", json={"user_input": "hi"}, headers={"X-Request-ID": "one.id"}
            )
            body = await response.json()
            found = {
                response.headers["X-Request-ID"],
                body["request_id"],
                body["metadata"]["receipt"]["request_id"],
                host.lines()[0]["request_id"],
            }
        events = [event for event in monitor.events if isinstance(event, RequestCompleted)]

        assert found == {"one.id"}
        assert [(e.request_id, e.route, e.status) for e in events] == [
            ("one.id", "/api/v2/process", 200)
        ]

    async def test_caller_who_left_is_logged(self, hosting, make):
        """A request whose caller leaves is cancelled and logged as 499."""
        import asyncio

        started, cancelled = asyncio.Event(), asyncio.Event()

        async def wait(_text: str) -> str:
            started.set()
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                cancelled.set()
                raise
            return "never"

        slow = make.plugin("slow", "generator", make.generator(wait))
        async with hosting(make.lua, make.analyzer, make.router, slow) as host:
            body = b'{"message": "hi"}'
            _, writer = await asyncio.open_connection("127.0.0.1", host.port)
            writer.write(
                b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            await asyncio.wait_for(started.wait(), 2)
            writer.close()
            await writer.wait_closed()
            await asyncio.wait_for(cancelled.wait(), 2)

        assert host.lines()[0]["status"] == 499


class _Unprintable:
    def __repr__(self):
        raise RuntimeError

    __str__ = __repr__


class TestLines:
    """The rendering."""

    @settings(deadline=None)
    @given(st.one_of(st.text(st.characters()), st.sampled_from(HOSTILE)))
    def test_one_line_of_strict_json(self, text):
        """Any text becomes exactly one line of JSON that reads back as the text."""
        stream = io.StringIO(newline="")
        make_logger(stream, LogSettings(format=LogFormat.JSON)).info("event", value=text)
        written = stream.getvalue()

        assert len(written.splitlines()) == 1
        assert written.encode().decode() == written
        assert json.loads(written)["value"] == text.encode("utf-8", "replace").decode()

    @pytest.mark.parametrize(
        "value",
        [float("nan"), float("inf"), {("a", "b"): 1}, _Unprintable(), b"\xff", {1, 2}],
        ids=["nan", "infinity", "tuple key", "unprintable", "bytes", "set"],
    )
    def test_values_that_json_does_not_know(self, value):
        """A value that JSON has no form for is written as text."""
        stream = io.StringIO()
        make_logger(stream, LogSettings(format=LogFormat.JSON)).info("event", value=value)

        line = json.loads(stream.getvalue(), parse_constant=pytest.fail)
        assert line["event"] == "event"

    @pytest.mark.parametrize("text", HOSTILE)
    def test_console_lines_stay_single(self, text):
        """On a terminal, too, a hostile text stays on one line and changes no colour."""
        stream = io.StringIO()
        logger = make_logger(stream, LogSettings(format=LogFormat.CONSOLE))
        logger.info("request", value=text)
        written = stream.getvalue()

        assert len(written.splitlines()) == 1
        assert "\x1b" not in written

    def test_console_form_is_readable(self):
        """The console form is time, level, event and name=value."""
        stream = io.StringIO()
        make_logger(stream, LogSettings(format=LogFormat.CONSOLE)).info("request", persona="루아")

        assert stream.getvalue().split(" ", 1)[1] == "info    request persona=루아\n"

    def test_level_is_heeded(self):
        """Nothing below the level is written."""
        stream = io.StringIO()
        logger = make_logger(stream, LogSettings(format=LogFormat.JSON, level=LogLevel.WARNING))
        logger.info("quiet")
        logger.warning("loud")

        assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["loud"]

    def test_stream_that_is_gone_raises_nothing(self):
        """A closed stream loses the line, and the loss is counted."""
        stream = io.StringIO()
        stream.close()
        logger = LineStream(stream)
        logger.write("lost")

        assert logger.lost == 1

    def test_narrow_stream_raises_nothing(self):
        """A stream that cannot encode Hangul gets escapes."""
        raw = io.BytesIO()
        stream = io.TextIOWrapper(raw, encoding="ascii")
        LineStream(stream).write("루")

        assert raw.getvalue() == b"\\ub8e8\n"


class TestProcessWide:
    """The logger of the whole process."""

    def test_other_libraries_leave_json_lines_too(self):
        """A warning of another library is one JSON line that names it; its info is left out."""
        import structlog

        stream = io.StringIO()
        root = logging.getLogger()
        before = root.handlers[:], root.level
        try:
            configure_process(stream, LogSettings(format=LogFormat.JSON))
            logging.getLogger("aiohttp.server").warning("bad %s\nsecond", "thing")
            logging.getLogger("aiohttp.server").info("quiet")
            logging.getLogger("aiohttp.server").error("%d things", "many")
            structlog.get_logger(plugin="lua").info("from a plugin")
        finally:
            structlog.reset_defaults()
            root.handlers[:], root.level = before
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]

        assert [(line["event"], line["level"]) for line in lines] == [
            ("bad thing\nsecond", "warning"),
            ("%d things", "error"),
            ("from a plugin", "info"),
        ]
        assert (lines[0]["logger"], lines[2]["plugin"]) == ("aiohttp.server", "lua")
