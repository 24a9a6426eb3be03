"""API v2 as a client sees it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ion_host_aiohttp.service import ServiceLimits

PROCESS = "/api/v2/process"


class TestProcess:
    """``POST /api/v2/process``."""

    async def test_fields_of_the_original(self, hosting):
        """The answer holds the original's fields, with scores for every persona by its name."""
        async with hosting() as host:
            response = await host.session.post(
                PROCESS,
                json={"user_input": "hi", "resonance_key": "curious-burst-learning"},
                params={"request_id": "my-id.1"},
            )
            body = await response.json()

        assert response.status == 200
        assert list(body) == [
            "success", "content", "persona_used", "resonance_key", "routing", "confidence",
            "performance", "metadata", "timestamp", "request_id", "_cache_status",
        ]  # fmt: skip
        assert body["persona_used"] == "Elro"
        assert body["resonance_key"] == "curious-burst-learning"
        assert body["routing"] == {
            "primary_persona": "Elro",
            "secondary_persona": "Lua",
            "confidence": 0.6,
            "scores": {"elro": 0.75, "lua": 0.5},
            "reasoning": body["metadata"]["routing_result"]["reasoning"],
        }
        assert body["metadata"]["routing_result"]["all_scores"] == {"Elro": 0.75, "Lua": 0.5}
        assert body["request_id"] == response.headers["X-Request-ID"] == "my-id.1"
        assert body["performance"]["execution_time_ms"] > 0
        written = datetime.fromisoformat(body["timestamp"])
        assert written.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - written) < timedelta(seconds=10)

    async def test_key_may_be_an_object(self, hosting):
        """The key is taken in three parts, aliases and case included."""
        key = {"tone": "Curiosity", "pace": "fast", "intent": "seeking-advice"}
        async with hosting() as host:
            response = await host.session.post(
                PROCESS, json={"user_input": "hi", "resonance_key": key}
            )
            body = await response.json()

        assert body["resonance_key"] == "curious-burst-seek_advice"

    async def test_key_may_be_missing(self, hosting):
        """Without a key the analyser judges."""
        async with hosting() as host:
            response = await host.session.post(PROCESS, json={"user_input": "a curious thing"})
            body = await response.json()

        assert body["resonance_key"] == "curious-flowing-seek_advice"

    async def test_cache_status_is_truthful(self, hosting):
        """The first answer is a MISS, the second a HIT; with use_cache false it is a BYPASS."""
        async with hosting() as host:
            found = []
            for use_cache in (True, True, False):
                response = await host.session.post(
                    PROCESS, json={"user_input": "hi", "use_cache": use_cache}
                )
                body = await response.json()
                performance = body["performance"]
                assert response.headers["ION-Cache"].upper() == body["_cache_status"]
                assert performance["cache_hit"] == body["metadata"]["cached"]
                found.append((body["_cache_status"], performance["cache_hit"]))
                key = performance["cache_key"] if use_cache else None

        assert found == [("MISS", False), ("HIT", True), ("BYPASS", False)]
        assert key is None

    async def test_metadata_can_be_left_out(self, hosting):
        """include_metadata false leaves metadata null."""
        async with hosting() as host:
            response = await host.session.post(
                PROCESS, json={"user_input": "hi", "include_metadata": False}
            )
            body = await response.json()

        assert body["metadata"] is None

    async def test_metadata_comes_back(self, hosting):
        """What the caller gave as metadata comes back unchanged, and the prompt mode is named."""
        given = {"ticket": 7, "nested": {"키": [1.5, None, True]}}
        async with hosting() as host:
            response = await host.session.post(
                PROCESS,
                json={
                    "user_input": "hi",
                    "prompt_mode": "summary_light",
                    "context": {"metadata": given},
                },
            )
            metadata = (await response.json())["metadata"]

        assert metadata["user_provided_metadata"] == given
        assert metadata["prompt_mode"] == "summary_light"
        assert metadata["receipt"]["prompt"].startswith("lua/summary_light@")

    async def test_history_reaches_the_generator(self, hosting, make):
        """Messages of the history stand in the prompt, by role."""
        from ion_framework import Finish, TextChunk, hookimpl

        class Historian:
            @hookimpl
            async def ion_generate(self, prompt):
                yield TextChunk("|".join(f"{m.role.value}:{m.content}" for m in prompt.history))
                yield Finish()

        historian = make.plugin("historian", "generator", Historian())
        history = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]
        async with hosting(make.lua, make.analyzer, make.router, historian) as host:
            response = await host.session.post(
                PROCESS, json={"user_input": "hi", "context": {"message_history": history}}
            )
            body = await response.json()

        assert body["content"] == "user:one|assistant:two"


