"""The plugin as the plugin host meets it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import attrs
import pluggy
import pytest
from ion_two_tier_cache.freshness import FreshnessRules
from ion_two_tier_cache.plugin import plugin
from ion_two_tier_cache.settings import CacheSettings

from ion_framework import PluginContext
from ion_framework.clock import SystemClock
from ion_framework.errors import SettingsError
from ion_framework.pipeline import hookspecs
from ion_framework.pipeline.cache import CachedReply, CacheKey, Miss
from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.markers import PROJECT


def read_manifest():
    """The plugin's manifest as it is installed."""
    return tomllib.loads((files("ion_two_tier_cache") / "ion-plugin.toml").read_text("utf-8"))


def make_context(**settings):
    """A context with the manifest's defaults and these settings."""
    described = read_manifest()["settings"].items()
    defaults = {name: spec["default"] for name, spec in described if "default" in spec}
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


def test_the_defaults_are_those_of_the_manifest():
    """Without any setting there is no Redis, and the bounds and windows are the documented ones."""
    settings = make_context().settings_as(CacheSettings)

    assert settings == CacheSettings(
        max_entries=1000,
        max_bytes=64 * 1024 * 1024,
        stale_while_revalidate_s=60.0,
        stale_if_error_s=3600.0,
        early_refresh_beta=1.0,
        refusal_ttl_s=30.0,
        longest_lead_s=120.0,
        l1_ttl_s=60.0,
        namespace="ion",
        redis_timeout_s=0.1,
    )
    assert settings.rules() == FreshnessRules()


def test_every_number_has_its_range_in_the_manifest():
    """Each setting says what it means, and each number within which bounds."""
    for name, spec in read_manifest()["settings"].items():
        assert spec["description"].endswith("."), name
        assert spec["type"] not in ("integer", "number") or "minimum" in spec, name


def test_the_address_of_redis_is_never_shown():
    """The address, which may hold a password, is in no repr."""
    settings = make_context(redis_url="redis://:s3cret@db/0").settings_as(CacheSettings)

    assert "s3cret" not in repr(settings)


def test_without_redis_nothing_of_it_is_imported():
    """The plugin without an address imports neither redis nor hiredis nor aiocache."""
    code = (
        "import asyncio, sys; from ion_framework import Ion; "
        "from ion_framework.settings.model import Settings; "
        "from ion_framework.testing.builders import "
        "lone_source, make_persona, persona_plugin, standard_parts\n"
        "others = (persona_plugin(make_persona()), *standard_parts())\n"
        "source = lone_source('two-tier-cache', *others)\n"
        "async def main():\n"
        "    async with Ion(Settings(), source=source, environ={}) as ion:\n"
        "        await ion.respond('hello'); print(ion.cache.stats().entries)\n"
        "asyncio.run(main()); assert 'ion_two_tier_cache.cache' in sys.modules; "
        "print({'redis', 'hiredis', 'aiocache'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["1", "set()"]


def test_an_address_that_cannot_be_used_is_named_without_its_password():
    """A wrong address is an error of the settings that names the plugin and no password."""
    with pytest.raises(SettingsError, match="two-tier-cache") as told:
        plugin(make_context(redis_url="gopher://:s3cret@db/0"))

    assert "s3cret" not in str(told.value)


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
