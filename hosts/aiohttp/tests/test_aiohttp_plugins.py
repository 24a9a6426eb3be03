"""Plugins of a running host: shown, taken out, let in, read again."""

from __future__ import annotations

import asyncio

import pytest
from ion_host_aiohttp.access.caller import Caller, Scope
from ion_host_aiohttp.rates.limiter import Unlimited

from ion_framework import Finish, TextChunk, hookimpl
from ion_framework.plugin_host.discovery import Candidate, inline, installed
from ion_framework.plugin_host.trust_freeze import freeze
from ion_framework.plugin_host.trust_pins import pins_text
from ion_framework.settings.model import PluginSettings, Settings, Trust
from ion_framework.testing import (
    MemoryStore,
    PluginPackage,
    VirtualClock,
    installed_on_path,
    make_manifest,
)
from ion_framework.testing.packages import PERSONA_MANIFEST

PLUGINS = "/api/v2/plugins"


class Faulty:
    """An observer that fails, and a step that does, too."""

    @hookimpl
    async def ion_observe(self, event):
        """Fail."""
        raise ValueError("no")

    @hookimpl
    async def ion_finish(self, reply):
        """Fail."""
        raise ValueError("no")


class Guarding:
    """Lets everything pass."""

    @hookimpl
    def ion_guard(self):
        """Agree."""


class Door:
    """Lets everybody in who may chat and read."""

    required = True

    def metered(self, _limiter):
        """No limits."""
        return Unlimited()

    async def identify(self, _credentials, _address):
        """Somebody."""
        return Caller(principal="key:test", scopes=frozenset({Scope.CHAT, Scope.READ}))

    async def close(self):
        """Nothing to let go of."""


async def _view(host, name, path=PLUGINS):
    body = await (await host.session.get(path)).json()
    return next(each for each in body["plugins"] if each["name"] == name)


async def _change(host, name, act, **body):
    response = await host.session.post(f"{PLUGINS}/{name}/{act}", json=body or None)
    return response.status, await response.json()


async def test_what_a_plugin_did_is_shown(hosting, make):
    """Status, quarantine, failures, places and what an observer was told are visible."""
    faulty = make.plugin("faulty", "monitor", Faulty())
    async with hosting(*make.standard(), faulty) as host:
        for number in range(3):
            await host.session.post("/chat", json={"message": f"hello {number}", "user_id": "u"})
        async with asyncio.timeout(5):
            while (await _view(host, "faulty"))["status"] != "quarantined":  # noqa: ASYNC110  no event stands for it
                await asyncio.sleep(0.01)
        view = await _view(host, "faulty")
        status = await _view(host, "faulty", "/api/v2/status")
        health = await (await host.session.get("/api/v2/health")).json()
        persona = await _view(host, "lua")

    assert view["containment"]["standing"] == "out"
    assert view["containment"]["failures"] >= 5
    assert view["containment"]["places"] == 64
    assert "failed 5 times within 60 s" in view["reason"]
    assert view["observer"]["failed"] + view["observer"]["dropped"] >= 1
    assert status["containment"]["standing"] == "out"
    assert "faulty" in health["reasons"][0]["message"]
    assert (persona["containment"], persona["observer"]) == (None, None)


async def test_out_and_in_again(hosting, make):
    """A persona that is taken out answers no more, and does again once it is let in."""
    async with hosting() as host:
        before = await (await host.session.get("/api/v2/personas")).json()
        out = await _change(host, "lua", "disable", unguarded=False)
        without = await (await host.session.get("/api/v2/personas")).json()
        view = await _view(host, "lua")
        back = await _change(host, "lua", "enable")
        after = await (await host.session.get("/api/v2/personas")).json()

    assert out[0] == back[0] == 200
    assert out[1]["success"]
    assert out[1]["workers"] == [
        {"worker": 1, "changed": True, "status": "disabled", "reason": view["reason"]}
    ]
    assert (before["total"], without["total"], after["total"]) == (2, 1, 2)
    assert "until a restart" in out[1]["message"]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (("nobody", "disable"), (404, "UNKNOWN_PLUGIN", None)),
        (("watch", "disable"), (409, "PLUGIN_NOT_CHANGED", "guard")),
        (("drawer", "disable"), (409, "PLUGIN_NOT_CHANGED", "fixed")),
        (("parrot", "reload"), (409, "PLUGIN_NOT_CHANGED", "code")),
    ],
)
async def test_a_change_that_is_refused(hosting, make, change, refusal):
    """What cannot be changed is answered with the reason, in the form of every error of v2."""
    extra = (
        make.plugin("watch", "guard", Guarding()),
        make.plugin("drawer", "store", MemoryStore()),
    )
    async with hosting(*make.standard(), *extra) as host:
        found, body = await _change(host, *change)

    error = body["error"]
    assert (found, error["code"], error["details"].get("cause")) == refusal


