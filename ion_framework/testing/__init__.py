"""The kit with which plugins are tested: ours and everybody's.

Install it with ``pip install "ion-framework[testing]"`` and load its pytest plugin with
``-p ion_framework.testing``. A plugin proves its contract by a subclass::

    from ion_framework.testing import PersonaContract

    class TestSage(PersonaContract):
        plugin = "sage"
"""

from ion_framework.testing.builders import (
    lone_source,
    make_ion,
    make_manifest,
    make_persona,
    make_plugin,
    make_resonance,
    make_turn,
    running_ion,
)
from ion_framework.testing.contracts import (
    AnalyzerContract,
    CacheContract,
    GeneratorContract,
    PersonaContract,
    PluginContract,
    RouterContract,
)
from ion_framework.testing.fakes import (
    CacheProvider,
    DictCache,
    FailingGenerator,
    FakeGenerator,
    FixedAnalyzer,
    MappingSecrets,
    NamedRoute,
    NullStore,
    RecordingMonitor,
    ScriptedGenerator,
)
from ion_framework.testing.fixtures import virtual_clock
from ion_framework.testing.packages import PluginPackage, installed_on_path
from ion_framework.testing.virtual_time import VirtualClock, VirtualTimeLoop, run_virtual

__all__ = [
    "AnalyzerContract",
    "CacheContract",
    "CacheProvider",
    "DictCache",
    "FailingGenerator",
    "FakeGenerator",
    "FixedAnalyzer",
    "GeneratorContract",
    "MappingSecrets",
    "NamedRoute",
    "NullStore",
    "PersonaContract",
    "PluginContract",
    "PluginPackage",
    "RecordingMonitor",
    "RouterContract",
    "ScriptedGenerator",
    "VirtualClock",
    "VirtualTimeLoop",
    "installed_on_path",
    "lone_source",
    "make_ion",
    "make_manifest",
    "make_persona",
    "make_plugin",
    "make_resonance",
    "make_turn",
    "run_virtual",
    "running_ion",
    "virtual_clock",
]
