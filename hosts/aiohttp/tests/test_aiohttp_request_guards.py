"""Guards of requests: what they are shown, what becomes of what they say, and of their failures."""

from __future__ import annotations

import asyncio

import attrs
import pytest
from ion_host_aiohttp.api.endpoint import Answer, Endpoint, ErrorStyle
from ion_host_aiohttp.api.incoming import MOST_TEXTS

from ion_framework import Refusal, hookimpl
from ion_framework.domain.language import Language
from ion_framework.pipeline.incoming import RequestText
from ion_framework.settings.model import Settings, TurnSettings

CHAT = {"message": "hi", "user_id": "u-1"}


class Watch:
    """Notes what it is shown, and says what it was made with."""

    def __init__(self, verdict=None):
        self.verdict = verdict
        self.seen = []

    @hookimpl
    async def ion_guard_request(self, request):
        """The verdict."""
        self.seen.append(request)
        if isinstance(self.verdict, Exception):
            raise self.verdict
        if self.verdict == "hang":
            await asyncio.sleep(60)
        return self.verdict


@attrs.frozen
class ManyTexts:
    """A body with any number of texts."""

    items: tuple[str, ...]
    open: dict[str, str]


async def take(call, service):
    """Answers that the body was taken."""
    return Answer(body={"taken": len(call.body.items)})


class Many:
    """Provides an endpoint that takes any number of texts."""

    @hookimpl
    def ion_provide_routes(self):
        """The endpoint."""
        return [
            Endpoint(
                method="POST",
                path="/many",
                handler=take,
                style=ErrorStyle.V2,
                summary="Take texts.",
                request=ManyTexts,
            )
        ]


@pytest.fixture
def watched(hosting, make):
    """A function that starts a host with a guard."""

    def start(watch, more=(), **options):
        guard = make.plugin("watch", "guard", watch)
        return hosting(*make.standard(), guard, *more, **options)

    return start


class TestShown:
    """What a guard sees."""

    async def test_a_request_is_shown_whole_but_without_credentials(self, watched):
        """Method, path, query, headers, language and the texts of the body are there."""
        watch = Watch()
        headers = {"X-API-Key": "k", "Cookie": "c", "X-Foreign": "f", "Accept-Language": "ko"}
        async with watched(watch) as host:
            response = await host.session.post("/chat?a=1&b=%26", json=CHAT, headers=headers)

        (seen,) = watch.seen
        assert response.status == 200
        assert (seen.method, seen.path, seen.route) == ("POST", "/chat", "/chat")
        assert (seen.target, seen.query) == ("/chat?a=1&b=%26", (("a", "1"), ("b", "&")))
        assert seen.texts == (RequestText("message", "hi"), RequestText("user_id", "u-1"))
        assert (seen.content_type, seen.language) == ("application/json", Language.KOREAN)
        assert seen.body_bytes == len('{"message": "hi", "user_id": "u-1"}')
        assert seen.headers["x-foreign"] == "f"
        assert not {"x-api-key", "cookie", "authorization"} & set(seen.headers)
        assert (seen.scheme, seen.address, seen.from_proxy) == ("http", "127.0.0.1", False)

    async def test_texts_are_named_by_where_they_stand(self, watched):
        """The texts of lists and inner objects have the names of the members that lead there."""
        watch = Watch()
        history = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]
        body = {"user_input": "hi", "context": {"user_id": "u", "message_history": history}}
        async with watched(watch) as host:
            response = await host.session.post("/api/v2/process", json=body)

        assert response.status == 200
        found = {(item.field, item.name, item.text) for item in watch.seen[0].texts}
        assert ("context.message_history.content", "content", "two") in found
        assert ("context.user_id", "user_id", "u") in found

    async def test_probes_are_not_shown(self, watched):
        """Nothing is asked about the addresses that tell whether the host is well."""
        watch = Watch(Refusal("no", "No."))
        async with watched(watch) as host:
            response = await host.session.get("/health/live")

        assert (response.status, watch.seen) == (200, [])

    async def test_parts_of_the_path_are_shown_decoded(self, watched):
        """A variable part of the path is there under its name."""
        watch = Watch()
        async with watched(watch) as host:
            await host.session.get("/api/v2/personas/l%75a")

        assert list(watch.seen[0].parts.values()) == ["lua"]

    async def test_what_is_not_valid_is_not_shown(self, watched):
        """A request that does not fit the schema is refused by the host alone."""
        watch = Watch()
        async with watched(watch) as host:
            response = await host.session.post("/chat", json={"message": 1})

        assert (response.status, watch.seen) == (422, [])


class TestSaid:
    """What becomes of the verdict."""

    async def test_a_refusal_is_told_in_the_guards_words(self, watched):
        """403 with the guard's code and sentence, a line in the log, and no turn."""
        watch = Watch(Refusal("sql", "Not like this."))
        async with watched(watch) as host:
            response = await host.session.post("/api/v2/process", json={"user_input": "hi"})
            body = await response.json(content_type=None)
            (line,) = host.lines()

        assert (response.status, body["error"]["code"]) == (403, "REQUEST_REFUSED")
        assert body["error"]["message"] == "Not like this."
        assert body["error"]["details"] == {"reason": "sql"}
        assert (line["refused_by"], line["reason"]) == ("watch", "sql")

    @pytest.mark.parametrize("verdict", [RuntimeError("boom"), "hang", 7], ids=str)
    async def test_a_guard_that_fails_refuses(self, watched, verdict):
        """One that raises, hangs or returns something else is told 403, and only the log why."""
        settings = Settings(turn=TurnSettings(guard_s=0.2))
        async with watched(Watch(verdict), settings=settings) as host:
            response = await host.session.post("/api/v2/process", json={"user_input": "hi"})
            body = await response.json(content_type=None)
            (line,) = host.lines("guard of requests failed")

        assert (response.status, body["error"]["code"]) == (403, "GUARD_FAILED")
        assert "boom" not in str(body)
        assert line["plugin"] == "watch"

    async def test_a_body_of_very_many_texts_is_shown_in_part(self, watched, make):
        """Beyond so many texts the rest is left out, and the guard is told."""
        watch = Watch()
        texts = ["x"] * (MOST_TEXTS + 5)
        async with watched(watch, more=(make.plugin("many", "extension", Many()),)) as host:
            response = await host.session.post("/many", json={"items": texts, "open": {"k": "v"}})

        (seen,) = watch.seen
        assert response.status == 200
        assert (len(seen.texts), seen.complete) == (MOST_TEXTS, False)

    async def test_members_that_nobody_named_stand_apart(self, watched, make):
        """The names in an open object are the caller's own text, so no place has them."""
        watch = Watch()
        async with watched(watch, more=(make.plugin("many", "extension", Many()),)) as host:
            await host.session.post("/many", json={"items": [], "open": {"k": "v"}})

        assert watch.seen[0].texts == (RequestText("open.*", "k"), RequestText("open.*", "v", "k"))
        assert [text.name for text in watch.seen[0].texts] == ["*", "k"]
