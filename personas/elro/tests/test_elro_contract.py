"""Elro keeps the contract of every persona."""

from __future__ import annotations

from ion_framework.testing import PersonaContract


class TestElro(PersonaContract):
    """The installed plugin ``elro``, loaded through the plugin host."""

    plugin = "elro"
