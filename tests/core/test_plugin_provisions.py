"""What plugins provide: in the order of the settings, and contained when it is asked."""

from __future__ import annotations

import attrs
import pytest
from structlog.testing import capture_logs

from ion_framework import Settings, hookimpl
from ion_framework.errors import PluginError
from ion_framework.manifest.model import Kind
from ion_framework.pipeline.provisions import Provisions
from ion_framework.plugin_host.discovery import Candidate, inline
from ion_framework.plugin_host.host import PluginHost
from ion_framework.plugin_host.inspection import RULES
from ion_framework.plugin_host.record import Status
from ion_framework.testing import (
    FakeGenerator,
    MappingSecrets,
    NamedRoute,
    NullStore,
    VirtualClock,
    make_ion,
    make_manifest,
    make_plugin,
)


class Providing:
    """A plugin that provides one of each, under its own name."""

    def __init__(self, name):
        self.name = name
        self.store = NullStore()

    @hookimpl
    def ion_provide_store(self):
        """A store."""
        return self.store

    @hookimpl
    def ion_provide_routes(self):
        """A route."""
        return [NamedRoute("GET", f"/{self.name}")]

    @hookimpl
    def ion_provide_secrets(self):
        """A secret."""
        return MappingSecrets({"jwt": self.name})


def providing(*names, order):
    """An `Ion` with these plugins, activated, and their objects by name."""
    targets = {name: Providing(name) for name in names}
    plugins = (make_plugin(name, item, "store", "extension") for name, item in targets.items())
    hooks = ("ion_provide_store", "ion_provide_routes", "ion_provide_secrets")
    ion = make_ion(*plugins, settings=Settings(order=dict.fromkeys(hooks, order)))
    ion.activate()
    return ion, targets


@pytest.mark.parametrize("order", [("ann", "ben", "cleo"), ("cleo", "ann", "ben")])
def test_stores_routes_and_secrets_follow_the_order_of_the_settings(order):
    """order.<hook> decides which store, route and source of secrets comes first."""
    ion, targets = providing("ben", "cleo", "ann", order=order)
    provisions = ion.provisions
    assert [targets[name].store for name in order] == list(provisions.stores)
    assert [f"/{name}" for name in order] == [route.path for route in provisions.routes]
    assert order[0] == provisions.secret("jwt")


def test_what_a_failed_plugin_provided_is_gone():
    """A plugin that is taken out provides nothing any more; one in quarantine still does."""
    ion, _ = providing("ann", "ben", order=())
    ion.host.fail("ann", "for a test")
    ion.host.quarantine("ben", "for a test")
    assert ["ben"] == [record.name for record, _ in ion.host.provided("ion_provide_secrets")]


class Locked:
    """A source of secrets that fails when it is asked."""

    def __init__(self, answer):
        self._answer = answer

    def get(self, _):
        """The answer, raised where it is an exception."""
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer


@pytest.mark.parametrize("answer", [OSError("s3cret vault"), SystemExit("s3cret"), b"s3cret", 3])
def test_a_source_of_secrets_that_fails_is_passed_over(answer):
    """The next source is asked, and the log names the source, the name and no value."""
    provisions = Provisions(secrets=(Locked(answer), MappingSecrets({"jwt": "found"})))
    with capture_logs() as logs:
        assert "found" == provisions.secret("jwt")
        assert None is provisions.secret("other")
    assert 2 == len(logs)
    assert ("jwt", f"{__name__}.Locked") == (logs[0]["secret"], logs[0]["source"])
    assert "s3cret" not in str(logs)


class Wordless(FakeGenerator):
    """A generator whose model is code that does not answer."""

    def __init__(self, failure):
        self._failure = failure

    @property
    def model(self):
        """Fails."""
        raise self._failure


@pytest.mark.parametrize("failure", [SystemExit(3), KeyboardInterrupt(), RuntimeError("no")])
def test_a_model_that_ends_the_process_ends_only_its_plugin(failure):
    """What the attribute model raises makes its generator FAILED and the others answer."""
    plugins = (
        make_plugin("odd", Wordless(failure), "generator"),
        make_plugin("spare", FakeGenerator(), "generator", fallback=True),
    )
    ion = make_ion(*plugins)
    ion.activate()
    record = ion.host.record("odd")
    assert Status.FAILED is record.status
    assert f"its attribute model raised {type(failure).__name__}" in record.reason
    assert "spare@fake-1" == ion.hooks.generator


def test_a_model_is_read_once():
    """The model of a generator is what it was at activation, whatever it says afterwards."""
    generator = FakeGenerator(model="early")
    ion = make_ion(make_plugin("gen", generator, "generator"))
    ion.activate()
    generator.model = "late"
    ion.activate()
    assert "gen@early" == ion.hooks.generator


def test_only_the_record_says_that_settings_are_wrong():
    """A reason that merely begins like a problem with settings does not stop the start."""
    candidate = Candidate("odd", "odd", "odd", "1", problem="its settings folder is not a package")
    host = PluginHost(Settings(), lambda: (candidate,), {}, VirtualClock())
    assert Status.INVALID is host.record("odd").status
    assert () == host.settings_problems()


def test_a_record_keeps_the_problems_with_its_settings():
    """Wrong settings are listed in the record, and by the host with the plugin's name."""
    plugin = inline(make_manifest("echo", "extension"))
    plugin = attrs.evolve(plugin, factory=lambda _: None)
    settings = Settings(plugin={"echo": {"size": 1}})
    host = PluginHost(settings, lambda: (plugin,), {}, VirtualClock())
    problem = "plugin.echo.size: unknown key; this plugin has no settings"
    assert (problem,) == host.record("echo").settings_problems
    assert (f"echo: its settings are wrong: {problem}",) == host.settings_problems()


def test_hooks_name_kinds_that_exist():
    """What a hook demands of a manifest's provides is a kind that a manifest can state."""
    kinds = {kind for rules in RULES.values() for kind in rules.kinds}
    assert {Kind} == set(map(type, kinds))


def test_nothing_is_provided_before_activation():
    """Asking what plugins provide before activation is an error that says what to call."""
    with pytest.raises(PluginError, match=r"call activate\(\) first"):
        make_ion().host.provided("ion_provide_store")
