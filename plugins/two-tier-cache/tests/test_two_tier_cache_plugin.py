"""The plugin as the plugin host meets it."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import attrs
import pluggy
from ion_two_tier_cache.plugin import plugin
from ion_two_tier_cache.settings import CacheSettings

from ion_framework import PluginContext
from ion_framework.clock import SystemClock
from ion_framework.pipeline import hookspecs
from ion_framework.pipeline.cache import CachedReply, CacheKey, Miss
from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.markers import PROJECT


def read_manifest():
    """The plugin's manifest as it is installed."""
    return tomllib.loads((files("ion_two_tier_cache") / "ion-plugin.toml").read_text("utf-8"))


def make_context(**settings):
    """A context with the manifest's defaults and these settings."""
    defaults = {name: spec["default"] for name, spec in read_manifest()["settings"].items()}
    return PluginContext(
        name="two-tier-cache",
        version="0.1.0",
        settings=defaults | settings,
        clock=SystemClock(),
        data_dir=Path("unused"),
    )


def make_key(text):
    """A key for this text."""
    return CacheKey(
        tenant="local",
        principal="anna",
        persona="lua",
        persona_version="1",
        prompt="chat",
        prompt_version="1",
        generator="offline@1",
        parameters="{}",
        text=text,
    )


def test_the_settings_class_and_the_manifest_name_the_same_settings():
    """Every setting of the manifest is a field of the settings class, and the other way round."""
    fields = {field.name for field in attrs.fields(CacheSettings)}

    assert fields == set(read_manifest()["settings"])


def test_the_defaults_are_a_thousand_entries_and_64_mib():
    """Without any setting the cache is bounded at 1,000 entries and 64 MiB."""
    settings = make_context().settings_as(CacheSettings)

    assert settings == CacheSettings(max_entries=1000, max_bytes=64 * 1024 * 1024)


def test_the_hook_provides_the_same_cache_each_time():
    """Registered with pluggy, the plugin answers ion_provide_cache with its one cache."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin(make_context()))
    manager.check_pending()
    first, second = manager.hook.ion_provide_cache(), manager.hook.ion_provide_cache()

    assert len(first) == 1
    assert first[0] is second[0]


async def test_the_settings_bound_the_cache():
    """The bounds of the settings are the bounds of the cache."""
    cache = plugin(make_context(max_entries=1, max_bytes=65536)).ion_provide_cache()
    for text, content in (("a", "x"), ("b", "x"), ("c", "x" * 6554)):
        found = await cache.lookup(make_key(text))
        assert isinstance(found, Miss)
        await found.lease.store(CachedReply(content, Usage(), "m", "g", 1.7e9), 60.0)
    tier = cache.stats().tiers["memory"]

    assert (tier["entries"], tier["evictions"], tier["oversize"]) == (1, 1, 1)
