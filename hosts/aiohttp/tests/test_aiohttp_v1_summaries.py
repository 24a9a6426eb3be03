"""``POST /summaries/preview`` and ``GET /summaries/{id}`` as clients see them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from ion_host_aiohttp.access.caller import Caller
from ion_host_aiohttp.rates.limiter import Unlimited
from ion_host_aiohttp.v1.session_making import FILE, Sessions
from ion_host_aiohttp.v1.session_thread import SessionThread
from ion_host_aiohttp.v1.sessions import Owner, SessionBounds, SummaryStatus
from ion_host_aiohttp.v1.summaries import PreviewRequest, cost

from ion_framework import Finish, TextChunk, hookimpl
from ion_framework.clock import SystemClock
from ion_framework.pipeline.chunks import Usage

TALK = [
    "User: 결제 서버가 월요일부터 계속 죽어요.",
    "Assistant: 원인은 커넥션 풀입니다. 풀을 5로 줄여 보세요.",
    "User: 줄였더니 해결됐어요. 다음 주에 다시 점검하기로 결정했어요.",
]
LEASE_S = 0.6
ABANDONING = Path(__file__).parent / "programs" / "abandoning.py"


class Model:
    """A language model that says the same to everything, after a gate opens.

    Args:
        text: what it says.
        gate: what it waits for, None answers at once.
    """

    model = "brain-1"

    def __init__(self, text="- summary by the model", gate=None):
        self.prompts = []
        self._text = text
        self._gate = gate
        self._begun = asyncio.Semaphore(0)

    async def asked(self, times):
        """Wait until it was asked so often."""
        for _ in range(times):
            await self._begun.acquire()

    @hookimpl
    async def ion_generate(self, prompt):
        """The text, with what it cost."""
        self.prompts.append(prompt)
        self._begun.release()
        if self._gate is not None:
            await self._gate.wait()
        if self._text is None:
            raise ConnectionError("the model is down")
        yield TextChunk(self._text)
        yield Finish(usage=Usage(30, 12), model=self.model)


class Counting(Unlimited):
    """A limiter that remembers what is booked."""

    def __init__(self):
        self.booked = []

    async def book(self, caller, tokens):
        """Remember it."""
        self.booked.append(tokens)


class Door:
    """Lets everybody in and keeps the books of a limiter."""

    required = False

    def __init__(self, limiter):
        self._limiter = limiter

    async def identify(self, credentials, address):
        """Anybody."""
        return Caller(subject=address)

    def metered(self, _limiter):
        """The limiter that counts."""
        return self._limiter

    async def close(self):
        """Nothing to let go of."""


def with_model(make, model):
    """The standard plugins and a language model."""
    return (*make.standard(), make.plugin("brain", "generator", model))


def shared(path, **bounds):
    """Sessions in a file, as a worker has them."""
    kept = SessionBounds(lease_s=LEASE_S, **bounds)
    return Sessions.kept_in(SessionThread(path / FILE, kept, SystemClock()), kept)


async def tell(host, session, messages=TALK):
    """Tell a conversation and end it."""
    for message in messages:
        await host.session.post(f"/sessions/{session}/messages", json={"message": message})
    return await host.session.post("/chat/end", params={"session_id": session})


async def state(host, session):
    """The state of a summary."""
    return await (await host.session.get(f"/summaries/{session}")).json()


async def finished(host, session):
    """The state of a summary once it is no longer being made."""
    async with asyncio.timeout(30):
        while True:
            found = await state(host, session)
            if found["status"] != "generating":
                return found
            await asyncio.sleep(0.05)


class TestPreview:
    """Summaries at once."""

    async def test_fields_are_the_originals(self, hosting):
        """Without a model the preview has the original's six fields, and tells its method."""
        async with hosting() as host:
            response = await host.session.post("/summaries/preview", json={"messages": TALK})
            body = await response.json()

        assert response.status == 200
        assert list(body) == [
            "status", "duration_ms", "parallel", "chunk_chars", "concurrency", "summary", "method"
        ]  # fmt: skip
        assert (body["status"], body["parallel"]) == ("completed", False)
        assert (body["chunk_chars"], body["concurrency"]) == (1600, 4)
        assert isinstance(body["duration_ms"], int)
        assert body["method"] == "extractive"
        assert "원인은 커넥션 풀입니다." in body["summary"]

    async def test_no_messages_are_400(self, hosting):
        """An empty list is a 400 in the shape of v1."""
        async with hosting() as host:
            response = await host.session.post("/summaries/preview", json={"messages": []})
            body = await response.json()

        assert response.status == 400
        assert list(body) == ["error", "status_code"]
        assert body["status_code"] == 400

    async def test_empty_messages_are_skipped(self, hosting):
        """Messages that say nothing are left out, and of nothing else the summary is empty."""
        async with hosting() as host:
            found = []
            for messages in (["The pond is green.", "", " "], ["", "\u200b"]):
                response = await host.session.post(
                    "/summaries/preview", json={"messages": messages}
                )
                found.append((response.status, (await response.json())["summary"]))

        assert found == [(200, "- The pond is green."), (200, "")]

    async def test_a_session_may_be_called_preview(self, hosting):
        """The address of previews also gives the state of the session of that name."""
        async with hosting() as host:
            before = await state(host, "preview")
            await tell(host, "preview")
            made = await finished(host, "preview")
            wrong = await host.session.delete("/summaries/preview")

        assert before["status"] == "not_found"
        assert made["status"] == "completed"
        assert wrong.headers["Allow"] == "GET, HEAD, POST"

    @pytest.mark.parametrize(
        ("messages", "where"),
        [(["hello", 5], ["body", "messages", 1]), (["x"] * 1001, ["body", "messages"]),
         (["x" * 32_001], ["body", "messages", 0]), ("hello", ["body", "messages"])],
    )  # fmt: skip
    async def test_bad_messages_are_422(self, hosting, messages, where):
        """Numbers, too many or too long messages and text for a list are a 422 that says which."""
        async with hosting() as host:
            response = await host.session.post("/summaries/preview", json={"messages": messages})
            detail = (await response.json())["detail"]

        assert response.status == 422
        assert detail[0]["loc"][: len(where)] == where

    async def test_the_model_summarises(self, hosting, make):
        """With a model the summary is the model's, and its tokens are booked."""
        model, limiter = Model(), Counting()
        async with hosting(*with_model(make, model), door=Door(limiter)) as host:
            response = await host.session.post("/summaries/preview", json={"messages": TALK})
            body = await response.json()

        assert (body["summary"], body["method"]) == ("- summary by the model", "model")
        assert limiter.booked == [42]
        assert TALK[0] in model.prompts[0].user
        assert TALK[0] not in model.prompts[0].system

    async def test_long_conversations_are_read_in_parallel(self, hosting, make):
        """A conversation of several parts is read in parallel, and the parts are joined."""
        model, limiter = Model(), Counting()
        messages = [f"User: Event number {n} happened in region {n % 7}." * 5 for n in range(40)]
        async with hosting(*with_model(make, model), door=Door(limiter)) as host:
            response = await host.session.post("/summaries/preview", json={"messages": messages})
            body = await response.json()

        assert body["parallel"]
        assert body["method"] == "model"
        assert {prompt.name for prompt in model.prompts} == {"summary/part", "summary/join"}
        assert limiter.booked == [42 * len(model.prompts)]

    async def test_a_failing_model_is_replaced(self, hosting, make):
        """Where the model fails, sentences are chosen, and the log says why."""
        async with hosting(*with_model(make, Model(text=None))) as host:
            response = await host.session.post("/summaries/preview", json={"messages": TALK})
            body = await response.json()
            (line,) = host.lines()

        assert body["method"] == "extractive"
        assert "brain" in line["failures"]

    async def test_the_callers_deadline_holds(self, hosting, make):
        """A model that does not answer in the caller's time is not waited for."""
        slow = Model(gate=asyncio.Event())
        async with hosting(*with_model(make, slow)) as host:
            response = await host.session.post(
                "/summaries/preview", json={"messages": TALK}, headers={"ION-Deadline-Ms": "100"}
            )
            body = await response.json()

        assert body["method"] == "extractive"
        assert body["duration_ms"] < 10_000

    def test_long_previews_cost_more(self):
        """Every 16,000 characters count as one request more."""
        assert cost(PreviewRequest(messages=["x"])) == 1
        assert cost(PreviewRequest(messages=["x" * 32_000, "x"])) == 3


