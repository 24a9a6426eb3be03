"""Contracts: what every plugin of a kind has to hold, as test classes to subclass."""

from ion_framework.testing.contracts.analyzer import AnalyzerContract
from ion_framework.testing.contracts.cache import CacheContract
from ion_framework.testing.contracts.generator import GeneratorContract
from ion_framework.testing.contracts.monitor import MonitorContract
from ion_framework.testing.contracts.persona import PersonaContract
from ion_framework.testing.contracts.plugin import PluginContract
from ion_framework.testing.contracts.router import RouterContract
from ion_framework.testing.contracts.store import StoreContract

__all__ = [
    "AnalyzerContract",
    "CacheContract",
    "GeneratorContract",
    "MonitorContract",
    "PersonaContract",
    "PluginContract",
    "RouterContract",
    "StoreContract",
]
