"""``GET /api/v2/recording``, and ``ion record --url`` at a real host on a real socket."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from ion_host_aiohttp.access.caller import Caller, Scope
from ion_host_aiohttp.rates.limiter import Unlimited
from ion_host_aiohttp.service import ServiceLimits

from ion_framework.recording.documents import header_of, turn_of
from ion_framework.recording.model import Origin, RecordingError
from ion_framework.recording.reading import read_recording
from ion_framework.recording.remote import Amount, Place, record_host
from ion_framework.recording.taking import Manner
from ion_framework.recording.writing import RecordingWriter
from ion_framework.testing import RecordingMonitor

PATH = "/api/v2/recording"
PRIVATE = "ann.lee@mail.kr"


class Door:
    """Lets in whoever has the key, as an administrator, and everybody else to chat."""

    required = True

    def metered(self, _limiter: Any) -> Unlimited:
        """No limits."""
        return Unlimited()

    async def identify(self, credentials: Any, _address: str) -> Caller:
        """Who it is."""
        scope = Scope.ADMIN if credentials.bearer == "master" else Scope.CHAT
        return Caller(principal="key:test", scopes=frozenset({scope}))

    async def close(self) -> None:
        """Nothing to let go of."""


async def said(host: Any, text: str = "I am frustrated", **more: Any) -> None:
    """Have a message answered."""
    response = await host.session.post("/chat", json={"user_id": "u-ann", "message": text, **more})
    assert response.status == 200


async def events_of(response: Any) -> list[tuple[str, Any]]:
    """The events of a stream to its end."""
    found = []
    for event in (await response.text()).split("\n\n"):
        fields = dict(line.split(": ", 1) for line in event.splitlines() if ": " in line[1:])
        if "data" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


async def recorded(host: Any, *texts: str, **query: Any) -> list[tuple[str, Any]]:
    """What a recording tells of these messages."""
    asked = {"turns": len(texts), "seconds": 30, **query}
    async with host.session.get(PATH, params=asked) as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/event-stream")
        for text in texts:
            await said(host, text)
        return await events_of(response)


async def test_turns_are_told_as_they_end(hosting):
    """The header comes first, then each turn with prompt and answer, then the end."""
    async with hosting() as host:
        told = await recorded(host, "I am frustrated", "I am curious")

    assert ["header", "turn", "turn", "end"] == [kind for kind, _ in told]
    header = header_of(told[0][1])
    first, second = (turn_of(document) for kind, document in told if kind == "turn")
    assert (Origin.HOST, True, 1) == (header.origin, header.redacted, header.processes)
    assert {"lua", "elro", "parrot"} <= {plugin.name for plugin in header.plugins}
    assert ("lua", "elro") == (first.decision.primary, second.decision.primary)
    assert "answer to: I am frustrated" == first.reply.text
    assert "I am frustrated" == first.prompt.text["user"]
    assert (1, 2) == (first.number, second.number)


async def test_texts_are_redacted_unless_everything_is_asked_for(hosting):
    """By default neither the address nor the user's name leaves the host; with full both do."""
    async with hosting() as host:
        redacted = json.dumps(await recorded(host, f"mail {PRIVATE}"))
        full = json.dumps(await recorded(host, f"mail {PRIVATE}", full="true"))
        short = json.dumps(await recorded(host, "prompt?", prompts="false"))

    assert PRIVATE not in redacted
    assert "u-ann" not in redacted
    assert PRIVATE in full
    assert "u-ann" in full
    assert "You are" in redacted
    assert "You are" not in short


async def test_a_recording_needs_the_scope_of_administrators(hosting):
    """Who may only chat is refused."""
    async with hosting(door=Door()) as host:
        refused = await host.session.get(PATH)
        headers = {"Authorization": "Bearer master"}
        granted = await host.session.get(PATH, params={"seconds": 0}, headers=headers)
        events = await events_of(granted)

    assert (403, 200) == (refused.status, granted.status)
    assert ["header", "end"] == [kind for kind, _ in events]


@pytest.mark.parametrize("query", [{"seconds": -1}, {"seconds": 601}, {"turns": 0}, {"full": "x"}])
async def test_what_cannot_be_asked_for_is_refused(hosting, query):
    """Values outside their ranges are refused before anything is told."""
    async with hosting() as host:
        response = await host.session.get(PATH, params=query)

    assert 422 == response.status


async def test_it_ends_with_its_time(hosting):
    """After its seconds the stream has its last event, however little was said."""
    async with hosting() as host:
        began = time.monotonic()
        told = await recorded(host, turns=5, seconds=1)

    assert ["header", "end"] == [kind for kind, _ in told]
    assert 0.9 < time.monotonic() - began < 10


