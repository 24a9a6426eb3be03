"""The order of plugins: ranks, before and after, explicit lists, fallbacks, ambiguity."""

from __future__ import annotations

import re
from contextlib import contextmanager

import pytest

from ion_framework import Ion, Settings
from ion_framework.cli.plugin_plan import make_plan
from ion_framework.errors import PluginOrderError, SettingsError
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.ordering import Place, arrange
from ion_framework.plugin_host.record import Status
from ion_framework.settings.loading import CommandLine, load_settings
from ion_framework.testing import PluginPackage, installed_on_path
from ion_framework.testing.packages import MANIFEST, PERSONA_MANIFEST


@contextmanager
def ion_with(folder, *packages, settings=None):
    """An `Ion` that sees these packages and nothing else that is installed."""
    names = {package.distribution for package in packages}
    with installed_on_path(folder, *packages):
        yield Ion(
            settings,
            source=lambda: tuple(c for c in installed() if c.distribution in names),
            environ={},
        )


CODE = """
from ion_framework import hookimpl
from ion_framework.testing import DictCache

class Plugin:
    @hookimpl
    def {hook}(self):
        return {value}

def plugin(context):
    return Plugin()
"""


def plugin(name, hook="ion_observe", extra="", kind="monitor"):
    """A package that implements one hook."""
    value = "DictCache()" if hook == "ion_provide_cache" else "None"
    return PluginPackage(
        name=name,
        manifest=MANIFEST.format(name=name, kind=kind) + extra,
        code=CODE.format(hook=hook, value=value),
    )


def order(ion, hook):
    """Names of the plugins that implement a hook, in the order in which they are called."""
    return [item.plugin for item in ion.host.table()[hook]]


PLACES = [
    pytest.param([Place("b"), Place("a"), Place("c")], (), "a b c", id="names"),
    pytest.param([Place("a", after=("b",)), Place("b"), Place("c")], (), "b a c", id="after"),
    pytest.param([Place("c", before=("a",)), Place("a"), Place("b")], (), "b c a", id="before"),
    pytest.param(
        [Place("a", after=("c",)), Place("c", after=("b",)), Place("b")], (), "b c a", id="chain"
    ),
    pytest.param([Place("a", after=("gone",)), Place("b", before=("gone",))], (), "a b", id="gone"),
    pytest.param([Place("a", fallback=True), Place("z")], (), "z a", id="fallback-last"),
    pytest.param(
        [Place("a", fallback=True, before=("z",)), Place("z")], (), "z a", id="fallback-is-stronger"
    ),
    pytest.param(
        [Place("b", fallback=True), Place("a", fallback=True, after=("b",)), Place("c")],
        (),
        "c b a",
        id="order-of-fallbacks",
    ),
    pytest.param([Place("a"), Place("b"), Place("c")], ("c", "b"), "c b a", id="explicit"),
    pytest.param(
        [Place("a"), Place("b", before=("a",), fallback=True)],
        ("b",),
        "b a",
        id="explicit-fallback",
    ),
    pytest.param([Place("a", after=("b",)), Place("b")], ("a", "x"), "a b", id="explicit-wins"),
]


@pytest.mark.parametrize(("places", "explicit", "wanted"), PLACES)
def test_arranging(places, explicit, wanted):
    """Explicit lists, then before and after, then names, fallbacks last; whatever order came in."""
    assert tuple(wanted.split()) == arrange(places, explicit) == arrange(places[::-1], explicit)


@pytest.mark.parametrize(
    ("places", "cycle"),
    [
        ([Place("a", before=("b",)), Place("b", before=("a",))], {"a -> b -> a", "b -> a -> b"}),
        ([Place("a", after=("a",))], {"a -> a"}),
        (
            [Place("a", before=("b",)), Place("b", before=("c",)), Place("c", before=("a",))],
            {"a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c"},
        ),
    ],
)
def test_a_cycle_is_named(places, cycle):
    """The error of a cycle shows it as a path, in the order that the manifests ask for."""
    with pytest.raises(PluginOrderError) as caught:
        arrange([*places, Place("free", after=("a",))])
    assert {re.search(r"cycle: (.*?);", str(caught.value))[1]} <= cycle


def test_real_plugins_are_called_in_the_order_of_their_manifests(tmp_path):
    """before, after, fallback and names order the implementations of a hook."""
    packages = (
        plugin("ann", extra='after = ["cleo", "nobody"]\n'),
        plugin("ben", extra="fallback = true\n"),
        plugin("cleo"),
        plugin("dan", extra='before = ["cleo"]\n'),
    )
    with ion_with(tmp_path, *packages) as ion:
        ion.activate()
        assert ["dan", "cleo", "ann", "ben"] == order(ion, "ion_observe")


def test_a_list_in_the_settings_goes_before_manifests(tmp_path):
    """order.<hook> puts the plugins that it names first, in its order."""
    packages = (plugin("ann", extra='before = ["cleo"]\n'), plugin("ben"), plugin("cleo"))
    settings = Settings(order={"ion_observe": ("cleo", "ben")})
    with ion_with(tmp_path, *packages, settings=settings) as ion:
        ion.activate()
        assert ["cleo", "ben", "ann"] == order(ion, "ion_observe")


