"""``POST /sessions/{id}/messages`` and ``POST /chat/end`` as clients see them."""

from __future__ import annotations

import asyncio
import os
import stat
from urllib.parse import quote

import pytest
from ion_host_aiohttp.access.caller import Caller
from ion_host_aiohttp.run.logs import make_logger
from ion_host_aiohttp.v1.session_making import FILE, Sessions, make_sessions
from ion_host_aiohttp.v1.session_thread import SessionThread
from ion_host_aiohttp.v1.sessions import SessionBounds
from yarl import URL

from ion_framework.clock import SystemClock
from ion_framework.errors import SettingsError
from ion_framework.settings.model import LogSettings, ServerSettings, Settings
from ion_framework.testing import VirtualClock


class NamedDoor:
    """Lets everybody in under the name that the key gives."""

    required = False

    async def identify(self, credentials, address):
        """A caller of that name."""
        return Caller(principal=f"key:{credentials.key or 'none'}", subject=address)

    def metered(self, limiter):
        """The limiter as it is."""
        return limiter

    async def close(self):
        """Nothing to let go of."""


async def say(host, session, message, **headers):
    """Add a message to a session."""
    return await host.session.post(
        f"/sessions/{session}/messages", json={"message": message}, headers=headers
    )


async def summary(host, session, **headers):
    """The state of a summary once it is no longer being made."""
    async with asyncio.timeout(20):
        while True:
            response = await host.session.get(f"/summaries/{session}", headers=headers)
            body = await response.json()
            assert response.status == 200
            if body["status"] != "generating":
                return body
            await asyncio.sleep(0.02)


def logger(stream):
    """A logger that writes to a stream."""
    return make_logger(stream, LogSettings())


class TestMessages:
    """Telling a conversation."""

    async def test_messages_are_counted(self, hosting):
        """Every message is answered with the session and the number of its messages."""
        async with hosting() as host:
            first = await say(host, "s1", "hello")
            second = await say(host, "s1", "again")

            assert await first.json() == {"session_id": "s1", "count": 1}
            assert await second.json() == {"session_id": "s1", "count": 2}

    @pytest.mark.parametrize(
        ("body", "kind"),
        [({"message": ""}, "string_too_short"), ({}, "missing"),
         ({"message": "x" * 32_001}, "string_too_long")],
    )  # fmt: skip
    async def test_bad_messages_are_refused(self, hosting, body, kind):
        """An empty, missing or far too long message is a 422 that names the member."""
        async with hosting() as host:
            response = await host.session.post("/sessions/s1/messages", json=body)
            detail = (await response.json())["detail"]

        assert response.status == 422
        assert detail[0]["type"] == kind
        assert detail[0]["loc"][:2] == ["body", "message"]

    async def test_a_blank_message_counts(self, hosting):
        """A message of one space is taken, and the summary of nothing else is empty."""
        async with hosting() as host:
            answer = await say(host, "s1", " ")
            await host.session.post("/chat/end", params={"session_id": "s1"})
            made = await summary(host, "s1")

        assert await answer.json() == {"session_id": "s1", "count": 1}
        assert (made["status"], made["summary"]) == ("completed", "")

    @pytest.mark.parametrize(
        "name", [".hidden", "a b", "100%", "a?b#c", "back\\slash", "...", "세션😀", "x" * 128]
    )
    async def test_any_text_is_a_name(self, hosting, name):
        """A session may have any name, told in the path and in the query alike."""
        async with hosting() as host:
            url = URL(f"{host.url}/sessions/{quote(name, safe='')}/messages", encoded=True)
            told = await host.session.post(url, json={"message": "The pond is green."})
            ended = await host.session.post("/chat/end", params={"session_id": name})
            link = URL(host.url + (await ended.json())["summary_url"], encoded=True)
            state = await (await host.session.get(link)).json()

        assert await told.json() == {"session_id": name, "count": 1}
        assert state["status"] in {"generating", "completed"}

    @pytest.mark.parametrize("name", ["x" * 129, "a/b", "a\x00b", "a\nb", "\x85", "."])
    async def test_what_is_no_name_is_told_the_rule(self, hosting, name):
        """A name that is too long or holds what names may not hold is a 422 with the rule."""
        async with hosting() as host:
            coded = quote(name, safe="").replace(".", "%2E")
            url = URL(f"{host.url}/sessions/{coded}/messages", encoded=True)
            in_path = await host.session.post(url, json={"message": "hello"})
            state = await host.session.get(URL(f"{host.url}/summaries/{coded}", encoded=True))
            in_query = await host.session.post("/chat/end", params={"session_id": name})
            found = [(await each.json())["detail"][0] for each in (in_path, state, in_query)]

        assert [each.status for each in (in_path, state, in_query)] == [422, 422, 422]
        assert [item["loc"] for item in found] == [
            ["path", "id"], ["path", "id"], ["query", "session_id"]
        ]  # fmt: skip
        assert all("128" in item["msg"] for item in found)

    async def test_korean_names_work(self, hosting):
        """A session may have a name in Korean, and its summary is found under the address given."""
        async with hosting() as host:
            await say(host, "회의", "User: 배포는 금요일로 결정했어요.")
            ended = await host.session.post("/chat/end", params={"session_id": "회의"})
            url = (await ended.json())["summary_url"]
            response = await host.session.get(url)

        assert url.isascii()
        assert (await response.json())["status"] in {"generating", "completed"}


