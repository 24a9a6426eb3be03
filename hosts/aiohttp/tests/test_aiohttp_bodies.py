"""Bodies that are wrong: each gets its own answer, none gets a 500."""

from __future__ import annotations

import asyncio
import json
import time
import zlib

import pytest
from ion_host_aiohttp.api.body import BodyLimits
from ion_host_aiohttp.service import ServiceLimits

JSON = {"Content-Type": "application/json"}
DEEP = 100_000

NOT_JSON = {
    "empty": b"",
    "blank": b" \n\t ",
    "truncated": b'{"message": "hi"',
    "truncated in a string": b'{"message": "h',
    "byte order mark": b'\xef\xbb\xbf{"message": "hi"}',
    "bad UTF-8": b'{"message": "\xff"}',
    "bad UTF-8 in an unknown field": b'{"message": "hi", "x": "\xc3("}',
    "raw surrogate": b'{"message": "\xed\xa0\x80"}',
    "UTF-16": '{"message": "hi"}'.encode("utf-16"),
    "raw NUL": b'{"message": "a\x00b"}',
    "NaN": b'{"message": "hi", "x": NaN}',
    "trailing text": b'{"message": "hi"} {}',
    "single quotes": b"{'message': 'hi'}",
    "half an escape": b'{"message": "\\u12"}',
    "deep arrays": b'{"message": "hi", "x": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep and unclosed": b"[" * DEEP,
    "deep objects": b'{"message":' * 20_000,
    "65 levels": b'{"message": "hi", "x": ' + b"[" * 64 + b"]" * 64 + b"}",
    "wrong type and no end": b'{"message": 5, ',
}
PATHS = ("/chat", "/api/v2/process")


class TestNotJson:
    """400 in v2, and 422 in v1, whose clients know it from FastAPI."""

    @pytest.mark.parametrize(("path", "status"), [(PATHS[0], 422), (PATHS[1], 400)])
    async def test_every_broken_body_is_refused(self, hosting, path, status):
        """Bytes that are not JSON, or nested too deeply, are refused alike."""
        async with hosting() as host:
            found = {}
            for name, body in NOT_JSON.items():
                response = await host.session.post(path, data=body, headers=JSON)
                found[name] = response.status

        assert found == dict.fromkeys(NOT_JSON, status)

    @pytest.mark.parametrize(
        ("body", "kind", "location"),
        [
            (b"", "missing", ["body"]),
            (b" \n", "json_invalid", ["body", 2]),
            (b"{bad", "json_invalid", ["body", 1]),
            ('{"message": "가나", ]'.encode(), "json_invalid", ["body", 18]),
            (b'{"message": "hi"', "json_invalid", ["body", 16]),
            (b'{"message": 5, ', "json_invalid", ["body", 15]),
        ],
    )
    async def test_v1_tells_the_place(self, hosting, body, kind, location):
        """v1 counts the characters up to the fault, and calls no body at all a missing one."""
        async with hosting() as host:
            response = await host.session.post("/chat", data=body, headers=JSON)
            (item,) = (await response.json())["detail"]

        assert (response.status, item["type"], item["loc"]) == (422, kind, location)
        assert set(item) == {"type", "loc", "msg", "input", "ctx"}

    async def test_depth_of_64_is_taken(self, hosting):
        """Sixty-four levels are not too deep."""
        body = b'{"message": "hi", "x": ' + b"[" * 63 + b"]" * 63 + b"}"
        async with hosting() as host:
            response = await host.session.post("/chat", data=body, headers=JSON)

        assert response.status == 200

    async def test_brackets_in_text_are_no_depth(self, hosting):
        """Brackets inside a string do not count."""
        async with hosting() as host:
            response = await host.session.post("/chat", json={"message": '[{"' * 200})

        assert response.status == 200

    async def test_v1_and_v2_word_it_in_their_envelopes(self, hosting):
        """v1 says it in a list of details in Korean, v2 as a problem in English."""
        async with hosting() as host:
            v1 = await host.session.post("/chat", data=b"", headers=JSON)
            v2 = await host.session.post("/api/v2/process", data=b"", headers=JSON)
            (item,) = (await v1.json())["detail"]
            problem = await v2.json()

        assert item["msg"] == "요청 본문이 비어 있습니다. JSON 객체를 보내 주세요."
        assert v2.content_type == "application/problem+json"
        assert problem["error"]["code"] == "INVALID_JSON"
        assert problem["detail"] == "The request body is empty; send a JSON object."


UNSAFE = {
    "lone high surrogate": (b'{"message": "\\ud800"}', "#/message"),
    "lone low surrogate": (b'{"message": "a\\udfffb"}', "#/message"),
    "NUL": (b'{"message": "a\\u0000b"}', "#/message"),
    "in an unknown field": (b'{"message": "a", "x": [0, {"y/z": "\\uD800"}]}', "#/x/1/y~1z"),
    "in a name": (b'{"message": "a", "x": {"\\u0000": 1}}', "#/x"),
    "under a Korean name": ('{"키": "\\u0000", "message": "a"}'.encode(), "#/%ED%82%A4"),
}


