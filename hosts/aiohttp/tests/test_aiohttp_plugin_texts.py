"""Sentences and languages that a plugin brings, over a real socket."""

from __future__ import annotations

import io

import pytest
from ion_host_aiohttp.api.endpoint import Endpoint, ErrorStyle
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import own_catalogue, say
from ion_host_aiohttp.run.composition import opened_service
from ion_host_aiohttp.run.logs import make_logger

from ion_framework import Ion, hookimpl
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.plugin_host.discovery import inline, installed
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.testing import PluginPackage, installed_on_path, make_manifest

TEXTS = """\
[weather.forecast]
en = "It will be {degrees} degrees in {place}."
ko = "{place}의 기온은 {degrees}도입니다."
ja = "{place}の気温は{degrees}度です。"

[weather.nowhere]
en = "Nobody knows the weather of {place}."
ja = "{place}の天気は分かりません。"

[not_found]
ja = "このアドレスには何もありません。"

[too_long]
ja = "長すぎます。{max_length}文字以内にしてください。"

[no_answer]
ja = "今は答えられません。"
en = "No answer just now, sorry."

[blank]
ja = "{wrong}を入力してください。"
"""
WEATHER_PLUGIN = """
from http import HTTPStatus

from ion_framework import hookimpl
from ion_host_aiohttp.api.endpoint import Answer, Endpoint, ErrorStyle
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say


async def forecast(call, service):
    place = call.path["place"]
    if place == "Atlantis":
        message = say("weather.nowhere", place=place)
        raise RequestFailed(
            Failure(status=HTTPStatus.NOT_FOUND, code="NOWHERE", message=message)
        )
    telling = service.catalogue.telling(call.asked)
    text = telling.text(say("weather.forecast", place=place, degrees=21))
    return Answer(body={"text": text}, headers={"Content-Language": telling.content_language})


class Weather:
    @hookimpl
    def ion_provide_routes(self):
        return [
            Endpoint(
                method="GET",
                path="/api/v2/weather/{place}",
                handler=forecast,
                style=ErrorStyle.V2,
                summary="Tell the weather.",
            )
        ]


def plugin(context):
    return Weather()
"""
MANIFEST = """\
name = "weather"
summary = "The weather, in Japanese as well."
provides = ["extension"]
ion_api = 1
texts = "texts.toml"
"""


@pytest.fixture(scope="module")
def weather(tmp_path_factory):
    """An installed plugin with an endpoint, sentences of its own, and Japanese."""
    package = PluginPackage(
        name="weather", manifest=MANIFEST, code=WEATHER_PLUGIN, files={"texts.toml": TEXTS}
    )
    with installed_on_path(tmp_path_factory.mktemp("installed"), package):
        (candidate,) = (found for found in installed() if found.name == "weather")
        yield candidate


