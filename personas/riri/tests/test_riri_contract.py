"""Riri keeps the contract of every persona."""

from __future__ import annotations

from ion_framework.testing import PersonaContract


class TestRiri(PersonaContract):
    """The installed plugin ``riri``, loaded through the plugin host."""

    plugin = "riri"
