"""The installed plugin keeps the contract of every plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from ion_framework import Ion, Settings
from ion_framework.manifest.model import Kind
from ion_framework.plugin_host.record import Status
from ion_framework.testing import PluginContract, lone_source

TOKEN = "T0KEN-of-the-address"
URL = f"https://hooks.example.org/{TOKEN}"
MAIL: Mapping[str, Any] = {
    "smtp_host": "mail.example.org",
    "mail_from": "ion@example.org",
    "mail_to": ["ops@example.org"],
}


class TestNotify(PluginContract):
    """The notifier with every receiver, none of which listens."""

    plugin = "notify"
    kind = Kind.MONITOR
    settings: ClassVar[Mapping[str, object]] = {
        "webhook_url": "http://127.0.0.1:9/hook",
        "slack_url": "http://127.0.0.1:9/slack",
        **MAIL,
    }


def test_it_is_idle_without_a_receiver() -> None:
    """Without a receiver the plugin is IDLE and names the variables."""
    record = Ion(Settings(), source=lone_source("notify"), environ={}).host.record("notify")

    assert record.status is Status.IDLE
    assert "ION_NOTIFY_WEBHOOK_URL" in record.reason


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"webhook_url": f"http://hooks.example.org/{TOKEN}"}, "webhook_url: must begin with"),
        ({"webhook_url": f"ftp://hooks.example.org/{TOKEN}"}, "webhook_url: must be as"),
        ({"webhook_url": f"https://me:{TOKEN}@example.org/"}, "webhook_url: must be as"),
        ({"webhook_url": f"https://example.org/{TOKEN}\r\nX: y"}, "webhook_url: must be as"),
        ({"webhook_url": f"https://example.org:99999/{TOKEN}"}, "webhook_url: it is no address"),
        ({"slack_url": f"https:///{TOKEN}"}, "slack_url: must be as"),
        ({"webhook_url": URL, "webhook_key": "short"}, "webhook_key: must have at least 16"),
        ({**MAIL, "smtp_host": "mail.example.org\r\nX"}, "smtp_host: must be a name"),
        ({**MAIL, "mail_from": "a@b.example\r\nBcc: c@d.example"}, "mail_from: must be"),
        ({**MAIL, "mail_to": []}, "mail_to: must hold"),
        ({**MAIL, "mail_to": ["Ops <ops@example.org>"]}, "mail_to: must hold"),
        ({**MAIL, "smtp_user": "me"}, "smtp_user: goes with smtp_password"),
        ({**MAIL, "smtp_security": "none"}, "smtp_security: none is for"),
    ],
)
async def test_settings_that_cannot_work_are_named(settings: dict[str, Any], says: str) -> None:
    """An address, key or recipient that cannot work makes the plugin FAILED and is not repeated."""
    source = lone_source("notify")
    async with Ion(Settings(plugin={"notify": settings}), source=source, environ={}) as ion:
        record = ion.host.record("notify")

    assert record.status is Status.FAILED
    assert f"plugin.notify.{says}" in record.reason
    assert TOKEN not in record.reason


@pytest.mark.parametrize(
    "settings",
    [
        {"webhook_url": "http://127.0.0.1:9/"},
        {"webhook_url": "http://localhost:9/"},
        {"webhook_url": "http://[::1]:9/"},
        {"webhook_url": "http://ops.example.org/", "insecure": True},
        {"webhook_url": f"{URL}?key=1&token=2"},
        {**MAIL, "smtp_host": "127.0.0.1", "smtp_security": "none"},
        {**MAIL, "smtp_security": "none", "insecure": True},
    ],
)
async def test_what_stays_here_needs_no_tls(settings: dict[str, Any]) -> None:
    """Plain connections are for this machine, or for who asks for them."""
    source = lone_source("notify")
    async with Ion(Settings(plugin={"notify": settings}), source=source, environ={}) as ion:
        assert ion.host.record("notify").status is Status.ACTIVE
