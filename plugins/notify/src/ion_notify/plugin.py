"""What the entry point names: the notifier."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from functools import partial

from ion_framework import PluginContext, hookimpl
from ion_framework.clock import Clock
from ion_framework.domain.language import Language
from ion_framework.slo.notice import Notice
from ion_notify.delivery import Channel
from ion_notify.lane import Lane, LaneStats
from ion_notify.mail import MailChannel
from ion_notify.settings import NotifySettings
from ion_notify.webhook import HttpChannel
from ion_notify.words import as_json, as_slack


class Notify:
    """Hands notices to every receiver that is configured.

    Args:
        context: settings, clock and logger.
        settings: the settings.
        tls: makes what certificates are checked by.
    """

    def __init__(
        self,
        context: PluginContext,
        settings: NotifySettings,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._flush_s = settings.flush_s
        self._lanes = {
            channel.name: Lane(channel, settings, context.clock, context.logger)
            for channel in channels(settings, context.clock, tls)
        }

    @property
    def stats(self) -> Mapping[str, LaneStats]:
        """What became of notices so far, by receiver."""
        return {name: lane.stats for name, lane in self._lanes.items()}

    @hookimpl
    async def ion_startup(self) -> None:
        """Begin to send."""
        for lane in self._lanes.values():
            lane.start()

    @hookimpl
    def ion_notify(self, notice: Notice) -> None:
        """Take a notice in; it is sent behind."""
        for lane in self._lanes.values():
            lane.put(notice)

    @hookimpl
    async def ion_shutdown(self) -> None:
        """Send what waits, within ``flush_s`` seconds, and stop."""
        await asyncio.gather(*(lane.close(self._flush_s) for lane in self._lanes.values()))


def channels(
    settings: NotifySettings,
    clock: Clock,
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
) -> list[Channel]:
    """The ways to the receivers that are configured."""
    language = Language(settings.language)
    http = partial(HttpChannel, clock=clock, timeout_s=settings.timeout_s, tls=tls)
    found: list[Channel] = []
    if settings.webhook_url:
        body = partial(as_json, language=language)
        found.append(http("webhook", settings.webhook_url, body, key=settings.webhook_key))
    if settings.slack_url:
        found.append(http("slack", settings.slack_url, partial(as_slack, language=language)))
    if settings.smtp_host:
        found.append(MailChannel(settings, language, tls))
    return found


def plugin(context: PluginContext) -> Notify:
    """The plugin of one `Ion`; without a receiver it is IDLE, and this is never called.

    Raises:
        SettingsError: a setting cannot work; names its key.
    """
    return Notify(context, context.checked_settings_as(NotifySettings))
