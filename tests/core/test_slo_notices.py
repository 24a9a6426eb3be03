"""Notices on their way to plugins, and what people read of them."""

from __future__ import annotations

import asyncio

import attrs
import pytest

from ion_framework import hookimpl
from ion_framework.domain.language import Language
from ion_framework.plugin_host.record import Status
from ion_framework.slo.notice import Measure, NoticeState, Severity
from ion_framework.slo.notifying import notify
from ion_framework.slo.texts import amount, headline, sentence, span, urgency
from ion_framework.testing import make_notice, make_plugin, running_ion

NOTICE = make_notice(rule="IonLatencyHigh", measure=Measure.LATENCY_P95, value=2.5, threshold=2.0)


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told = []

    @hookimpl
    async def ion_notify(self, notice):
        """Keep it."""
        self.told.append(notice)


class Failing:
    """Fails at every notice, in a way of its own.

    Args:
        fail: how.
    """

    def __init__(self, fail) -> None:
        self._fail = fail

    @hookimpl
    def ion_notify(self, notice):
        """Fail."""
        self._fail(notice)


def leave(_):
    """End the process, if it could."""
    raise SystemExit(3)


def stumble(_):
    """Raise."""
    raise RuntimeError("no")


@pytest.mark.parametrize("fail", [leave, stumble])
async def test_one_that_fails_keeps_nothing_from_others(fail):
    """A notifier that fails is told of by name, and the others hear the notice."""
    listener, failures = Listener(), []
    plugins = (
        make_plugin("bad", Failing(fail), "monitor"),
        make_plugin("good", listener, "monitor"),
    )
    async with running_ion(*plugins) as ion:
        taken = await notify(ion.hooks.of("ion_notify"), NOTICE, failures.append)

    assert (taken, listener.told) == (1, [NOTICE])
    assert [error.plugin for error in failures] == ["bad"]


async def test_one_that_keeps_failing_is_left_out():
    """A notifier that fails at five notices is in quarantine, and is not called for a while."""
    failures = []
    async with running_ion(make_plugin("bad", Failing(stumble), "monitor")) as ion:
        for _ in range(6):
            await notify(ion.hooks.of("ion_notify"), NOTICE, failures.append)
        status = ion.host.record("bad").status

    assert status is Status.QUARANTINED
    assert "no" not in failures[-1].reason.split()


async def test_all_are_told_at_once():
    """Notifiers that wait do so beside each other."""
    both = asyncio.Barrier(2)

    class Waiting:
        @hookimpl
        async def ion_notify(self, notice):
            await both.wait()

    plugins = [make_plugin(name, Waiting(), "monitor") for name in ("one", "two")]
    async with running_ion(*plugins) as ion, asyncio.timeout(30):
        assert await notify(ion.hooks.of("ion_notify"), NOTICE) == 2


class TestTexts:
    """What people read."""

    def test_english(self):
        """A notice in English names rule, host and figures."""
        assert headline(NOTICE, Language.ENGLISH) == "[FIRING] IonLatencyHigh on ion-1"
        assert sentence(NOTICE, Language.ENGLISH) == (
            "the 95th percentile of response times is 2.50 s (limit 2.00 s)"
        )

    def test_korean(self):
        """A notice in Korean names rule, host and figures."""
        assert headline(NOTICE, Language.KOREAN) == "[발생] IonLatencyHigh (ion-1)"
        assert sentence(NOTICE, Language.KOREAN) == (
            "응답 시간의 95백분위가 2.50초입니다(기준 2.00초)"
        )

    @pytest.mark.parametrize("language", Language)
    @pytest.mark.parametrize("measure", Measure)
    def test_every_measure_has_words(self, measure, language):
        """Each measure has a sentence for its begin, its end and for silence, without gaps left."""
        for state, value in ((NoticeState.FIRING, 0.5), (NoticeState.RESOLVED, None)):
            notice = attrs.evolve(NOTICE, measure=measure, state=state, value=value)
            said = sentence(notice, language)
            assert said
            assert "{" not in said
            assert amount(measure, value, language) in said

    def test_what_takes_longest_is_told_as_that(self):
        """Beyond the last bound a time is told as more than that, because no more is known."""
        assert amount(Measure.LATENCY_P95, 10.0, Language.ENGLISH) == "more than 10 s"
        assert amount(Measure.LATENCY_P95, 10.0, Language.KOREAN) == "10초 초과"

    def test_spans(self):
        """A length of time is told in its largest unit."""
        assert span(300, Language.ENGLISH) == "5 min"
        assert span(259200, Language.KOREAN) == "3일"
        assert span(0, Language.ENGLISH) == "0 s"
        assert span(0, Language.KOREAN) == "0초"

    @pytest.mark.parametrize("language", Language)
    def test_urgency(self, language):
        """Both urgencies have words."""
        assert len({urgency(each, language) for each in Severity}) == 2