async def test_a_guard_goes_where_that_is_meant(hosting, make):
    """With unguarded a guard is taken out."""
    watch = make.plugin("watch", "guard", Guarding())
    async with hosting(*make.standard(), watch) as host:
        status, body = await _change(host, "watch", "disable", unguarded=True)

    assert (status, body["workers"][0]["status"]) == (200, "disabled")


def _told(body):
    """The message of an error, and what it says for programs."""
    return body["error"]["message"], body["error"]["details"]


async def test_the_last_of_its_kind_goes_only_by_force(hosting):
    """Without force it is a conflict that names the consequence, and with it the answer does."""
    async with hosting() as host:
        refused = await _change(host, "parrot", "disable")
        korean = await host.told(f"{PLUGINS}/parrot/disable", "ko", unguarded=False)
        still = await host.session.post("/api/v2/process", json={"user_input": "hello"})
        forced = await _change(host, "parrot", "disable", force=True)
        after = await host.session.post("/api/v2/process", json={"user_input": "hello again"})

    message, details = _told(refused[1])
    assert (refused[0], details["cause"], details["kinds"]) == (409, "last", ["generator"])
    assert "the last active generator, and without it nobody can answer" in message
    assert "ion plugins disable parrot --force" in message
    assert "아무도 답할 수 없습니다" in korean[1]["error"]["message"]
    assert (still.status, forced[0], after.status) == (200, 200, 503)
    assert forced[1]["consequences"] == ["No generator is active any more: nobody can answer."]


async def test_one_that_is_the_last_of_several_kinds_names_them(hosting, make):
    """The kinds of which nobody would be left stand in the error."""

    class Both:
        @hookimpl
        async def ion_analyze(self, turn):
            return None

        @hookimpl
        def ion_route(self, turn, personas):
            return None

    both = inline(make_manifest("both", "analyzer", "router"), lambda _: Both())
    generator = make.plugin("parrot", "generator", make.generator(make.echo))
    async with hosting(make.lua, generator, both) as host:
        refused = await _change(host, "both", "disable")
        forced = await _change(host, "both", "disable", force=True)

    message, details = _told(refused[1])
    assert "several kinds (analyzer, router)" in message
    assert details["kinds"] == ["analyzer", "router"]
    assert len(forced[1]["consequences"]) == 2


async def test_the_last_persona_names_who_else_is_installed(hosting):
    """The error lists the others with their status, so that one of them can be let in first."""
    async with hosting() as host:
        first = await _change(host, "elro", "disable")
        refused = await _change(host, "lua", "disable")

    assert (first[0], first[1]["consequences"]) == (200, [])
    assert _told(refused[1])[1]["others"] == ["elro (disabled)"]


@pytest.mark.parametrize("name", ["LUA", "Lua", "(Inline%20Lua)", "%20lua%20"])
async def test_a_plugin_is_called_by_any_of_its_names(hosting, name):
    """Plugin, distribution and shown name mean it in any case, and answers use its own name."""
    async with hosting() as host:
        status, out = await _change(host, name, "disable")
        _, back = await _change(host, name, "enable")

    assert (status, out["plugin"], back["plugin"]) == (200, "lua", "lua")
    assert out["message"].startswith("The plugin lua is taken out")


@pytest.mark.parametrize("act", ["enable", "disable", "reload"])
async def test_a_name_of_two_is_refused_with_the_choices(hosting, make, act):
    """A shown name that two personas share is a conflict that names both plugins."""
    twins = (make.persona("ann", 1, shown="Twin"), make.persona("ben", 2, shown="Twin"))
    async with hosting(*make.standard(), *twins) as host:
        status, body = await _change(host, "twin", act)

    assert (status, body["error"]["code"]) == (409, "AMBIGUOUS_PLUGIN")
    assert body["error"]["details"]["choices"] == ["ann", "ben"]


@pytest.mark.parametrize("act", ["enable", "disable", "reload"])
async def test_a_member_that_is_not_known_is_refused(hosting, act):
    """What is spelt wrongly is not lost without anybody noticing, and nothing is changed."""
    async with hosting() as host:
        status, body = await _change(host, "lua", act, forse=True)
        view = await _view(host, "lua")

    assert (status, view["status"]) == (422, "active")
    assert "forse" in str(body["error"])


