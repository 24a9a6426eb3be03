"""The plugin within an `Ion`: other plugins' settings are completed by what the project holds."""

from __future__ import annotations

import subprocess
import sys

from ion_framework import Ion, hookimpl
from ion_framework.manifest.model import Kind, SettingSpec, SettingType
from ion_framework.plugin_host.discovery import inline, installed
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import Settings
from ion_framework.testing import PluginContract, make_manifest


class TestGoogleSecrets(PluginContract):
    """The contract of every plugin."""

    plugin = "secrets-gcp"
    kind = Kind.SECRETS
    environ = {"ION_SECRETS_GCP_PROJECT": "shop"}  # noqa: RUF012  the contract declares it


class Shop:
    """A plugin that needs a key."""

    @hookimpl
    def ion_observe(self, event):
        """Nothing is done with it."""


KEY = SettingSpec(SettingType.SECRET, "The key.", env=("SHOP_KEY",))


def activated(service, environ):
    """An `Ion` with the plugin and one that needs a key; and the keys that this one was given."""
    seen = []

    def factory(context):
        seen.append(context.settings["key"])
        return Shop()

    manifest = make_manifest("shop", "monitor", settings={"key": KEY}, needs=(("key",),))
    own = [item for item in installed() if item.name == "secrets-gcp"]
    settings = Settings(plugin={"secrets-gcp": {"endpoint": service.url}})
    ion = Ion(settings, source=lambda: [*own, inline(manifest, factory)], environ=environ)
    ion.activate()
    return ion, seen


def test_the_key_of_another_plugin_comes_from_the_project(service, credentials):
    """A plugin without its key is given the secret of the key's variable, and runs."""
    service.keep("SHOP_KEY", b"s3cret")

    ion, seen = activated(service, {"ION_SECRETS_GCP_PROJECT": "shop"})

    assert seen == ["s3cret"]
    assert ion.host.record("shop").status is Status.ACTIVE


def test_without_a_project_it_is_idle(service):
    """Nothing is asked of anybody until a project is named."""
    ion, seen = activated(service, {})

    assert (seen, service.asked) == ([], [])
    assert ion.host.record("secrets-gcp").status is Status.IDLE
    assert ion.host.record("shop").status is Status.IDLE


def test_without_credentials_the_start_goes_on(service, monkeypatch, tmp_path):
    """A machine without Google's credentials leaves the other plugin idle, and nothing fails."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))

    ion, seen = activated(service, {"ION_SECRETS_GCP_PROJECT": "shop"})

    assert seen == []
    assert ion.host.record("secrets-gcp").status is Status.ACTIVE
    assert ion.host.record("shop").status is Status.IDLE


def test_googles_library_is_imported_by_nobody_who_asks_nothing():
    """The plugin itself loads nothing of Google's library."""
    code = "import sys, ion_secrets_gcp.plugin; print([m for m in sys.modules if 'google' in m])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