async def test_a_recording_ends_with_the_host(hosting):
    """A host that is being stopped ends the stream and is not held up by it."""
    async with hosting() as host:
        response = await host.session.get(PATH, params={"seconds": 600})
        await said(host)
        host.service.lifecycle.drain()
        told = await events_of(response)

    assert ["header", "turn", "end"] == [kind for kind, _ in told]


async def test_nobody_listens_after_the_recording(hosting):
    """Once its caller is gone the host has no tap any more, and its log counts what was told."""
    async with hosting() as host:
        assert not host.service.ion.engine.taps
        response = await host.session.get(PATH, params={"seconds": 600})
        assert host.service.ion.engine.taps
        response.close()
        async with asyncio.timeout(10):
            while host.service.ion.engine.taps:  # noqa: ASYNC110  the connection tells nobody
                await asyncio.sleep(0.01)
        await recorded(host, "one more")
        lines = [
            line for line in host.lines() if line.get("route") == PATH or line.get("path") == PATH
        ]

    assert [("false", "1")] == [(x["full"], x["recorded"]) for x in lines if "recorded" in x]


async def test_monitors_are_told_no_prompt(hosting, make):
    """A recording changes nothing of what observers are told."""
    monitor = RecordingMonitor()
    watching = make.plugin("watching", "monitor", monitor)
    async with hosting(*make.standard(), watching) as host:
        await recorded(host, "a question")

    told = [event for event in monitor.events if type(event).__name__ == "TurnCompleted"]
    assert 1 == len(told)
    assert "You are" not in repr(told)


async def test_who_does_not_keep_up_loses_turns_and_is_told(hosting):
    """A full queue never holds a turn up: what has no place is counted, and told before the end."""
    async with hosting() as host:
        from ion_framework.pipeline.turn import TurnRequest
        from ion_framework.recording.tapping import Lost, Waiting

        waiting, most = Waiting(most=2), 5
        with host.service.ion.engine.taps.listening(waiting.put):
            for _ in range(most):
                await host.service.ion.respond(TurnRequest(text="curious"))
        found = [await waiting.next() for _ in range(3)]

    assert Lost(3) == found[-1]
    assert "curious" == found[0].turn.text


class TestFile:
    """The same, written by ``ion record --url``."""

    async def record(self, host: Any, file: Any, *texts: str, **more: Any) -> Any:
        """The recording of what a host answers meanwhile."""
        place = Place(url=more.pop("url", host.url), key=more.pop("key", None))
        amount = Amount(**{"turns": len(texts) or None, "seconds": 30.0, **more})

        def write() -> None:
            with RecordingWriter(file) as writer:
                record_host(place, Manner(), amount, writer)

        writing = asyncio.create_task(asyncio.to_thread(write))
        async with asyncio.timeout(20):
            while not (host.service.ion.engine.taps or writing.done()):  # noqa: ASYNC110  see above
                await asyncio.sleep(0.01)
            for text in texts:
                await said(host, text)
            await writing
        return read_recording(file)

    async def test_a_file_can_be_read_back(self, hosting, tmp_path):
        """Header and turns are those of a recording."""
        async with hosting() as host:
            found = await self.record(host, tmp_path / "r", "I am frustrated", f"mail {PRIVATE}")

        assert ["lua", "lua"] == [turn.decision.primary for turn in found.turns]
        assert [False, True] == [turn.altered for turn in found.turns]
        assert PRIVATE not in (tmp_path / "r").read_text()

    async def test_a_stream_that_reaches_the_bound_is_asked_for_anew(self, hosting, tmp_path):
        """A recording goes on over the host's bound for one stream, in one file."""
        limits = ServiceLimits(stream_s=0.3)
        async with hosting(limits=limits) as host:
            found = await self.record(host, tmp_path / "r", seconds=2.0)

        assert () == found.turns
        assert 0 == found.lost

    async def test_a_key_is_presented(self, hosting, tmp_path):
        """With the key of an administrator a host with a door is recorded, without it is not."""
        async with hosting(door=Door()) as host:
            await self.record(host, tmp_path / "a", key="master", seconds=1.0)
            with pytest.raises(RecordingError, match=r"403: .*; the API key needs the scope admin"):
                await self.record(host, tmp_path / "b", key="other", seconds=1.0)

    async def test_what_is_no_host_is_told(self, hosting, tmp_path):
        """An address that is none, and one at which nobody answers, are told."""
        async with hosting() as host:
            for url, reason in (
                ("ftp://x", "--url: give the address"),
                ("http://a:b@x", "--url: give the address"),
                ("http://x:port", "--url: give the address"),
                ("http://127.0.0.1:1", "cannot be read"),
                (f"{host.url}/chat", "404"),
            ):
                with pytest.raises(RecordingError, match=reason):
                    await self.record(host, tmp_path / url.replace("/", "_"), url=url)
