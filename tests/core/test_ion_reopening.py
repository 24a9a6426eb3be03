"""An `Ion` that is activated or opened more than once."""

from __future__ import annotations

import pytest

from ion_framework import hookimpl
from ion_framework.errors import PluginError, RequiredPluginError
from ion_framework.plugin_host.discovery import inline
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import PluginSettings, Settings
from ion_framework.testing import RecordingMonitor, make_ion, make_manifest, make_plugin


class Living:
    """Counts how often it is started and stopped."""

    def __init__(self, starts=True):
        self.diary = []
        self._starts = starts

    @hookimpl
    async def ion_startup(self):
        """Note the start."""
        self.diary.append("start")
        if not self._starts:
            raise OSError("no route")

    @hookimpl
    def ion_shutdown(self):
        """Note the stop."""
        self.diary.append("stop")


async def test_activating_again_does_nothing():
    """A second activation calls no factory again, and the first one's plugins answer."""
    made = []

    def factory(_):
        made.append(Living())
        return made[-1]

    ion = make_ion(inline(make_manifest("living", "extension"), factory))
    ion.activate()
    ion.activate()
    async with ion:
        ion.activate()
        assert "You said: x" == (await ion.respond("x")).content
    assert [["start", "stop"]] == [living.diary for living in made]


async def test_opening_again_after_the_end_starts_the_same_plugins_again():
    """A closed `Ion` can be opened once more: its plugins start, answer, observe and stop again."""
    living, monitor = Living(), RecordingMonitor()
    ion = make_ion(
        make_plugin("living", living, "extension"), make_plugin("watch", monitor, "monitor")
    )
    replies = []
    for _ in range(2):
        async with ion:
            replies.append((await ion.respond("x")).content)
    assert ["You said: x"] * 2 == replies
    assert ["start", "stop"] * 2 == living.diary
    assert 2 == [type(event).__name__ for event in monitor.events].count("TurnCompleted")


async def test_opening_twice_at_once_is_refused():
    """An `Ion` that is open cannot be opened again; the error says so and the first one goes on."""
    async with make_ion() as ion:
        with pytest.raises(PluginError, match="open already; close it first, or make another Ion"):
            await ion.__aenter__()
        assert "You said: x" == (await ion.respond("x")).content


async def test_a_plugin_that_failed_to_start_is_not_started_again():
    """What failed the first time stays FAILED when the `Ion` is opened again."""
    failing = Living(starts=False)
    ion = make_ion(make_plugin("failing", failing, "extension"))
    for _ in range(2):
        async with ion:
            assert Status.FAILED is ion.host.record("failing").status
    assert ["start"] == failing.diary


def test_activating_again_still_refuses_without_a_required_plugin():
    """A start that a required plugin stopped is stopped again, not let through."""

    def broken(_):
        raise OSError("no library")

    settings = Settings(plugins=PluginSettings(required=("needed",)))
    ion = make_ion(inline(make_manifest("needed", "extension"), broken), settings=settings)
    for _ in range(2):
        with pytest.raises(RequiredPluginError, match="'needed' is failed"):
            ion.activate()


async def test_a_quarantined_observer_is_active_again_when_reopened():
    """Quarantine ends with the `Ion`'s end, so that a required observer does not stop the next."""
    settings = Settings(plugins=PluginSettings(required=("watch",)))
    ion = make_ion(make_plugin("watch", RecordingMonitor(), "monitor"), settings=settings)
    async with ion:
        ion.host.quarantine("watch", "kept failing")
        assert Status.QUARANTINED is ion.host.record("watch").status
    async with ion:
        assert Status.ACTIVE is ion.host.record("watch").status
