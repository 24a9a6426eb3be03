"""Why plugins are as they are, and why one is not changed, in the language of who asks."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from ion_host_aiohttp.v2.plugin_reasons import prepare, reason_in

from ion_framework import hookimpl
from ion_framework.cli.running_host import RunningHost
from ion_framework.domain.language import Language
from ion_framework.plugin_host.discovery import Candidate, inline
from ion_framework.settings.model import PluginSettings, Settings
from ion_framework.testing import MemoryStore, make_manifest
from ion_framework.testing.packages import PERSONA_MANIFEST
from ion_framework.watching import watched_loop

PLUGINS = "/api/v2/plugins"
STATUS = "/api/v2/status"
LIMIT_S = 0.1
BY_HAND = {
    "en": "taken out by hand; until a restart or `ion plugins enable`",
    "ko": "직접 꺼 두었습니다. 다시 시작하거나 `ion plugins enable`을 실행하면 켜집니다",
}


class Guarding:
    """Lets everything pass."""

    @hookimpl
    def ion_guard(self):
        """Agree."""


class Blocking:
    """Holds the event loop in every turn."""

    @hookimpl
    async def ion_gather_context(self):
        """Sleep as nobody should."""
        time.sleep(4 * LIMIT_S)  # noqa: ASYNC251  that is what it is left out for


def is_korean(text):
    """Whether there is any Hangul in a text."""
    return any("가" <= character <= "힣" for character in text)


def reasons(body):
    """The reasons in a list, by plugin."""
    return {each["name"]: each["reason"] for each in body["plugins"]}


@pytest.mark.parametrize(
    ("asked", "language", "runs"),
    [
        ("ko-KR,en;q=0.5", "ko", "실행 중입니다"),
        ("en,ko;q=0.5", "en", "runs"),
        ("fr", "en", "runs"),
        (None, "en", "runs"),
    ],
)
async def test_lists_give_reasons_in_the_language_that_is_asked_for(hosting, asked, language, runs):
    """The list of plugins and the status tell them in Korean to who asks for that."""
    async with hosting() as host:
        changed = await host.told(f"{PLUGINS}/lua/disable", asked, unguarded=False)
        listed = await host.told(PLUGINS, asked)
        status = await host.told(STATUS, asked)

    assert [BY_HAND[language]] == [each["reason"] for each in changed[1]["workers"]]
    for _, body, _ in (listed, status):
        assert (BY_HAND[language], runs) == (reasons(body)["lua"], reasons(body)["parrot"])


@pytest.mark.parametrize(
    ("change", "cause", "korean"),
    [
        (("elro", "disable"), "required", "elro는 plugins.required 목록에 있습니다"),
        (("watch", "disable"), "guard", "watch는 가드라서 끄면 검사하던 것을 아무도 검사하지"),
        (("drawer", "disable"), "fixed", "drawer는 호스트가 시작할 때 바탕이 되는 store"),
        (("faulty", "disable"), "state", "faulty는 실행 중이 아닙니다. 상태: failed, 팩토리에서"),
        (("faulty", "enable"), "state", "faulty의 상태는 failed입니다. 이유: 팩토리에서 예외가"),
        (("lua", "reload"), "code", "lua는 이 프로세스 안에만 있어서 다시 읽을 파일이 없습니다"),
        (("parrot", "reload"), "code", "parrot은 페르소나가 아닙니다. 바꾸려면 호스트를 다시 시작"),
    ],
)
async def test_a_refused_change_is_explained_in_korean(hosting, make, change, cause, korean):
    """Message and details give the same reason, all of it in Korean, and to others in English."""
    extra = (
        make.plugin("watch", "guard", Guarding()),
        make.plugin("drawer", "store", MemoryStore()),
        inline(make_manifest("faulty", "extension"), lambda _: 1 / 0),
    )
    settings = Settings(plugins=PluginSettings(required=("elro",)))
    path = f"{PLUGINS}/{change[0]}/{change[1]}"
    terms = {"unguarded": False} if change[1] == "disable" else {}
    async with hosting(*make.standard(), *extra, settings=settings) as host:
        (refused, told) = [await _refused(host, path, asked, terms) for asked in ("ko", "en")]

    assert cause == refused["details"]["cause"] == told["details"]["cause"]
    assert refused["details"]["reason"].startswith(korean)
    assert refused["details"]["reason"] in refused["message"]
    assert told["details"]["reason"] in told["message"]
    assert not is_korean(told["message"])


async def _refused(host, path, asked, terms):
    headers = {"Accept-Language": asked}
    async with host.session.post(path, headers=headers, json=terms) as response:
        assert 409 == response.status
        return (await response.json())["error"]


async def test_what_is_wrong_in_a_file_is_told_in_korean(hosting, make, tmp_path):
    """A persona that cannot be read again keeps the place in its file, and says the fault."""
    file = tmp_path / "ion-plugin.toml"
    text = PERSONA_MANIFEST.format(name="sage")
    file.write_text(text, "utf-8")
    sage = Candidate("sage", "sage_package", "ion-sage", "1.0", tmp_path)
    async with hosting(*make.standard(), sage) as host:
        file.write_text(text.replace('name = "sage"', 'nmae = "sage"'), "utf-8")
        refused = await _refused(host, f"{PLUGINS}/sage/reload", "ko", {})

    assert "invalid" == refused["details"]["cause"]
    assert f"{file}: " in refused["message"]
    assert is_korean(refused["details"]["reason"])


async def test_one_that_holds_the_loop_is_shown_with_the_reason(hosting, make):
    """A plugin that blocks turn after turn is quarantined, in the list and in health."""
    bad = make.plugin("bad", "extension", Blocking())
    async with hosting(*make.standard(), bad) as host:
        with watched_loop(host.service.ion, LIMIT_S):
            async with asyncio.timeout(60):
                number = 0
                while "quarantined" != host.service.ion.host.record("bad").status:
                    number += 1
                    said = {"user_input": f"hello {number}"}
                    await (await host.session.post("/api/v2/process", json=said)).read()
                    await asyncio.sleep(LIMIT_S)
        english = await host.told(PLUGINS, "en")
        korean = await host.told(PLUGINS, "ko")
        health = await host.told("/api/v2/health", "en")

    assert (
        "failed 5 times within 60 s in ion_gather_context, last: held the event loop for more than "
        "0.1 s; left out for 60 s"
    ) == reasons(english[1])["bad"]
    assert (
        "ion_gather_context에서 60초 안에 5번 실패했습니다. 마지막 원인: 이벤트 루프를 0.1초 넘게 "
        "붙잡았습니다; 60초 동안 제외합니다"
    ) == reasons(korean[1])["bad"]
    assert "bad" in health[1]["reasons"][0]["message"]


async def test_a_command_shows_the_reason_as_the_host_gives_it(hosting):
    """Who runs a command in Korean gets the reason in Korean from the host itself."""
    async with hosting() as host:
        running = RunningHost(url=host.url, key_file=None, language=Language.KOREAN)
        changed = await asyncio.to_thread(
            running.ask, "POST", "api", "v2", "plugins", "lua", "disable", body={}
        )
        listed = await asyncio.to_thread(running.ask, "GET", "api", "v2", "plugins")

    assert BY_HAND["ko"] == changed["workers"][0]["reason"] == reasons(listed)["lua"]


async def test_reasons_wait_for_no_thread_of_the_loops():
    """Where all of those are taken, a reason that is new is told all the same, by another."""
    ended = threading.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))
    taken = loop.run_in_executor(None, ended.wait)
    try:
        async with asyncio.timeout(30):
            await prepare(["took longer than 77 s"], Language.KOREAN)
    finally:
        ended.set()
        await taken

    assert "77초를 넘겼습니다" == reason_in("took longer than 77 s", Language.KOREAN)


async def test_reasons_that_are_known_are_not_told_beside_the_loop():
    """Once told, a reason is there at once: nothing is waited for."""
    await prepare(["took longer than 78 s"], Language.KOREAN)

    for language in (Language.KOREAN, None):
        with pytest.raises(StopIteration):
            prepare(["took longer than 78 s"], language).send(None)
