"""The kit with which plugins are tested: ours and everybody's.

Install it with ``pip install "ion-framework[testing]"`` and load its pytest plugin with
``-p ion_framework.testing``. A plugin proves its contract by a subclass::

    from ion_framework.testing import PersonaContract

    class TestSage(PersonaContract):
        plugin = "sage"

One of its tests is `ion_framework.conformance`, graded gold. No test of a contract can be redefined
or switched off, unless the class says so and why: ``waived = {"test_it_is_graded_gold": "…"}``.

`FakeGemini` and `FakeOpenAI` are servers on real sockets. They and what belongs to them are loaded
when they are first used, because this package is loaded by every test run and aiohttp takes long.
"""

from importlib import import_module
from typing import TYPE_CHECKING

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
    MonitorContract,
    PersonaContract,
    PluginContract,
    RouterContract,
    StoreContract,
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
from ion_framework.testing.fixtures import redis_server, virtual_clock
from ion_framework.testing.network.postgres_install import find_postgres
from ion_framework.testing.network.postgres_server import PostgresServer
from ion_framework.testing.network.redis_server import RedisServer, find_redis_server
from ion_framework.testing.network.resp import RedisReplyError
from ion_framework.testing.network.tcp_proxy import TcpProxy
from ion_framework.testing.network.toxics import (
    Bandwidth,
    Direction,
    Down,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
    Toxic,
)
from ion_framework.testing.packages import PluginPackage, installed_on_path
from ion_framework.testing.projects import PluginProject
from ion_framework.testing.proving import (
    CannotRun,
    cannot_run,
    pytest_make_collect_report,
    pytest_runtest_makereport,
    pytest_terminal_summary,
)
from ion_framework.testing.slow import (
    pytest_collection_modifyitems,
    pytest_pycollect_makeitem,
    pytest_report_collectionfinish,
)
from ion_framework.testing.virtual_time import VirtualClock, VirtualTimeLoop, run_virtual

if TYPE_CHECKING:
    from ion_framework.testing.events import make_answer_refreshed as make_answer_refreshed
    from ion_framework.testing.events import make_events as make_events
    from ion_framework.testing.events import make_loop_held as make_loop_held
    from ion_framework.testing.events import make_notice as make_notice
    from ion_framework.testing.events import make_reply as make_reply
    from ion_framework.testing.events import make_request_completed as make_request_completed
    from ion_framework.testing.events import make_status_changed as make_status_changed
    from ion_framework.testing.events import make_turn_completed as make_turn_completed
    from ion_framework.testing.events import make_turn_failed as make_turn_failed
    from ion_framework.testing.memory_store import MemoryStore as MemoryStore
    from ion_framework.testing.model_servers.fake_gemini import FakeGemini as FakeGemini
    from ion_framework.testing.model_servers.fake_openai import FakeOpenAI as FakeOpenAI
    from ion_framework.testing.model_servers.faults import FAULTS as FAULTS
    from ion_framework.testing.model_servers.faults import fault as fault
    from ion_framework.testing.model_servers.faults import mixture as mixture
    from ion_framework.testing.model_servers.records import RecordedRequest as RecordedRequest
    from ion_framework.testing.network.collector import Delivery as Delivery
    from ion_framework.testing.network.collector import FakeCollector as FakeCollector

_LATE = {
    "Delivery": "network.collector",
    "FAULTS": "model_servers.faults",
    "FakeCollector": "network.collector",
    "FakeGemini": "model_servers.fake_gemini",
    "FakeOpenAI": "model_servers.fake_openai",
    "MemoryStore": "memory_store",
    "RecordedRequest": "model_servers.records",
    "fault": "model_servers.faults",
    "make_answer_refreshed": "events",
    "make_events": "events",
    "make_loop_held": "events",
    "make_notice": "events",
    "make_reply": "events",
    "make_request_completed": "events",
    "make_status_changed": "events",
    "make_turn_completed": "events",
    "make_turn_failed": "events",
    "mixture": "model_servers.faults",
}

__all__ = [  # noqa: RUF022  the order of sorted(), which a test checks
    "AnalyzerContract",
    "Bandwidth",
    "CacheContract",
    "CacheProvider",
    "CannotRun",
    "Delivery",
    "DictCache",
    "Direction",
    "Down",
    "FAULTS",
    "FailingGenerator",
    "FakeCollector",
    "FakeGemini",
    "FakeGenerator",
    "FakeOpenAI",
    "FixedAnalyzer",
    "GeneratorContract",
    "Latency",
    "LimitData",
    "MappingSecrets",
    "MemoryStore",
    "MonitorContract",
    "NamedRoute",
    "NullStore",
    "PersonaContract",
    "PluginContract",
    "PluginPackage",
    "PluginProject",
    "PostgresServer",
    "RecordedRequest",
    "RecordingMonitor",
    "RedisReplyError",
    "RedisServer",
    "ResetPeer",
    "RouterContract",
    "ScriptedGenerator",
    "Slicer",
    "SlowClose",
    "StoreContract",
    "TcpProxy",
    "Timeout",
    "Toxic",
    "VirtualClock",
    "VirtualTimeLoop",
    "cannot_run",
    "fault",
    "find_postgres",
    "find_redis_server",
    "installed_on_path",
    "lone_source",
    "make_answer_refreshed",
    "make_events",
    "make_ion",
    "make_loop_held",
    "make_manifest",
    "make_notice",
    "make_persona",
    "make_plugin",
    "make_reply",
    "make_request_completed",
    "make_resonance",
    "make_status_changed",
    "make_turn",
    "make_turn_completed",
    "make_turn_failed",
    "mixture",
    "pytest_collection_modifyitems",
    "pytest_make_collect_report",
    "pytest_pycollect_makeitem",
    "pytest_report_collectionfinish",
    "pytest_runtest_makereport",
    "pytest_terminal_summary",
    "redis_server",
    "run_virtual",
    "running_ion",
    "virtual_clock",
]


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
