"""Lua keeps the contract of every persona."""

from __future__ import annotations

from ion_framework.testing import PersonaContract


class TestLua(PersonaContract):
    """The installed plugin ``lua``, loaded through the plugin host."""

    plugin = "lua"