class TestState:
    """The four states of a summary."""

    async def test_unknown_is_not_found(self, hosting):
        """A session without a summary is a 200 with status and message."""
        async with hosting() as host:
            response = await host.session.get("/summaries/none")
            body = await response.json()

        assert response.status == 200
        assert list(body) == ["status", "message"]
        assert body["status"] == "not_found"

    async def test_generating_then_completed(self, hosting, make):
        """While the model works the state is generating, then completed with the model's text."""
        gate = asyncio.Event()
        async with hosting(*with_model(make, Model(gate=gate))) as host:
            await tell(host, "s1")
            during = await state(host, "s1")
            gate.set()
            after = await finished(host, "s1")

        assert list(during) == ["status", "message"]
        assert during["status"] == "generating"
        assert list(after) == ["status", "summary", "method", "generated_at"]
        assert (after["status"], after["method"]) == ("completed", "model")
        assert after["generated_at"].endswith("+00:00")

    async def test_failed_has_an_error(self, hosting, tmp_path):
        """A summary that could not be made is a 200 with status and error."""
        sessions = shared(tmp_path)
        async with hosting(sessions=sessions) as host:
            await host.session.post("/sessions/s1/messages", json={"message": "hello"})
            owner = Owner.of(Caller())
            await sessions.log.begin_summary(owner, "s1", "token")
            await sessions.log.fail("token")
            body = await state(host, "s1")

        assert list(body) == ["status", "error"]
        assert body["status"] == "failed"

    async def test_tokens_of_a_background_summary_are_booked(self, hosting, make):
        """What the model spends on the summary of a session is booked to who ended it."""
        limiter = Counting()
        async with hosting(*with_model(make, Model()), door=Door(limiter)) as host:
            await tell(host, "s1")
            await finished(host, "s1")

        assert limiter.booked == [42]

    async def test_a_newer_end_wins(self, hosting, make):
        """A session that ends again with other messages has the summary of these."""
        gate = asyncio.Event()
        model = Model(gate=gate)
        async with hosting(*with_model(make, model)) as host:
            await tell(host, "s1", ["User: the old matter"])
            await tell(host, "s1", ["User: the new matter"])
            async with asyncio.timeout(10):
                await model.asked(2)
            gate.set()
            body = await finished(host, "s1")

        assert body["status"] == "completed"
        assert "the new matter" in model.prompts[-1].user


