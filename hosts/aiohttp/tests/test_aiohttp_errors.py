"""Errors of v1, languages, and the catalogue."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import ion_host_aiohttp
import pytest
from ion_host_aiohttp.api.languages import asked_languages
from ion_host_aiohttp.errors.messages import own_sentences
from ion_host_aiohttp.run.lifecycle import Phase

from ion_framework.domain.language import Language


class TestV1:
    """The shapes of v1."""

    @pytest.mark.parametrize(
        ("body", "kind", "location"),
        [
            ({}, "missing", ["body", "message"]),
            ({"message": 5}, "string_type", ["body", "message"]),
            ({"message": None}, "string_type", ["body", "message"]),
            ({"message": ""}, "string_blank", ["body", "message"]),
            ({"message": "   "}, "string_blank", ["body", "message"]),
            ({"message": "x" * 1001}, "string_too_long", ["body", "message", "max_message_length"]),
            ({"message": "a", "user_id": ""}, "string_too_short", ["body", "user_id"]),
            ({"message": "a", "user_id": "u" * 129}, "string_too_long", ["body", "user_id"]),
            ("text", "dict_type", ["body"]),
        ],
    )
    async def test_schema_error_is_a_detail_list(self, hosting, body, kind, location):
        """A value that does not fit is a 422 with type, loc, msg, input and ctx."""
        async with hosting() as host:
            response = await host.session.post("/chat", json=body)
            detail = (await response.json())["detail"]

        assert response.status == 422
        assert [(item["type"], item["loc"]) for item in detail] == [(kind, location)]
        assert set(detail[0]) == {"type", "loc", "msg", "input", "ctx"}

    async def test_limit_is_told_to_machines_and_people(self, hosting):
        """A message that is too long is answered with the limit in msg and in ctx."""
        async with hosting() as host:
            response = await host.session.post("/chat", json={"message": "x" * 1001})
            item = (await response.json())["detail"][0]

        assert item["ctx"] == {"max_length": 1000}
        assert item["msg"] == "내용이 너무 깁니다. 최대 1000자까지 입력할 수 있습니다."

    async def test_thousand_characters_are_taken(self, hosting):
        """A message of exactly the limit is answered, spaces around it not counted."""
        async with hosting() as host:
            response = await host.session.post("/chat", json={"message": " " + "가" * 1000 + "\n"})

        assert response.status == 200

    async def test_standard_phrases_stay(self, hosting):
        """Without a wish for a language 404 and 405 are what the original answered, with Allow."""
        async with hosting() as host:
            missing = await host.session.get("/nowhere")
            wrong = await host.session.delete("/chat")

            assert await missing.json() == {"detail": "Not Found"}
            assert await wrong.json() == {"detail": "Method Not Allowed"}
        assert wrong.headers["Allow"] == "POST"
        assert [r.headers["Content-Language"] for r in (missing, wrong)] == ["en", "en"]

    async def test_wish_for_a_language_is_heard(self, hosting):
        """With Accept-Language 404 is a sentence in that language."""
        async with hosting() as host:
            response = await host.session.get("/nowhere", headers={"Accept-Language": "ko"})
            body = await response.json()

        assert body == {"detail": "요청하신 주소를 찾을 수 없습니다."}
        assert response.headers["Content-Language"] == "ko"
        assert response.headers["Vary"] == "Accept-Language, Origin"

    async def test_internal_error(self, hosting, make):
        """A 500 is Korean by default, English on demand, and names the request."""
        async with hosting(*make.standard(), make.broken) as host:
            korean = await host.session.get("/broken", headers={"X-Request-ID": "r7"})
            english = await host.session.get("/broken", headers={"Accept-Language": "en"})

            assert await korean.json() == {
                "error": "서버에서 오류가 발생했습니다. 잠시 후 다시 시도해 주세요.",
                "status_code": 500,
                "detail": "같은 문제가 계속되면 요청 ID(r7)와 함께 문의해 주세요.",
            }
            assert (await english.json())["error"].startswith("Something went wrong")


class TestAcceptLanguage:
    """Which language a header asks for."""

    @pytest.mark.parametrize(
        ("header", "language"),
        [
            ("", None),
            ("ko", Language.KOREAN),
            ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", Language.KOREAN),
            ("en-GB", Language.ENGLISH),
            ("fr, en;q=0.3, ko;q=0.4", Language.KOREAN),
            ("ko;q=0, en;q=0.1", Language.ENGLISH),
            ("*", None),
            ("fr", None),
            ("ko;q=nan, en;q=0.1", Language.ENGLISH),
            ("ko;q=high", None),
            (";;;,,,=", None),
            ("KO", Language.KOREAN),
        ],
    )
    def test_best_known_language_wins(self, header, language):
        """The known language of the highest weight is chosen; nonsense is ignored."""
        assert asked_languages(header).known is language


SOURCE = Path(ion_host_aiohttp.__file__).parent


def constants():
    """Every text that stands in the host's code, and those of them that are said as they stand."""
    every, said = set(), set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                every.add(node.value)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                said |= {item.value for item in node.args if isinstance(item, ast.Constant)}
    return every, said


class TestCatalogue:
    """Every sentence, in every language."""

    def test_what_is_said_is_in_it(self):
        """Every sentence that the code names exists, in every language."""
        _, said = constants()
        assert said - set(own_sentences()) == set()
        assert all(set(texts) == set(Language) for texts in own_sentences().values())

    def test_it_holds_nothing_that_is_not_said(self):
        """Every sentence is named in the code."""
        every, _ = constants()
        phases = {phase.value for phase in Phase}
        assert set(own_sentences()) - every - phases == set()

    @pytest.mark.parametrize("name", sorted(own_sentences()))
    def test_languages_have_the_same_gaps(self, name):
        """A sentence has the same gaps in every language."""
        gaps = [
            {field for _, field, _, _ in string.Formatter().parse(text) if field}
            for text in own_sentences()[name].values()
        ]

        assert all(found == gaps[0] for found in gaps)
