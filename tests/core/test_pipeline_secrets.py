"""Secrets: what a plugin's exception says of them stays with the plugin."""

import asyncio

import pytest

from ion_framework.errors import HookError, NoAnswerError
from ion_framework.manifest.model import SettingSpec, SettingType
from ion_framework.pipeline.markers import hookimpl
from ion_framework.plugin_host.discovery import inline
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import Settings
from ion_framework.testing import (
    FakeGenerator,
    RecordingMonitor,
    make_ion,
    make_manifest,
    make_plugin,
)

KEY = "s3cr3t/key with space"
FORMS = {
    "plain": KEY,
    "in an address": "s3cr3t%2Fkey%20with%20space",
    "in a form": "s3cr3t%2Fkey+with+space",
}


class LeakyGenerator:
    """Shows its key in what it raises."""

    def __init__(self, error):
        self._error = error

    @hookimpl
    async def ion_generate(self):
        """Fail."""
        raise self._error
        yield


def leaky(make_target, *provides):
    """A plugin with one secret setting and one that is none."""
    settings = {
        "api_key": SettingSpec(SettingType.SECRET, "The key."),
        "model": SettingSpec(SettingType.STRING, "The model."),
    }
    return inline(make_manifest("leaky", *provides, settings=settings), make_target)


def configured(*plugins, spare=True):
    """An Ion whose plugin ``leaky`` has a key, with a spare generator behind it."""
    found = [*plugins]
    if spare:
        found.append(make_plugin("spare", FakeGenerator(), "generator", fallback=True))
    values = {"leaky": {"api_key": KEY, "model": "m-1"}}
    return make_ion(*found, settings=Settings(plugin=values))


def ask(error, *plugins, spare=True):
    """The reply to a turn whose first generator raises an error."""

    async def main():
        plugin = leaky(lambda _: LeakyGenerator(error), "generator")
        async with configured(plugin, *plugins, spare=spare) as ion:
            return await ion.respond("hello")

    return asyncio.run(main())


@pytest.mark.parametrize("shown", FORMS.values(), ids=FORMS)
def test_a_secret_in_an_exception_is_hidden(shown):
    """However an exception writes the value of a secret setting, receipt and reply hide it."""
    reply = ask(OSError(f"GET https://example.org/m-1?key={shown} failed"))

    (attempt, _) = reply.receipt.attempts
    assert "raised OSError: GET https://example.org/m-1?key=*** failed" == attempt.error
    assert "s3cr3t" not in repr(reply)


def test_a_secret_is_hidden_before_a_long_text_is_cut():
    """A secret that lies across the cut of a long text is not shown by half."""
    reply = ask(OSError("x" * 490 + KEY))

    assert "s3c" not in repr(reply)


def test_a_plugin_that_raises_the_cores_own_error_hides_its_secret_too():
    """A HookError that a plugin makes itself is told like any other."""
    reply = ask(HookError("ion_generate", "other", f"refused {KEY}"))

    assert "refused ***" in reply.receipt.attempts[0].error
    assert "s3cr3t" not in repr(reply)


def test_degraded_names_the_plugin_and_leaves_its_words_to_the_receipt():
    """What callers read is the core's own sentence; what the plugin said is in the attempts."""
    reply = ask(OSError("the upstream said no"))

    assert "the generator leaky failed before its first word" == reply.degraded
    assert "raised OSError: the upstream said no" == reply.receipt.attempts[0].error


def test_an_error_without_an_answer_keeps_the_details_apart():
    """NoAnswerError and its event tell callers who failed, and operators why."""
    monitor = RecordingMonitor()

    async def main():
        plugin = leaky(lambda _: LeakyGenerator(OSError(f"no {KEY}")), "generator")
        watching = make_plugin("watching", monitor, "monitor")
        async with configured(plugin, watching, spare=False) as ion:
            await ion.respond("hello")

    with pytest.raises(NoAnswerError) as caught:
        asyncio.run(main())

    message = "no generator could answer: the generator leaky failed before its first word"
    detail = "leaky: raised OSError: no ***"
    assert (message, detail) == (str(caught.value), caught.value.detail)
    failed = monitor.events[-1]
    assert (message, detail) == (failed.message, failed.detail)


def test_a_decide_hook_without_an_answer_keeps_the_details_apart():
    """Where the only router fails, its name is told to callers and its words to operators."""

    class Router:
        @hookimpl
        def ion_route(self):
            raise OSError(f"no {KEY}")

    async def main():
        async with configured(leaky(lambda _: Router(), "router")) as ion:
            await ion.respond("hello")

    with pytest.raises(NoAnswerError) as caught:
        asyncio.run(main())

    assert "no router could decide for a persona: leaky failed" == str(caught.value)
    assert "leaky: raised OSError: no ***" == caught.value.detail


def test_a_secret_in_a_failed_factory_is_hidden():
    """What a plugin's import or factory raises is told without its secrets."""

    def broken(context):
        raise ValueError(f"bad key {context.settings['api_key']}")

    ion = configured(leaky(broken, "generator"))
    ion.activate()
    record = ion.host.record("leaky")

    assert Status.FAILED is record.status
    assert "raised ValueError: bad key ***" in record.reason
