"""Nana keeps the contract of every persona."""

from __future__ import annotations

from ion_framework.testing import PersonaContract


class TestNana(PersonaContract):
    """The installed plugin ``nana``, loaded through the plugin host."""

    plugin = "nana"