class TestPlugin:
    """A plugin that adds a language and sentences of its own, over a real socket."""

    @pytest.mark.parametrize(
        ("language", "answer"),
        [
            ("ja-JP", ("Seoulの気温は21度です。", "ja")),
            ("ko", ("Seoul의 기온은 21도입니다.", "ko")),
            ("fr;q=0.9, en;q=0.8", ("It will be 21 degrees in Seoul.", "en")),
            (None, ("It will be 21 degrees in Seoul.", "en")),
        ],
    )
    async def test_its_endpoint_speaks_the_caller_s_language(
        self, hosting, make, weather, language, answer
    ):
        """The plugin's own sentence is told in the language that the caller asked for."""
        async with hosting(*make.standard(), weather) as host:
            status, body, content = await host.told("/api/v2/weather/Seoul", language)

        assert (status, (body["text"], content)) == (200, answer)

    @pytest.mark.parametrize(
        ("language", "answer"),
        [
            ("ja", ("Atlantisの天気は分かりません。", "ja")),
            ("ko", ("Nobody knows the weather of Atlantis.", "en")),
        ],
    )
    async def test_its_errors_fall_back_by_sentence(self, hosting, make, weather, language, answer):
        """A sentence that does not exist in the language asked for is told in English."""
        async with hosting(*make.standard(), weather) as host:
            status, body, content = await host.told("/api/v2/weather/Atlantis", language)

        assert (status, (body["detail"], content)) == (404, answer)

    async def test_the_host_speaks_its_language_too(self, hosting, make, weather):
        """Sentences of the host are told in the plugin's language, in both versions of the API."""
        async with hosting(*make.standard(), weather) as host:
            _, first, one = await host.told("/nowhere", "ja")
            _, second, two = await host.told("/api/v2/nowhere", "ja, ko;q=0.5")
            _, third, three = await host.told("/chat", "ja", message="x" * 1001)

        assert first == {"detail": "このアドレスには何もありません。"}
        assert second["detail"] == "このアドレスには何もありません。"
        assert third["detail"][0]["msg"] == "長すぎます。1000文字以内にしてください。"
        assert (one, two, three) == ("ja", "ja", "ja")

    async def test_an_answer_of_several_languages_names_them(self, hosting, make, weather):
        """Content-Language names every language that a sentence of the answer is in."""

        class Failing:
            @hookimpl
            async def ion_generate(self):
                raise GenerationError(FailureCause.UNAVAILABLE, "down")
                yield

        failing = make.plugin("failing", "generator", Failing())
        async with hosting(make.lua, make.analyzer, make.router, failing, weather) as host:
            status, body, languages = await host.told(
                "/api/v2/process", "ja", user_input="안녕하세요"
            )

        assert (status, body["detail"]) == (503, "今は答えられません。")
        assert "요청 ID" in body["error"]["details"]["report"]
        assert languages == "ja, ko"

    async def test_a_wording_replaces_the_host_s(self, hosting, make, weather):
        """What a plugin words anew is told so in that language, and as before in the others."""
        message = say("no_answer")
        async with hosting(*make.standard(), weather) as host:
            catalogue = host.service.catalogue
            assert catalogue.text(message, "en") == "No answer just now, sorry."
            assert catalogue.text(message, "ko") == own_catalogue().text(message, "ko")

    async def test_a_text_that_does_not_fit_is_left_out_and_told(self, hosting, make, weather):
        """A text with other gaps than the original is not used, and the catalogue says so."""
        async with hosting(*make.standard(), weather) as host:
            _, body, language = await host.told("/chat", "ja", message=" ")
            remarks = host.service.catalogue.remarks

        assert (body["detail"][0]["msg"], language) == ("공백이 아닌 내용을 입력해 주세요.", "ko")
        (remark,) = remarks
        assert remark.startswith("weather: blank.ja is left out: its gaps are {wrong}")

    async def test_two_hosts_of_one_process_speak_differently(self, hosting, make, weather):
        """A host without the plugin does not know its language, whatever another one knows."""
        async with hosting(*make.standard(), weather) as one, hosting() as other:
            _, _, first = await one.told("/api/v2/nowhere", "ja")
            _, _, second = await other.told("/api/v2/nowhere", "ja")

        assert (first, second) == ("ja", "en")

    async def test_the_pages_speak_it(self, hosting, make):
        """The title of the documentation is in the plugin's language, and the page says so."""
        manifest = make_manifest(
            "pack", "extension", texts="t.toml", sentences={"docs_title": {"ja": "<API>の説明"}}
        )
        async with hosting(*make.standard(), inline(manifest)) as host:
            response = await host.session.get("/docs", headers={"Accept-Language": "ja"})
            page = await response.text()

        assert '<html lang="ja"' in page
        assert "<title>&lt;API&gt;の説明</title>" in page
        assert response.headers["Content-Language"] == "ja, en"


class TestUnsayable:
    """Sentences that a plugin says and that do not exist."""

    @pytest.mark.parametrize("message", [say("clumsy.gone"), say("too_long")])
    async def test_it_is_an_internal_error_with_one_log_line(self, hosting, make, message):
        """A failure that has no words is a 500 with the host's envelope, and is logged."""

        async def fail(call, service):
            raise RequestFailed(Failure(status=404, code="GONE", message=message))

        class Clumsy:
            @hookimpl
            def ion_provide_routes(self):
                return [
                    Endpoint(
                        method="GET",
                        path="/api/v2/clumsy",
                        handler=fail,
                        style=ErrorStyle.V2,
                        summary="Fail.",
                    )
                ]

        clumsy = make.plugin("clumsy", "extension", Clumsy())
        async with hosting(*make.standard(), clumsy) as host:
            status, body, _ = await host.told("/api/v2/clumsy")
            (line,) = host.lines()
            (logged,) = host.lines("request failed")

        assert (status, body["error"]["code"], line["status"]) == (500, "INTERNAL_ERROR", 500)
        assert "LookupError" in logged["exception"]

    @pytest.mark.parametrize(
        ("message", "words"),
        [
            (say("gone"), "there is no sentence 'gone'"),
            (say("too_long"), "the gap 'max_length' of the sentence 'too_long' has no value"),
        ],
    )
    def test_the_error_says_what_to_do(self, message, words):
        """Whoever says what cannot be said is told why."""
        with pytest.raises(LookupError, match=words):
            own_catalogue().text(message, "en")


async def test_remarks_are_logged_at_the_start(make, weather, tmp_path):
    """The log of a host that starts says which texts are left out."""
    log, settings = io.StringIO(), Settings(data_dir=tmp_path)
    async with (
        Ion(settings, source=lambda: (*make.standard(), weather), environ={}) as ion,
        opened_service(ion, settings, make_logger(log, LogSettings())) as service,
    ):
        assert service.catalogue.remarks
    assert "weather: blank.ja is left out" in log.getvalue()