WRONG = [
    ({}, "#/user_input", "missing"),
    ({"user_input": 5}, "#/user_input", "string_type"),
    ({"user_input": "x" * 1001}, "#/user_input", "string_too_long"),
    ({"user_input": "hi", "use_cache": "yes"}, "#/use_cache", "bool_type"),
    ({"user_input": "hi", "resonance_key": 5}, "#/resonance_key", "type"),
    ({"user_input": "hi", "resonance_key": "happy-burst-learning"}, "#/resonance_key", "enum"),
    ({"user_input": "hi", "resonance_key": "calm"}, "#/resonance_key", "enum"),
    (
        {"user_input": "hi", "resonance_key": {"tone": "calm", "pace": "burst"}},
        "#/resonance_key/intent",
        "missing",
    ),
    (
        {"user_input": "hi", "resonance_key": {"tone": "calm", "pace": "hasty", "intent": "plan"}},
        "#/resonance_key/pace",
        "enum",
    ),
    ({"user_input": "hi", "prompt_mode": "loud"}, "#/prompt_mode", "enum"),
    (
        {"user_input": "hi", "context": {"message_history": [{"role": "tool", "content": ""}]}},
        "#/context/message_history/0/role",
        "enum",
    ),
    (
        {"user_input": "hi", "context": {"message_history": [{"role": "user"}]}},
        "#/context/message_history/0/content",
        "missing",
    ),
    (
        {"user_input": "hi", "context": {"session_id": "s" * 129}},
        "#/context/session_id",
        "string_too_long",
    ),
    ([], "#", "dict_type"),
]


class TestProblems:
    """The one envelope of v2."""

    @pytest.mark.parametrize(("body", "pointer", "kind"), WRONG)
    async def test_schema_errors_are_in_the_envelope(self, hosting, body, pointer, kind):
        """A value that does not fit is a 422 that points at it, in the one envelope."""
        async with hosting() as host:
            response = await host.session.post(PROCESS, json=body)
            problem = await response.json()

        assert response.status == problem["status"] == 422
        assert response.content_type == "application/problem+json"
        assert [(item["pointer"], item["type"]) for item in problem["errors"]] == [(pointer, kind)]

    async def test_unknown_component_lists_the_valid_values(self, hosting):
        """An unknown tone is answered with the nine that exist."""
        async with hosting() as host:
            response = await host.session.post(
                PROCESS, json={"user_input": "hi", "resonance_key": "happy-burst-learning"}
            )
            item = (await response.json())["errors"][0]

        assert len(item["valid"]) == 9
        assert "frustrated, playful" in item["detail"]

    async def test_every_wrong_value_is_listed(self, hosting):
        """Several unknown values are reported together."""
        body = {
            "user_input": "hi",
            "prompt_mode": "loud",
            "resonance_key": {"tone": "a", "pace": "b", "intent": "c"},
        }
        async with hosting() as host:
            response = await host.session.post(PROCESS, json=body)
            problem = await response.json()

        assert len(problem["errors"]) == 4

    async def test_whole_envelope(self, hosting):
        """The envelope joins the original's fields and the members of RFC 9457."""
        async with hosting() as host:
            response = await host.session.post(
                PROCESS, json={"user_input": "  "}, headers={"X-Request-ID": "r1"}
            )
            problem = await response.json()

        del problem["timestamp"]
        assert response.status == 400
        assert problem == {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": "The text must not be blank.",
            "instance": "/api/v2/process",
            "success": False,
            "error": {
                "code": "INVALID_INPUT",
                "message": "The text must not be blank.",
                "field": "user_input",
                "details": None,
            },
            "errors": None,
            "request_id": "r1",
            "trace_id": None,
        }

    async def test_korean_on_demand(self, hosting):
        """A caller who prefers Korean reads Korean."""
        async with hosting() as host:
            response = await host.session.post(
                PROCESS,
                json={"user_input": "x" * 1001},
                headers={"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.8"},
            )
            item = (await response.json())["errors"][0]

        assert response.headers["Content-Language"] == "ko"
        assert item["detail"] == "내용이 너무 깁니다. 최대 1000자까지 입력할 수 있습니다."

    async def test_message_limit_is_a_setting(self, hosting):
        """The largest message is what the settings say, counted in characters and not in bytes."""
        async with hosting(limits=ServiceLimits(message_chars=5)) as host:
            taken = await host.session.post(PROCESS, json={"user_input": "다섯글자야"})
            refused = await host.session.post(PROCESS, json={"user_input": "여섯글자네요"})

        assert (taken.status, refused.status) == (200, 422)

    async def test_unforeseen_error_is_a_500_without_its_cause(self, hosting, make):
        """What nobody foresaw is a 500 with the request id, and its cause is in the log alone."""
        async with hosting(*make.standard(), make.broken) as host:
            response = await host.session.get("/api/v2/broken")
            problem = await response.json()
            logged = host.lines("request failed")

        assert response.status == 500
        assert "secret" not in str(problem)
        assert problem["error"]["code"] == "INTERNAL_ERROR"
        assert problem["request_id"] in problem["error"]["details"]["report"]
        assert "secret cause" in logged[0]["exception"]

    @pytest.mark.parametrize(
        ("method", "path", "status", "code"),
        [("GET", "/api/v2/nowhere", 404, "NOT_FOUND"), ("GET", PROCESS, 405, "METHOD_NOT_ALLOWED")],
    )
    async def test_unknown_addresses_too(self, hosting, method, path, status, code):
        """An unknown address or method under /api is a problem like every other."""
        async with hosting() as host:
            response = await host.session.request(method, path)
            problem = await response.json()

        assert (response.status, problem["error"]["code"]) == (status, code)