class TestUnsafeText:
    """422 with a JSON pointer."""

    async def test_v2_points_at_the_text(self, hosting):
        """Surrogates without partners and NUL are a 422 that points at the string."""
        async with hosting() as host:
            found = {}
            for name, (body, _) in UNSAFE.items():
                response = await host.session.post("/api/v2/process", data=body, headers=JSON)
                found[name] = (response.status, (await response.json())["errors"][0]["pointer"])

        assert found == {name: (422, pointer) for name, (_, pointer) in UNSAFE.items()}

    async def test_v1_locates_the_text(self, hosting):
        """v1 gives the same place as loc."""
        async with hosting() as host:
            response = await host.session.post(
                "/chat", data=UNSAFE["in an unknown field"][0], headers=JSON
            )
            detail = (await response.json())["detail"]

        assert response.status == 422
        assert detail[0]["loc"] == ["body", "x", 1, "y/z"]

    async def test_escaped_pair_is_welcome(self, hosting):
        """An emoji written as two escaped surrogates is an ordinary character."""
        async with hosting() as host:
            response = await host.session.post(
                "/chat", data=b'{"message": "\\ud83d\\ude00"}', headers=JSON
            )
            body = await response.json()

        assert body["content"] == "answer to: \U0001f600"

    async def test_escaped_backslash_is_no_escape(self, hosting):
        """A backslash followed by u0000 is six harmless characters."""
        async with hosting() as host:
            response = await host.session.post(
                "/chat", data=b'{"message": "\\\\u0000"}', headers=JSON
            )

        assert response.status == 200


class TestMediaType:
    """415."""

    @pytest.mark.parametrize(
        "content_type",
        [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonx",
            "application/json; charset=punycode",
            "application/json; charset=utf-16",
            "application/json; charset=none-such",
            "",
        ],
    )
    async def test_anything_but_json_in_utf8_is_415(self, hosting, content_type):
        """A body that does not claim to be JSON in UTF-8 is not even decoded."""
        async with hosting() as host:
            response = await host.session.post(
                "/chat",
                data=b'{"message": "hi"}',
                headers={"Content-Type": content_type},
                skip_auto_headers=["Content-Type"],
            )

        assert response.status == 415

    @pytest.mark.parametrize(
        "content_type",
        [
            "application/json",
            "application/json; charset=utf-8",
            'APPLICATION/JSON; charset="UTF-8"',
            "application/vnd.api+json",
        ],
    )
    async def test_json_in_utf8_is_taken(self, hosting, content_type):
        """JSON under its usual names is taken."""
        async with hosting() as host:
            response = await host.session.post(
                "/chat", data=b'{"message": "hi"}', headers={"Content-Type": content_type}
            )

        assert response.status == 200

    async def test_compressed_body_is_415_and_never_inflated(self, hosting):
        """A gzip bomb is refused by its header, with what is accepted instead."""
        bomb = zlib.compress(b"0" * 50_000_000)
        async with hosting() as host:
            response = await host.session.post(
                "/chat", data=bomb, headers={**JSON, "Content-Encoding": "deflate"}
            )

        assert (response.status, response.headers["Accept-Encoding"]) == (415, "identity")


class TestSize:
    """413."""

    async def test_announced_size_is_refused_unread(self, hosting):
        """A Content-Length above the limit is refused before the body is there."""
        async with hosting() as host:
            answer = await host.raw(
                b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: 9999999\r\n\r\n"
            )

        assert answer.startswith(b"HTTP/1.1 413 ")

    async def test_chunked_size_is_refused_when_it_is_passed(self, hosting):
        """A body without Content-Length is refused once it is larger than the limit."""

        async def pieces():
            for _ in range(100):
                yield b" " * 10_000

        async with hosting() as host:
            response = await host.session.post("/chat", data=pieces(), headers=JSON)
            body = await response.json()

        assert response.status == 413
        assert "262144" in body["error"]

    async def test_body_at_the_limit_is_taken(self, hosting):
        """The limit itself is allowed."""
        limits = ServiceLimits(body=BodyLimits(size=2048))
        body = json.dumps({"message": "hi"}).encode().ljust(2048)
        async with hosting(limits=limits) as host:
            taken = await host.session.post("/chat", data=body, headers=JSON)
            refused = await host.session.post("/chat", data=body + b" ", headers=JSON)

        assert (taken.status, refused.status) == (200, 413)


class TestSlowBody:
    """408."""

    async def test_dribbled_body_is_408(self, hosting):
        """A body that does not arrive in time is answered with 408, and the connection ends."""
        limits = ServiceLimits(body=BodyLimits(seconds=0.2))
        async with hosting(limits=limits) as host:
            answer = await host.raw(
                b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b'Content-Length: 100\r\n\r\n{"mess'
            )

        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"\r\nConnection: close\r\n" in answer

    async def test_broken_chunk_ends_the_request(self, hosting):
        """A body whose chunks are not framed correctly is refused as soon as it can be told."""
        # Where a later chunk is broken, one parser tells at once and the other leaves the reader
        # waiting; with the time limit both end as the caller's fault.
        limits = ServiceLimits(body=BodyLimits(seconds=0.2))
        async with hosting(limits=limits) as host:
            answer = await host.raw(
                b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b'Transfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n',
                b"zz\r\n",
            )

        assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 408 "))
        assert answer.count(b"HTTP/1.") == 1


class TestStall:
    """One request never holds up the others."""

    @pytest.mark.parametrize(
        "body",
        [
            b'["' + b'\\"' * 130_000,
            b"[]" * 131_000,
            b'["\\ud83d\\ude00"' + b",[]" * 87_000 + b"]",
            b'{"message": ' + b"1" * 262_000 + b"}",
        ],
        ids=["escapes", "pairs", "emoji and arrays", "long number"],
    )
    async def test_worst_bodies_do_not_stall_the_loop(self, hosting, body):
        """While the worst quarter of a megabyte is checked, no step of the loop computes 250 ms."""
        async with hosting() as host:
            task = asyncio.ensure_future(host.session.post("/chat", data=body, headers=JSON))
            # What this thread computes, so that the work of other processes does not count.
            longest, before = 0.0, time.thread_time()
            while not task.done():
                await asyncio.sleep(0.001)
                longest, before = max(longest, time.thread_time() - before), time.thread_time()
            response = await task

        assert response.status in {400, 422}
        assert longest < 0.25
