"""Calling a plugin's provide hooks, once, at activation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ion_framework.domain.persona import Persona
from ion_framework.errors import PluginError
from ion_framework.pipeline.markers import Family
from ion_framework.plugin_host.inspection import RULES, implemented

PERSONAS = "ion_provide_personas"


def ask(target: object, announce: Callable[[str], None]) -> tuple[Mapping[str, object], str]:
    """Call every provide hook that an object implements, `ion_startup` excepted.

    Args:
        target: the plugin's object.
        announce: told the name of every hook before it is called.

    Returns:
        what they returned, by hook, None left out; and what is wrong with it, empty where nothing
        is. Whatever a hook raises is passed on.
    """
    values: dict[str, object] = {}
    for hook in implemented(target):
        rules = RULES[hook]
        if rules.family is not Family.PROVIDE or not rules.returns:
            continue
        announce(hook)
        value = getattr(target, hook)()
        if value is None:
            continue
        problem = _wrong_type(hook, value)
        if problem:
            return {}, problem
        values[hook] = value
    return values, ""


def _wrong_type(hook: str, value: object) -> str:
    wanted = RULES[hook].returns
    if not isinstance(value, wanted):
        names = " or ".join(kind.__name__ for kind in wanted)
        return f"{hook} returned {type(value).__name__} instead of {names}"
    if hook == PERSONAS and isinstance(value, list | tuple):
        for item in value:
            if not isinstance(item, Persona):
                return f"{hook} returned a {type(item).__name__} among its personas"
    return ""


class Taken:
    """Names of personas that are taken, with the plugin that has each."""

    def __init__(self) -> None:
        self._by: dict[str, str] = {}

    def claim(self, personas: Sequence[Persona], plugin: str) -> None:
        """Take all names, or none.

        Raises:
            PluginError: one is not free; says who has it.
        """
        names = [persona.name for persona in personas]
        for index, name in enumerate(names):
            holder = plugin if name in names[:index] else self._by.get(name)
            if holder:
                raise PluginError(
                    f"brings the persona {name!r}, which {holder} has brought already; "
                    "give it another name"
                )
        self._by.update(dict.fromkeys(names, plugin))