class TestBusy:
    """Too many summaries at once."""

    async def test_a_caller_with_too_many_waits(self, hosting, make):
        """One summary more than a caller may have in the making is 429, and its session stays."""
        gate = asyncio.Event()
        bounds = SessionBounds(summaries_per_caller=1)
        plugins = with_model(make, Model(gate=gate))
        async with hosting(*plugins, sessions=Sessions.in_memory(bounds)) as host:
            await tell(host, "s1")
            refused = await tell(host, "s2")
            gate.set()
            await finished(host, "s1")
            again = await tell(host, "s2", ())
            made = await finished(host, "s2")

        assert (refused.status, again.status) == (429, 200)
        assert refused.headers["Retry-After"]
        assert made["summary"], "the messages were still there"

    async def test_a_busy_host_sheds(self, hosting, make):
        """One summary more than the host takes is 503 with Retry-After."""
        gate = asyncio.Event()
        bounds = SessionBounds(summaries_at_once=1, summaries_waiting=0)
        plugins = with_model(make, Model(gate=gate))
        async with hosting(*plugins, sessions=Sessions.in_memory(bounds)) as host:
            await tell(host, "s1")
            refused = await tell(host, "s2")
            body = await refused.json()
            gate.set()
            await finished(host, "s1")

        assert (refused.status, body["status_code"]) == (503, 503)
        assert refused.headers["Retry-After"]


class TestAbandoned:
    """Processes that end in the middle of a summary."""

    async def test_another_worker_finishes_a_killed_ones_summary(self, hosting, tmp_path):
        """A summary whose process was killed is generating until its lease ends, then made anew."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(ABANDONING), str(tmp_path / FILE), str(LEASE_S),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"generating\n"
            async with hosting(sessions=shared(tmp_path)) as host:
                await asyncio.sleep(2 * LEASE_S)
                alive = await state(host, "s1")
                process.kill()
                made = await finished(host, "s1")
        finally:
            await process.communicate()

        assert alive["status"] == "generating", "its lease is renewed while it lives"
        assert made["summary"] == "- User: The build fails since Monday."

    async def test_a_stopped_host_leaves_its_summary_to_others(self, hosting, make, tmp_path):
        """A host that is stopped in the middle gives its summary back at once."""
        slow = with_model(make, Model(gate=asyncio.Event()))
        kept = SessionBounds(lease_s=600)
        log = SessionThread(tmp_path / FILE, kept, SystemClock())
        async with hosting(*slow, sessions=Sessions.kept_in(log, kept)) as host:
            await tell(host, "s1")
        async with hosting(sessions=shared(tmp_path)) as host:
            made = await finished(host, "s1")

        assert made["status"] == "completed"
        assert "원인은 커넥션 풀입니다." in made["summary"]

    async def test_a_summary_that_ends_processes_fails_for_good(self, hosting, tmp_path):
        """A summary that was begun as often as it may be, and never ended, is failed."""
        sessions = shared(tmp_path, attempts=1)
        owner = Owner.of(Caller())
        async with hosting(sessions=sessions) as host:
            await sessions.log.append(owner, "s1", "hello")
            await sessions.log.begin_summary(owner, "s1", "token")
            await finished(host, "s1")
            record = await sessions.log.summary(owner, "s1")

        assert record.status is SummaryStatus.FAILED
