"""The languages that callers are answered in."""

from __future__ import annotations

import pytest
from ion_host_aiohttp.api.languages import Asked, asked_languages

from ion_framework import Refusal, hookimpl
from ion_framework.plugin_host.discovery import inline
from ion_framework.testing import make_manifest


class TestAsked:
    """Which of the languages that there are a header chooses."""

    @pytest.mark.parametrize(
        ("header", "chosen"),
        [
            ("", "en"),
            ("ja", "ja"),
            ("ja-JP", "ja"),
            ("JA-Jpan-JP", "ja"),
            ("ja-JP, ko;q=0.9", "ja"),
            ("ja;q=0.8, ko;q=0.9", "ko"),
            ("ja ; q=0.8 , ko ; q=0.9", "ko"),
            ("ko, ja", "ko"),
            ("fr, ja;q=0.1", "ja"),
            ("fr", "en"),
            ("*", "en"),
            ("ja;q=0.5, *", "en"),
            ("ja;q=0.5, *;q=0.1", "ja"),
            ("*, en;q=0.1", "ja"),
            ("*;q=0.5, en;q=0", "ja"),
            ("ja;q=0, fr", "en"),
            ("ja;q=0.000", "en"),
            ("ja;q=1.5, ko;q=0.2", "ko"),
            ("ja;q=inf, ko;q=0.2", "ko"),
            ("ja;level=1, ko;q=0.2", "ko"),
            ("ja;q=0.2, ja-JP;q=0.9, ko;q=0.5", "ja"),
            (",".join(["fr"] * 32 + ["ja"]), "en"),
        ],
    )
    def test_the_highest_weight_wins(self, header, chosen):
        """The available language of the highest weight is chosen, else the host's own."""
        assert asked_languages(header).choose(("en", "ja", "ko"), "en") == chosen

    def test_a_wish_for_any_language_leaves_the_default(self):
        """A star names no language, so that the host's default stands where it is not refused."""
        assert Asked(("*",)).choose(("en", "ko"), "ko") == "ko"


@pytest.fixture
async def unequipped(hosting, make):
    """A host without a generator, so that every turn ends with an error."""
    async with hosting(make.lua, make.analyzer, make.router) as host:
        yield host


class TestMessageLanguage:
    """Errors about a message that was understood."""

    @pytest.mark.parametrize(
        ("text", "language", "content"),
        [
            ("왜 안 되나요?", None, "ko"),
            ("Why does it fail?", None, "en"),
            ("왜 안 되나요?", "en", "en"),
            ("Why does it fail?", "ko", "ko"),
            ("왜 안 되나요?", "fr", "ko"),
            ("왜 안 되나요?", "*", "ko"),
        ],
    )
    async def test_v2_answers_in_it(self, unequipped, text, language, content):
        """In v2 the error of a turn is in the language of the message, unless another is asked."""
        for path in ("/api/v2/process", "/api/v2/chat/multi-persona"):
            _, body, told = await unequipped.told(path, language, user_input=text)
            assert ("서버 관리자" in body["detail"]) is (content == "ko")
            assert told == content

    async def test_each_item_of_a_batch_is_answered_in_its_own(self, unequipped):
        """Of a bulk request every item that fails is told in the language of its message."""
        items = [{"user_input": "왜 안 되나요?"}, {"user_input": "Why does it fail?"}]
        _, body, _ = await unequipped.told("/api/v2/bulk-process", requests=items)

        korean, english = (error["message"] for error in body["errors"])
        assert "서버 관리자" in korean
        assert "its operator" in english

    async def test_v2_names_the_fault_of_a_message_in_it(self, hosting):
        """A message that is too long is refused in its own language."""
        async with hosting() as host:
            _, body, content = await host.told("/api/v2/process", user_input="가" * 1001)

        assert body["errors"][0]["detail"].startswith("내용이 너무 깁니다.")
        assert content == "ko"

    async def test_v1_stays_korean(self, unequipped):
        """In v1 the error of a turn is Korean without a wish, as the original's clients expect."""
        _, body, content = await unequipped.told("/chat", message="Why does it fail?")

        assert "서버 관리자" in body["error"]
        assert content == "ko"

    @pytest.mark.parametrize(
        ("scenario", "begin"),
        [("코드가 왜 안 돼요", "다음 상황에"), ("My code fails", "Best persona")],
    )
    async def test_a_recommendation_is_given_in_it(self, hosting, scenario, begin):
        """The reasoning of a recommendation is in the language of the scenario."""
        async with hosting() as host:
            _, body, _ = await host.told("/api/v2/recommend", scenario=scenario)

        assert body["reasoning"].startswith(begin)


class Guard:
    """Refuses everything, in English."""

    @hookimpl
    def ion_guard_request(self, request):
        """The refusal."""
        return Refusal("rude", "Rude.") if request.texts else None


class TestRefusals:
    """What guards say."""

    @pytest.mark.parametrize(
        ("path", "body", "told"),
        [
            ("/chat", {"message": "hi"}, "정중하게 물어봐 주세요."),
            ("/api/v2/process", {"user_input": "hi"}, "Please ask politely."),
        ],
    )
    async def test_a_guard_s_sentence_is_told_in_the_caller_s_language(
        self, hosting, make, path, body, told
    ):
        """A refusal whose code is a sentence of the guard's is told as that sentence."""
        rude = {"en": "Please ask politely.", "ko": "정중하게 물어봐 주세요."}
        manifest = make_manifest("polite", "guard", texts="t.toml", sentences={"polite.rude": rude})
        guard = inline(manifest, lambda _: Guard())
        async with hosting(*make.standard(), guard) as host:
            status, found, _ = await host.told(path, **body)

        assert status == 403
        assert (found.get("error") if path == "/chat" else found["detail"]) == told

    async def test_other_words_are_told_as_they_stand(self, hosting, make):
        """A guard without sentences is quoted, and Content-Language names the words' language."""
        async with hosting(*make.standard(), make.plugin("curt", "guard", Guard())) as host:
            status, body, content = await host.told("/chat", "ko", message="hi")

        assert (status, body["error"], content) == (403, "Rude.", "en")