class TestEnd:
    """The end of a session."""

    async def test_summary_is_made_of_the_messages(self, hosting):
        """The summary of an ended session consists of what was said in it."""
        async with hosting() as host:
            await say(host, "s1", "User: 결제 서버가 월요일부터 계속 죽어요.")
            await say(host, "s1", "Assistant: 원인은 커넥션 풀입니다. 풀을 5로 줄여 보세요.")
            response = await host.session.post("/chat/end", params={"session_id": "s1"})
            ended = await response.json()
            made = await summary(host, "s1")

        assert list(ended) == ["status", "message", "summary_url"]
        assert (ended["status"], ended["summary_url"]) == ("ended", "/summaries/s1")
        assert list(made) == ["status", "summary", "method", "generated_at"]
        assert (made["status"], made["method"]) == ("completed", "extractive")
        assert "- User: 결제 서버가 월요일부터 계속 죽어요." in made["summary"]
        assert "원인은 커넥션 풀입니다." in made["summary"]

    async def test_skipping_forgets_the_messages(self, hosting):
        """With ``skip_summary`` the answer has a null summary, and nothing is kept."""
        async with hosting() as host:
            await say(host, "s1", "hello")
            response = await host.session.post(
                "/chat/end", params={"session_id": "s1", "skip_summary": "true"}
            )
            ended = await response.json()
            state = await (await host.session.get("/summaries/s1")).json()
            again = await (await say(host, "s1", "hello")).json()

        assert list(ended) == ["status", "message", "summary"]
        assert ended["summary"] is None
        assert list(state) == ["status", "message"]
        assert state["status"] == "not_found"
        assert again["count"] == 1

    async def test_session_name_is_required(self, hosting):
        """Without ``session_id`` the answer is a 422."""
        async with hosting() as host:
            response = await host.session.post("/chat/end")

        assert response.status == 422

    async def test_nothing_said_is_an_empty_summary(self, hosting):
        """A session in which nothing was said ends with an empty, completed summary."""
        async with hosting() as host:
            ended = await host.session.post("/chat/end", params={"session_id": "never"})
            made = await summary(host, "never")

        assert ended.status == 200
        assert list(made) == ["status", "summary", "generated_at"]
        assert not made["summary"]

    async def test_ending_twice_keeps_the_summary(self, hosting):
        """A client that ends a session again, as after a lost answer, does not lose the summary."""
        async with hosting() as host:
            await say(host, "s1", "The build fails since Monday.")
            for _ in range(2):
                await host.session.post("/chat/end", params={"session_id": "s1"})
            made = await summary(host, "s1")

        assert made["summary"] == "- The build fails since Monday."


class TestCallers:
    """Who sees what."""

    async def test_sessions_belong_to_the_caller(self, hosting):
        """Another caller's session and summary of the same name do not exist."""
        async with hosting(door=NamedDoor()) as host:
            ann, bob = {"X-API-Key": "ann"}, {"X-API-Key": "bob"}
            await say(host, "s1", "The secret of Ann is blue.", **ann)
            others = await (await say(host, "s1", "Bob likes green paint.", **bob)).json()
            await host.session.post("/chat/end", params={"session_id": "s1"}, headers=ann)
            made = await summary(host, "s1", **ann)
            foreign = await summary(host, "s1", **bob)

        assert others["count"] == 1
        assert "blue" in made["summary"]
        assert foreign["status"] == "not_found"