async def test_chat_does_not_use_up_what_changes_count_in(hosting, limiting):
    """A caller whose limit is used up still changes plugins, as often as the limit again says."""
    async with limiting(limit="2/minute") as (rates, _), hosting(rates=rates) as host:
        chats = [(await host.session.get("/api/v2/personas")).status for _ in range(3)]
        changes = [(await _change(host, "lua", act))[0] for act in ("disable", "enable", "disable")]

    assert chats == [200, 200, 429]
    assert changes == [200, 200, 429]


async def test_a_persona_is_read_again(hosting, make, tmp_path):
    """A file that was changed counts at once, and one that is wrong changes nothing."""
    file = tmp_path / "ion-plugin.toml"
    text = PERSONA_MANIFEST.format(name="sage")
    file.write_text(text, "utf-8")
    sage = Candidate("sage", "sage_package", "ion-sage", "1.0", tmp_path)
    async with hosting(*make.standard(), sage) as host:
        file.write_text(text + '\n[persona.traits]\nen = ["quick"]\n', "utf-8")
        done = await _change(host, "sage", "reload")
        shown = await (await host.session.get("/api/v2/personas/sage")).json()
        file.write_text(text + "\nwrong = 1\n", "utf-8")
        refused = await _change(host, "sage", "reload")
        kept = await (await host.session.get("/api/v2/personas/sage")).json()

    assert (done[0], shown["traits"]) == (200, ["quick"])
    assert (refused[0], refused[1]["error"]["details"]["cause"]) == (409, "invalid")
    assert "ion-plugin.toml: persona.prompts.system.wrong" in refused[1]["error"]["message"]
    assert kept["traits"] == ["quick"]


async def test_what_is_not_pinned_is_not_read_again(hosting, make, tmp_path):
    """Under pinned trust changed files are refused as a conflict, with untrusted as its cause."""
    package, pins = PluginPackage(name="sage"), tmp_path / "pins.toml"
    with installed_on_path(tmp_path / "site", package):
        (sage,) = (c for c in installed() if c.distribution == package.distribution)
        pins.write_text(pins_text(freeze([sage]).pins), "utf-8")
        settings = Settings(plugins=PluginSettings(trust=Trust.PINNED, pins=pins))
        async with hosting(*make.standard(), sage, settings=settings) as host:
            as_pinned = await _change(host, "sage", "reload")
            (sage.folder / "ion-plugin.toml").write_text("# other\n", "utf-8")
            refused = await _change(host, "sage", "reload")
            kept = await host.session.get("/api/v2/personas/sage")

    assert (as_pinned[0], refused[0], kept.status) == (200, 409, 200)
    assert refused[1]["error"]["code"] == "PLUGIN_NOT_CHANGED"
    assert refused[1]["error"]["details"]["cause"] == "untrusted"
    assert "is not as it was pinned" in refused[1]["error"]["message"]


@pytest.mark.parametrize("act", ["enable", "disable", "reload"])
async def test_it_takes_an_administrator(hosting, act):
    """Without the scope admin nothing is changed."""
    async with hosting(door=Door()) as host:
        status, _ = await _change(host, "lua", act, unguarded=False)

    assert status == 403


class Moody:
    """A generator that raises as long as it is broken."""

    model = "moody-1"

    def __init__(self):
        self.broken = True

    @hookimpl
    async def ion_generate(self, prompt):
        """Fail, or answer."""
        if self.broken:
            raise ValueError("no")
        yield TextChunk("well again")
        yield Finish()


async def test_a_host_whose_only_generator_is_out_becomes_ready_to_try_it(hosting, make):
    """It is not ready during the quarantine, and ready for the request that ends it."""
    clock, moody = VirtualClock(), Moody()
    parts = (make.lua, make.analyzer, make.router, make.plugin("moody", "generator", moody))
    async with hosting(*parts, clock=clock) as host:

        async def ask(number):
            return await host.session.post("/api/v2/process", json={"user_input": f"q{number}"})

        async def ready():
            return (await host.session.get("/health/ready")).status

        failed = {(await ask(number)).status for number in range(5)}
        during = await ready()
        clock.advance(60)
        after, moody.broken = await ready(), False
        answered = (await ask("again")).status
        status = (await _view(host, "moody"))["status"]

    assert (failed, during, after, answered, status) == ({503}, 503, 200, 200, "active")
