"""``POST /chat`` as a client sees it."""

from __future__ import annotations


class TestChat:
    """Answers."""

    async def test_message_alone_is_answered(self, hosting):
        """A message without a user id is answered with the five fields of v1."""
        async with hosting() as host:
            response = await host.session.post("/chat", json={"message": "왜 안 되는 거죠?"})
            body = await response.json()

        assert response.status == 200
        assert list(body) == [
            "content", "persona_used", "resonance_key", "confidence", "metadata"
        ]  # fmt: skip
        assert body["content"] == "answer to: 왜 안 되는 거죠?"
        assert body["persona_used"] == "Lua"
        assert body["resonance_key"] == "frustrated-flowing-seek_advice"

    async def test_metadata_says_why(self, hosting):
        """The metadata holds rhythm, tone, routing and the whole receipt."""
        async with hosting() as host:
            response = await host.session.post("/chat", json={"message": "hm", "user_id": "ann"})
            metadata = (await response.json())["metadata"]

        assert metadata["rhythm"]["pace"] == "medium"
        assert metadata["rhythm"]["resonance_pace"] == "flowing"
        assert metadata["tone"]["primary"] == "frustrated"
        assert metadata["routing"]["secondary_persona"] == "Elro"
        assert metadata["routing"]["scores"] == {"lua": 0.75, "elro": 0.5}
        assert metadata["generator"] == "parrot"
        assert metadata["model"] == "parrot-1"
        assert not metadata["degraded"]
        assert metadata["receipt"]["key"] == "frustrated-flowing-seek_advice"
        assert {stage["stage"] for stage in metadata["receipt"]["stages"]} >= {"analyze", "route"}
        assert metadata["receipt"]["attempts"][0]["succeeded"]

    async def test_second_ask_is_a_hit(self, hosting):
        """The same question of the same user comes from the cache the second time, with its age."""
        async with hosting() as host:
            body = {"message": "same", "user_id": "ann"}
            first = await host.session.post("/chat", json=body)
            second = await host.session.post("/chat", json=body)

            assert (first.headers["ION-Cache"], "Age" in first.headers) == ("miss", False)
            assert (second.headers["ION-Cache"], second.headers["Age"]) == ("hit", "0")
            assert (await second.json())["metadata"]["cache"] == "hit"

    async def test_users_do_not_share(self, hosting):
        """Another user's same question is a miss."""
        async with hosting() as host:
            await host.session.post("/chat", json={"message": "same", "user_id": "ann"})
            other = await host.session.post("/chat", json={"message": "same", "user_id": "bob"})

        assert other.headers["ION-Cache"] == "miss"

    async def test_language_of_answer_is_told(self, hosting):
        """Content-Language names the language of the answer, not that of the caller's browser."""
        async with hosting() as host:
            response = await host.session.post(
                "/chat", json={"message": "안녕하세요"}, headers={"Accept-Language": "en"}
            )

        assert response.headers["Content-Language"] == "ko"


class TestDegraded:
    """A preferred generator that fails."""

    async def test_fallback_answers_and_says_so(self, hosting, make):
        """The fallback answers with 200, and header and metadata give the reason."""

        async def refuse(_text: str) -> str:
            raise RuntimeError("모델이 없습니다 out of quota")

        preferred = make.plugin("brain", "generator", make.generator(refuse))
        async with hosting(*make.standard(), preferred) as host:
            response = await host.session.post("/chat", json={"message": "hello"})
            again = await host.session.post("/chat", json={"message": "hello"})
            metadata = (await response.json())["metadata"]
            (line, _) = host.lines()

        assert response.status == 200
        assert metadata["degraded"]
        assert "brain: raised RuntimeError: 모델이 없습니다 out of quota" == line["failed_attempts"]
        reason = "the generator brain failed before its first word"
        assert reason == metadata["degraded_reason"]
        assert reason == response.headers["ION-Degraded"], "without what the plugin said of it"
        assert again.headers["ION-Cache"] == "miss", "a degraded answer is never stored"


class TestNobodyAnswers:
    """Turns without an answer."""

    async def test_failing_generator_is_503_with_retry(self, hosting, make):
        """Where every generator fails, the answer is 503 with Retry-After and without the cause."""

        async def fail(_text: str) -> str:
            raise RuntimeError("secret upstream text")

        only = make.plugin("brain", "generator", make.generator(fail))
        async with hosting(make.lua, make.analyzer, make.router, only) as host:
            response = await host.session.post("/chat", json={"message": "hello"})
            body = await response.json()
            (line,) = host.lines("turn unanswered")

        assert "brain: raised RuntimeError: secret upstream text" == line["detail"]
        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0
        assert body == {
            "error": "지금은 답변을 드릴 수 없습니다. 잠시 후 다시 시도해 주세요.",
            "status_code": 503,
        }

    async def test_missing_generator_names_the_cure(self, hosting, make):
        """Without a generator the answer is 503, the cure, and a minute to wait."""
        async with hosting(make.lua, make.analyzer, make.router) as host:
            response = await host.session.post(
                "/chat", json={"message": "hello"}, headers={"Accept-Language": "en"}
            )
            body = await response.json()

        assert response.status == 503
        assert response.headers["Retry-After"] == "60"
        assert body["detail"] == "No generator is active; install ion-offline or ion-gemini."

    async def test_guard_refuses_in_its_own_words(self, hosting, make):
        """A guard's refusal is a 403 with the guard's message."""
        from ion_framework import Refusal, hookimpl

        class Doorman:
            @hookimpl
            def ion_guard(self, turn):
                return Refusal("magic_words", "Doors stay closed here.")

        doorman = make.plugin("doorman", "guard", Doorman())
        async with hosting(*make.standard(), doorman) as host:
            response = await host.session.post("/chat", json={"message": "open sesame"})
            body = await response.json()

        assert response.status == 403
        assert body == {"error": "Doors stay closed here.", "status_code": 403}

    async def test_slow_generator_is_cut_off(self, hosting, make):
        """A handler that exceeds the total time is answered with 503 and Retry-After."""
        import asyncio

        from ion_host_aiohttp.service import ServiceLimits

        async def sleep(_text: str) -> str:
            await asyncio.sleep(30)
            return "too late"

        slow = make.plugin("slow", "generator", make.generator(sleep))
        async with hosting(
            make.lua, make.analyzer, make.router, slow, limits=ServiceLimits(handler_s=0.1)
        ) as host:
            response = await host.session.post("/chat", json={"message": "hello"})

        assert (response.status, response.headers["Retry-After"]) == (503, "1")