class TestBounds:
    """Nothing grows without end."""

    async def test_a_full_session_refuses(self, hosting):
        """A session with all the messages it may hold answers 409 and says what to do."""
        async with hosting(sessions=Sessions.in_memory(SessionBounds(messages=2))) as host:
            answers = [await say(host, "s1", "hi", **{"Accept-Language": "en"}) for _ in range(3)]
            body = await answers[-1].json()

        assert [answer.status for answer in answers] == [200, 200, 409]
        assert list(body) == ["error", "status_code"]
        assert "2 messages" in body["error"]

    async def test_long_sessions_refuse(self, hosting):
        """A session with all the characters it may hold answers 409, and keeps what it holds."""
        async with hosting(sessions=Sessions.in_memory(SessionBounds(characters=10))) as host:
            long = await say(host, "s1", "x" * 11)
            short = await say(host, "s1", "x" * 10)

        assert (long.status, short.status) == (409, 200)

    async def test_the_oldest_session_of_a_caller_goes(self, hosting):
        """Of more sessions than a caller may have, the one idle longest ends."""
        clock = VirtualClock()
        bounds = SessionBounds(sessions_per_caller=2)
        async with hosting(sessions=Sessions.in_memory(bounds, clock)) as host:
            for name in ("a", "b", "a", "c"):
                await say(host, name, "hello")
                clock.advance(1)
            counts = [(await (await say(host, name, "x")).json())["count"] for name in ("a", "c")]
            clock.advance(1)
            gone = (await (await say(host, "b", "x")).json())["count"]

        assert counts == [3, 2]
        assert gone == 1

    async def test_all_sessions_together_are_bounded(self, hosting):
        """Where all sessions hold too many characters, the ones idle longest end."""
        clock = VirtualClock()
        bounds = SessionBounds(total_characters=10)
        async with hosting(sessions=Sessions.in_memory(bounds, clock)) as host:
            await say(host, "a", "x" * 6)
            clock.advance(1)
            await say(host, "b", "x" * 6)
            again = (await (await say(host, "b", "x")).json())["count"]
            gone = (await (await say(host, "a", "x")).json())["count"]

        assert (again, gone) == (2, 1)

    async def test_idle_sessions_and_old_summaries_end(self, hosting):
        """After a day without a message a session is gone, and so is a summary of that age."""
        clock = VirtualClock()
        async with hosting(sessions=Sessions.in_memory(clock=clock)) as host:
            await say(host, "idle", "hello")
            await say(host, "done", "The build fails since Monday.")
            await host.session.post("/chat/end", params={"session_id": "done"})
            assert (await summary(host, "done"))["status"] == "completed"
            clock.advance(86_401)
            count = (await (await say(host, "idle", "hello")).json())["count"]
            state = await summary(host, "done")

        assert count == 1
        assert state["status"] == "not_found"


class TestWorkers:
    """Several processes of one host."""

    async def test_workers_share_sessions(self, hosting, tmp_path):
        """Messages told to two workers with one data folder are one session with one summary."""
        parts = [
            Sessions.kept_in(SessionThread(tmp_path / FILE, SessionBounds(), SystemClock()))
            for _ in range(2)
        ]
        async with hosting(sessions=parts[0]) as one, hosting(sessions=parts[1]) as two:
            counts = []
            for host in (one, two, one, two):
                answer = await say(host, "s1", f"Number {len(counts)} reports a new failure.")
                counts.append((await answer.json())["count"])
            await two.session.post("/chat/end", params={"session_id": "s1"})
            made = await summary(one, "s1")

        assert counts == [1, 2, 3, 4]
        assert "Number 0" in made["summary"]

    async def test_writers_at_once_lose_nothing(self, hosting, tmp_path):
        """Fifty messages told to two workers at once are all there, each counted once."""
        parts = [
            Sessions.kept_in(SessionThread(tmp_path / FILE, SessionBounds(), SystemClock()))
            for _ in range(2)
        ]
        async with hosting(sessions=parts[0]) as one, hosting(sessions=parts[1]) as two:
            answers = await asyncio.gather(
                *(say(host, "s1", f"n {number}") for number in range(25) for host in (one, two))
            )
            counts = [(await answer.json())["count"] for answer in answers]

        assert sorted(counts) == list(range(1, 51))


class TestStore:
    """Where sessions are kept."""

    async def test_the_file_is_the_operators_alone(self, tmp_path, capsys):
        """The data folder is made with mode 0700 and the file with 0600, nothing is logged."""
        import io

        lines = io.StringIO()
        folder = tmp_path / "data"
        sessions = await make_sessions(Settings(data_dir=folder), logger(lines))
        await sessions.close()

        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
        assert not lines.getvalue()

    async def test_one_process_goes_on_in_memory(self, tmp_path):
        """Where the folder cannot be written, one process warns once and keeps them in memory."""
        import io

        (tmp_path / "file").write_text("no folder")
        lines = io.StringIO()
        sessions = await make_sessions(Settings(data_dir=tmp_path / "file"), logger(lines))
        await sessions.log.open()
        await sessions.close()

        assert lines.getvalue().count("\n") == 1
        assert "kept in memory" in lines.getvalue()

    async def test_several_processes_cannot_go_on_in_memory(self, tmp_path):
        """Several processes that have to share a folder that cannot be written do not start."""
        import io

        (tmp_path / "file").write_text("no folder")
        settings = Settings(data_dir=tmp_path / "file", server=ServerSettings(workers=2))

        with pytest.raises(SettingsError, match="ION_DATA_DIR"):
            await make_sessions(settings, logger(io.StringIO()))

    async def test_a_broken_file_is_503(self, hosting, tmp_path):
        """A file that turns out to be no database is a 503 with Retry-After, and is logged."""
        path = tmp_path / FILE
        path.write_bytes(os.urandom(4096))
        sessions = Sessions.kept_in(SessionThread(path, SessionBounds(), SystemClock()))
        async with hosting(sessions=sessions) as host:
            response = await say(host, "s1", "hello")
            body = await response.json()
            (line,) = host.lines("sessions unavailable")

        assert (response.status, body["status_code"]) == (503, 503)
        assert response.headers["Retry-After"]
        assert "not a database" in line["reason"]
        assert "database" not in body["error"]
