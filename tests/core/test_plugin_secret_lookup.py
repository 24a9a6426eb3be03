"""Secrets that a plugin keeps reach the settings of the plugins that need them."""

from __future__ import annotations

import threading

import attrs
import pytest

from ion_framework import Ion, hookimpl
from ion_framework.errors import RequiredPluginError
from ion_framework.manifest.model import SettingSpec, SettingType
from ion_framework.plugin_host.discovery import inline
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import PluginSettings, Settings
from ion_framework.testing import MappingSecrets, make_manifest, make_plugin
from ion_framework.testing.builders import standard_parts

KEY = SettingSpec(SettingType.SECRET, "The key.", env=("SHOP_KEY",))


class Vault:
    """A plugin that provides a source of secrets."""

    def __init__(self, source):
        self._source = source

    @hookimpl
    def ion_provide_secrets(self):
        """The source."""
        return self._source


class Shop:
    """A plugin that has nothing to say."""

    @hookimpl
    def ion_observe(self, event):
        """Nothing is done with it."""


def shop(seen, *, needed=True):
    """A plugin that takes a secret setting, and what it was given."""
    changes = {"needs": (("key",),)} if needed else {}
    manifest = make_manifest("shop", "monitor", settings={"key": KEY}, **changes)

    def factory(context):
        seen.append(context.settings["key"])
        return Shop()

    return inline(manifest, factory)


def activated(*plugins, environ=None, plugin_settings=None):
    """An `Ion` with these plugins, activated."""
    candidates = (*plugins, *standard_parts())
    settings = Settings(plugins=plugin_settings or PluginSettings())
    ion = Ion(settings, source=lambda: candidates, environ=environ or {})
    ion.activate()
    return ion


def vault(source, kind="secrets"):
    """The vault as a plugin; its name comes after the shop's."""
    return make_plugin("vault", Vault(source), kind)


def test_a_secret_of_a_source_completes_the_settings():
    """A plugin that lacks only a secret that a source keeps is given it and runs."""
    seen = []
    ion = activated(shop(seen), vault(MappingSecrets({"SHOP_KEY": "s3cret"})))

    assert ["s3cret"] == seen
    assert Status.ACTIVE is ion.host.record("shop").status
    assert "s3cret" not in repr(ion.host.record("shop"))


def test_the_environment_goes_before_a_source():
    """A variable that is set is not asked of anybody."""
    seen = []
    activated(
        shop(seen),
        vault(MappingSecrets({"SHOP_KEY": "of the vault"})),
        environ={"SHOP_KEY": "of the environment"},
    )

    assert ["of the environment"] == seen


def test_a_secret_that_is_not_needed_is_looked_up_too():
    """A secret setting without which a plugin could run is filled in all the same."""
    seen = []
    activated(shop(seen, needed=False), vault(MappingSecrets({"SHOP_KEY": "s3cret"})))

    assert ["s3cret"] == seen


def test_a_secret_that_no_source_has_leaves_the_plugin_idle():
    """A plugin whose secret nobody keeps is idle and names the setting."""
    seen = []
    ion = activated(shop(seen), vault(MappingSecrets({})))

    record = ion.host.record("shop")
    assert (Status.IDLE, []) == (record.status, seen)
    assert "SHOP_KEY" in record.reason


def test_an_extension_is_not_asked_for_settings():
    """Only plugins of kind secrets come to life before the others."""
    seen = []
    activated(shop(seen), vault(MappingSecrets({"SHOP_KEY": "s3cret"}), "extension"))

    assert [] == seen


def test_a_required_plugin_may_wait_for_its_secret():
    """A required plugin that gets its secret from a source does not stop the start."""
    seen = []
    required = PluginSettings(required=("shop",))
    activated(shop(seen), vault(MappingSecrets({"SHOP_KEY": "s3cret"})), plugin_settings=required)
    assert ["s3cret"] == seen

    with pytest.raises(RequiredPluginError, match="SHOP_KEY"):
        activated(shop(seen), vault(MappingSecrets({})), plugin_settings=required)


def test_a_source_that_hangs_costs_its_budget():
    """A source that never answers leaves the plugin idle with the reason, and the start goes on."""
    release = threading.Event()

    @attrs.frozen
    class Hanging:
        def get(self, name):
            release.wait(60)

    seen = []
    ion = activated(
        shop(seen), vault(Hanging()), plugin_settings=PluginSettings(import_budget_s=0.2)
    )
    release.set()

    record = ion.host.record("shop")
    assert (Status.IDLE, []) == (record.status, seen)
    assert "did not tell SHOP_KEY within 0.2 s" in record.reason


def test_a_source_that_raises_is_passed_over():
    """A source that fails leaves the next one to answer."""

    class Broken:
        def get(self, name):
            raise RuntimeError("out of order")

    seen = []
    activated(
        shop(seen),
        make_plugin("broken", Vault(Broken()), "secrets"),
        vault(MappingSecrets({"SHOP_KEY": "s3cret"})),
    )

    assert ["s3cret"] == seen
