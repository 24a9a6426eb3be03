"""Plugins that misbehave: it ends their own request at most, and tells callers nothing."""

from __future__ import annotations

import asyncio
import json
import sys
from decimal import Decimal
from pathlib import PurePosixPath

import attrs
import pytest
from ion_host_aiohttp.api.endpoint import Answer, Endpoint, ErrorStyle
from ion_host_aiohttp.metadata import metadata_document

from ion_framework import hookimpl

CANARY = "sk-canary-0815"


class _Bare(BaseException):
    """Neither an Exception nor one of the interpreter's own."""


def endpoint_plugin(make, handler):
    """A plugin that serves a handler at ``/odd``."""

    class Odd:
        @hookimpl
        def ion_provide_routes(self):
            return [
                Endpoint(
                    method="GET", path="/odd", handler=handler, style=ErrorStyle.V2, summary="Odd."
                )
            ]

    return make.plugin("odd", "extension", Odd())


class TestHandlers:
    """Handlers of plugins."""

    @pytest.mark.parametrize(
        "error",
        [SystemExit(3), KeyboardInterrupt(), _Bare(), asyncio.CancelledError(), ValueError()],
    )
    async def test_whatever_is_raised_is_a_500(self, hosting, make, error):
        """Whatever a handler raises, its request gets a 500 envelope and the host goes on."""

        async def handler(_call, _service):
            raise error

        async with hosting(*make.standard(), endpoint_plugin(make, handler)) as host:
            odd = await host.session.get("/odd")
            body = await odd.json()
            live = await host.session.get("/health/live")

        assert (odd.status, body["error"]["code"]) == (500, "INTERNAL_ERROR")
        assert live.status == 200

    async def test_sys_exit_without_await(self, hosting, make):
        """A plain function that ends the process gets no further than a coroutine."""
        async with hosting(
            *make.standard(), endpoint_plugin(make, lambda _call, _service: sys.exit(1))
        ) as host:
            odd = await host.session.get("/odd")

        assert odd.status == 500

    @pytest.mark.parametrize(
        "answer",
        [
            "no answer at all",
            Answer(body={}, headers={"X-Odd": "a\r\nb: c"}),
            Answer(body={}, headers={"X Odd": "a"}),
            Answer(body={}, headers={"X-Odd": "\ud800"}),
            Answer(body={}, headers={"Content-Length": "1"}),
            Answer(body={}, headers={"X-Odd": 5}),
            Answer(body={}, status=99),
            Answer(body=object()),
        ],
    )
    async def test_answer_that_cannot_be_sent(self, hosting, make, answer):
        """An answer that cannot be sent as HTTP is a 500 envelope, not a dropped connection."""

        async def handler(_call, _service):
            return answer

        async with hosting(*make.standard(), endpoint_plugin(make, handler)) as host:
            odd = await host.session.get("/odd")
            body = await odd.json()

        assert (odd.status, body["error"]["code"]) == (500, "INTERNAL_ERROR")

    @pytest.mark.parametrize(
        "log", [{"status": "x", "event": "y", "self": 1, 5: 6, "mine": 1}, None]
    )
    async def test_log_fields(self, hosting, make, log):
        """Fields of an endpoint never replace those of the host, and never break the request."""

        async def handler(_call, _service):
            return Answer(body={}, log=log)

        async with hosting(*make.standard(), endpoint_plugin(make, handler)) as host:
            odd = await host.session.get("/odd")
            (line,) = host.lines()

        assert (odd.status, line["status"], line["route"]) == (200, 200, "/odd")
        assert line.get("mine") == (1 if log else None)


class Leaky:
    """A generator whose failure names a secret."""

    model = "leak-1"

    @hookimpl
    async def ion_generate(self, prompt):
        """Fail."""
        raise RuntimeError(f"{CANARY}: {prompt.user}")
        yield


ODD = {
    "path": PurePosixPath("/a"),
    "nan": Decimal("NaN"),
    "infinite": float("inf"),
    "range": range(2),
    "pairs": {(1, 2): 3},
    "bytes": b"x",
    "object": object(),
}


class Finisher:
    """Adds metadata that is odd."""

    @hookimpl
    async def ion_finish(self, reply):
        """The reply."""
        return attrs.evolve(reply, metadata=ODD)


BODIES = [("/chat", {"message": "hello"}), ("/api/v2/process", {"user_input": "hello"})]


class TestBodies:
    """What callers see of plugins."""

    @pytest.mark.parametrize(("path", "body"), BODIES)
    async def test_cause_of_a_failure_stays_inside(self, hosting, make, path, body):
        """The text of a generator's exception is in no header and no body of an answer."""
        leaky = make.plugin("leaky", "generator", Leaky())
        async with hosting(leaky, *make.standard()) as host:
            response = await host.session.post(path, json=body)
            text = await response.text()

        receipt = json.loads(text)["metadata"]["receipt"]
        assert response.status == 200
        assert [item["succeeded"] for item in receipt["attempts"]] == [False, True]
        assert CANARY not in text
        assert CANARY not in str(response.headers)

    @pytest.mark.parametrize(("path", "body"), BODIES)
    async def test_cause_without_an_answer(self, hosting, make, path, body):
        """Nor is it where nobody else can answer."""
        leaky = make.plugin("leaky", "generator", Leaky())
        async with hosting(make.lua, make.analyzer, make.router, leaky) as host:
            response = await host.session.post(path, json=body)
            text = await response.text()

        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0
        assert CANARY not in text + str(response.headers)

    @pytest.mark.parametrize(("path", "body"), BODIES)
    async def test_odd_metadata(self, hosting, make, path, body):
        """A plugin that adds odd metadata costs nobody the answer."""
        odd = make.plugin("odd", "extension", Finisher())
        async with hosting(*make.standard(), odd) as host:
            response = await host.session.post(path, json=body)
            answer = await response.json()

        assert (response.status, answer["content"]) == (200, "answer to: hello")

    async def test_metadata_as_json(self, hosting):
        """Metadata takes the form that JSON knows; what has none is left out with a log line."""
        async with hosting() as host:
            reply = await host.service.ion.respond("hello")
            found = metadata_document(attrs.evolve(reply, metadata=ODD), host.service)
            left_out = host.lines("metadata left out: no form in JSON")

        assert found == {
            "path": "/a",
            "nan": None,
            "infinite": None,
            "range": [0, 1],
            "pairs": {"(1, 2)": 3},
        }
        assert [line["name"] for line in left_out] == ["bytes", "object"]
