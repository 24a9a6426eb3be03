"""The plugin in an `Ion`: what it says, what it logs, and what it never does."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from ion_framework import Ion, Language, Settings
from ion_framework.errors import RequiredPluginError, TurnRefusedError
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import PluginSettings
from ion_framework.testing import lone_source, make_persona
from ion_framework.testing.builders import persona_plugin, standard_parts

SECRET = "1 union select hunter2 from users"
MANY = " <script> ; rm -rf / ../etc/passwd {{7*7}} php://x `id` x' -- alert(1) __class__ ${jndi:x}"


def guarded(*, required=False, **settings):
    """An Ion with the guard and what a turn needs."""
    source = lone_source("guard", *standard_parts(), persona_plugin(make_persona("sage")))
    plugins = PluginSettings(required=("guard",) if required else ())
    return Ion(Settings(plugin={"guard": settings}, plugins=plugins), source=source, environ={})


async def verdict(ion, request):
    """The refusal of a request, None where it may pass."""
    try:
        await ion.hooks.guard_request(request, ion.clock)
    except TurnRefusedError as error:
        return error
    return None


async def test_installed_it_reports(asked):
    """Without a setting an attack is told in the log, and passes."""
    with capture_logs() as lines:
        async with guarded() as ion:
            refused = await verdict(ion, asked("query", SECRET))

    assert refused is None
    (line,) = [line for line in lines if "guard" in line["event"]]
    assert "sql-union@query" in line["matches"]
    assert (line["route"], line["attack"], line["refused"]) == ("/chat", "sql", False)


async def test_talk_about_attacks_is_not_told(asked):
    """A message below the threshold leaves no line, or a mentor's log would be full of them."""
    with capture_logs() as lines:
        async with guarded(mode="block") as ion:
            refused = await verdict(ion, asked("message", "What does DROP TABLE users; do?"))

    assert refused is None
    assert not [line for line in lines if "matches" in line]


@pytest.mark.parametrize(
    ("language", "words"),
    [(None, "database command"), (Language.ENGLISH, "database"), (Language.KOREAN, "데이터베이스")],
)
async def test_in_block_mode_it_refuses_in_the_callers_language(asked, language, words):
    """The refusal has the class as its code, and a sentence in the language that was asked for."""
    async with guarded(mode="block") as ion:
        refused = await verdict(ion, asked("query", SECRET, language=language))

    assert (refused.guard, refused.code) == ("guard", "sql")
    assert words in str(refused)


@pytest.mark.parametrize("place", ["query", "header", "path", "id", "message"])
async def test_nothing_of_the_text_gets_into_the_log(asked, place):
    """The log tells rules and places, whatever was written there, names of headers included."""
    text = SECRET + (MANY if place == "message" else "")
    request = asked(place, f"/x {text}")
    with capture_logs() as lines:
        async with guarded(mode="block") as ion:
            await verdict(ion, request)

    assert [line for line in lines if line.get("matches")]
    assert "hunter2" not in str(lines)
    assert "x-custom" not in str(lines)


async def test_turns_are_none_of_its_business():
    """It asks nothing of a turn: talk about attacks is answered."""
    async with guarded(mode="block") as ion:
        reply = await ion.respond("What does '; DROP TABLE users; -- do?")

    assert reply.content
    assert "guard" not in {item.plugin for item in reply.receipt.plugins}


@pytest.mark.parametrize(
    "settings", [{"rules": ["no-such-rule off"]}, {"trusted_addresses": ["nowhere"]}]
)
def test_settings_that_cannot_be_used_leave_it_out(settings):
    """The plugin's record says what is wrong and what is valid; ``required`` stops the start."""
    ion = guarded(**settings)
    ion.activate()
    (record,) = [record for record in ion.plugins if record.name == "guard"]

    assert record.status is Status.FAILED
    assert "plugin.guard: " in record.reason
    with pytest.raises(RequiredPluginError):
        guarded(required=True, **settings).activate()