@pytest.mark.parametrize(
    ("explicit", "wanted"),
    [
        ((), "ben cleo ann"),
        (("ann", "cleo"), "ann cleo ben"),
        (("cleo", "ann"), "cleo ann ben"),
        (("cleo",), "cleo ben ann"),
    ],
)
def test_guards_come_last_unless_the_settings_say_otherwise(tmp_path, explicit, wanted):
    """A guard changes a stream after extensions, but a list in the settings goes before that."""
    hook = "ion_transform_stream"
    packages = (
        plugin("ann", hook, kind="guard"),
        *(plugin(name, hook, kind="extension") for name in ("ben", "cleo")),
    )
    settings = Settings(order={hook: explicit})
    with ion_with(tmp_path, *packages, settings=settings) as ion:
        ion.activate()
        assert wanted.split() == order(ion, hook)


def test_a_cycle_stops_the_start_and_is_named(tmp_path):
    """Two manifests that contradict each other stop the start; the error names the cycle."""
    packages = (
        plugin("ann", extra='before = ["ben"]\n'),
        plugin("ben", extra='before = ["ann"]\n'),
    )
    with ion_with(tmp_path, *packages) as ion, pytest.raises(PluginOrderError) as caught:
        ion.activate()
    assert re.search("ann -> ben -> ann|ben -> ann -> ben", str(caught.value))
    assert "disable one" in str(caught.value)


AMBIGUOUS = [
    ("ion_analyze", "analyzer"),
    ("ion_route", "router"),
    ("ion_generate", "generator"),
    ("ion_build_prompt", "extension"),
    ("ion_provide_cache", "cache"),
]


@pytest.mark.parametrize(("hook", "kind"), AMBIGUOUS)
def test_two_equals_stop_the_start_until_what_the_error_says_is_written(tmp_path, hook, kind):
    """Two deciders without an order stop the start; pasting the error's lines resolves it."""
    packages = (
        plugin("ann", hook, kind=kind),
        plugin("ben", hook, kind=kind),
        plugin("last", hook, "fallback = true\n", kind=kind),
    )
    with ion_with(tmp_path / "one", *packages) as ion, pytest.raises(PluginOrderError) as caught:
        ion.activate()
    text = str(caught.value)
    assert f"ann and ben both decide {hook}" in text
    config = tmp_path / "ion.toml"
    assert "write in ion.toml" in text
    assert "and pass --config ion.toml or set ION_CONFIG=ion.toml" in text
    assert text.endswith("or leave one of them out with --disable NAME")
    config.write_text(re.search(r"^\[order\]\n.*$", text, re.MULTILINE)[0], "utf-8")
    settings = load_settings({}, CommandLine(config=config))
    with ion_with(tmp_path / "two", *packages, settings=settings) as ion:
        ion.activate()
        assert ["ann", "ben", "last"] == order(ion, hook)
        assert {Status.ACTIVE} == {record.status for record in ion.plugins}


def test_the_settings_file_in_use_is_named(tmp_path):
    """Where there is a settings file, the error and the plan say to write in that one."""
    config = tmp_path / "mine.toml"
    config.write_text("", "utf-8")
    settings = load_settings({}, CommandLine(config=config))
    packages = (plugin(name, "ion_generate", kind="generator") for name in ("ann", "ben"))
    with ion_with(tmp_path / "site", *packages, settings=settings) as ion:
        (planned,) = make_plan(ion.host, settings).stops
        with pytest.raises(PluginOrderError) as caught:
            ion.activate()

    assert f"write in {config}, in the order" in planned
    assert "--config" not in planned
    assert planned == str(caught.value)


@pytest.mark.parametrize("hook", ["ion_observe", "ion_finish", "ion_provide_store"])
def test_equals_are_no_ambiguity_where_all_are_asked(tmp_path, hook):
    """Hooks of which every implementation is asked need no order."""
    kind = "store" if hook == "ion_provide_store" else "monitor"
    with ion_with(tmp_path, plugin("b", hook, kind=kind), plugin("a", hook, kind=kind)) as ion:
        ion.activate()
        assert ["a", "b"] == order(ion, hook)


def test_one_candidate_beside_fallbacks_is_no_ambiguity(tmp_path):
    """A decider and any number of fallbacks need no order."""
    packages = (
        plugin("zoe", "ion_route", kind="router"),
        *(plugin(n, "ion_route", "fallback = true\n", "router") for n in ("ben", "ann")),
    )
    with ion_with(tmp_path, *packages) as ion:
        ion.activate()
        assert ["zoe", "ann", "ben"] == order(ion, "ion_route")


def test_order_for_a_hook_that_does_not_exist_stops_the_start(tmp_path):
    """A misspelt hook under [order] is an unknown key: the start stops and says the right one."""
    config = tmp_path / "ion.toml"
    config.write_text('[order]\nion_rout = ["ann"]\n', "utf-8")
    settings = load_settings({}, CommandLine(config=config))
    site = ion_with(tmp_path / "site", plugin("ann"), settings=settings)
    with site as ion, pytest.raises(SettingsError) as caught:
        ion.activate()
    assert f"{config}: order.ion_rout: there is no such hook; did you mean ion_route?" == str(
        caught.value
    )


def test_personas_stand_by_rank_then_by_name(tmp_path):
    """The lower rank goes first, a persona without one comes after, names decide among equals."""
    ranks = {"zoe": "rank = 1", "ann": "rank = 20", "cleo": "", "ben": ""}
    packages = [
        PluginPackage(
            name=name,
            manifest=PERSONA_MANIFEST.format(name=name).replace("[persona]", f"[persona]\n{rank}"),
        )
        for name, rank in ranks.items()
    ]
    with ion_with(tmp_path, *packages) as ion:
        ion.activate()
        assert ["zoe", "ann", "ben", "cleo"] == [persona.name for persona in ion.personas]