class TestPersonas:
    """``GET /api/v2/personas``."""

    async def test_all(self, hosting):
        """The list holds every active persona by rank, with what it is best for."""
        async with hosting() as host:
            response = await host.session.get("/api/v2/personas")
            body = await response.json()

        assert body["total"] == 2
        assert [persona["name"] for persona in body["personas"]] == ["Lua", "Elro"]
        assert body["personas"][1] == {
            "name": "Elro",
            "traits": ["warm"],
            "strengths": ["listening"],
            "best_for_tones": ["analytical", "curious"],
            "best_for_paces": [],
            "best_for_intents": [],
        }

    async def test_one_in_any_case(self, hosting):
        """A persona is found in any case, and described in the caller's language."""
        async with hosting() as host:
            response = await host.session.get(
                "/api/v2/personas/LUA", headers={"Accept-Language": "ko"}
            )
            body = await response.json()

        assert (body["name"], body["traits"]) == ("Lua", ["따뜻함"])

    async def test_unknown(self, hosting):
        """An unknown name is a 404 INVALID_PERSONA that lists the known ones."""
        async with hosting() as host:
            response = await host.session.get("/api/v2/personas/%00%ED%A0%80nobody")
            problem = await response.json()

        assert response.status == 404
        assert problem["error"]["code"] == "INVALID_PERSONA"
        assert problem["error"]["field"] == "persona_name"
        assert problem["error"]["details"]["known"] == ["lua", "elro"]

    async def test_same_shown_name(self, hosting, make):
        """Two personas that people see under one name appear under their unique ones."""
        twin = make.persona("lua-two", 30, shown="Lua")
        async with hosting(*make.standard(), twin) as host:
            response = await host.session.get("/api/v2/personas")
            names = [persona["name"] for persona in (await response.json())["personas"]]

        assert names == ["lua", "Elro", "lua-two"]


class TestBounds:
    """How much of a body is taken, and how much of its faults is told."""

    async def test_long_history(self, hosting):
        """200 earlier messages are taken, 201 are a 422 that points at them."""
        message = {"role": "user", "content": "a"}
        statuses = []
        async with hosting() as host:
            for count in (200, 201):
                context = {"message_history": [message] * count}
                response = await host.session.post(
                    "/api/v2/process", json={"user_input": "hi", "context": context}
                )
                statuses.append(response.status)
            problem = await response.json()

        assert statuses == [200, 422]
        assert [error["pointer"] for error in problem["errors"]] == ["#/context/message_history"]
        assert problem["errors"][0]["max_length"] == 200

    async def test_many_faults(self, hosting):
        """Of many faults the first 20 are reported."""
        context = {"message_history": [{"role": "nobody", "content": "a"}] * 100}
        async with hosting() as host:
            response = await host.session.post(
                "/api/v2/process", json={"user_input": "hi", "context": context}
            )
            problem = await response.json()

        assert (response.status, len(problem["errors"])) == (422, 20)

    async def test_length_without_surrounding_space(self, hosting):
        """Blanks around a message do not count towards its length."""
        async with hosting() as host:
            padded = await host.session.post(
                "/api/v2/process", json={"user_input": " " * 50 + "a" * 1000 + " " * 50}
            )
            longer = await host.session.post("/api/v2/process", json={"user_input": "a" * 1001})

        assert (padded.status, longer.status) == (200, 422)
