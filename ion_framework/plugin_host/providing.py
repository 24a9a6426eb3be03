"""Calling a plugin's provide hooks, once, at activation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from ion_framework.domain.persona import Persona
from ion_framework.errors import ManifestError, PluginError
from ion_framework.manifest.persona import check_provided
from ion_framework.plugin_host.inspection import RULES, implemented

PERSONAS = "ion_provide_personas"


@attrs.frozen
class Provided:
    """What the provide hooks of one plugin returned.

    Attributes:
        values: what they returned, by hook, None left out.
        error: the value of a wrong type, empty where there is none.
        problems: what is wrong with the personas, one sentence each.
    """

    values: Mapping[str, object] = attrs.field(factory=dict)
    error: str = ""
    problems: tuple[str, ...] = ()


def ask(target: object, version: str, announce: Callable[[str], None]) -> Provided:
    """Call every provide hook that an object implements, `ion_startup` excepted.

    Whatever a hook raises is passed on.

    Args:
        target: the plugin's object.
        version: version of its distribution, for personas that state none.
        announce: told the name of every hook before it is called.
    """
    values: dict[str, object] = {}
    for hook in implemented(target):
        if not RULES[hook].collected:
            continue
        announce(hook)
        value = getattr(target, hook)()
        if value is None:
            continue
        wrong = _wrong_type(hook, value)
        if wrong:
            return Provided(error=wrong)
        if hook == PERSONAS:
            try:
                value = _checked(value, version)
            except ManifestError as error:
                return Provided(problems=error.problems)
        values[hook] = value
    return Provided(values)


def _checked(personas: object, version: str) -> tuple[Persona, ...]:
    """The personas as a manifest would have described them."""
    found: Sequence[Persona] = personas  # type: ignore[assignment]  # its type is checked already
    return tuple(check_provided(persona, version) for persona in found)


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

    def reserve(self, personas: Sequence[Persona], plugin: str) -> None:
        """Keep names for a plugin until it claims them; those that are taken stay so."""
        for persona in personas:
            self._by.setdefault(persona.name, plugin)

    def claim(self, personas: Sequence[Persona], plugin: str) -> None:
        """Take all names, or none.

        Raises:
            PluginError: one is not free; says who has it.
        """
        names = [persona.name for persona in personas]
        for index, name in enumerate(names):
            holder = self._by.get(name, plugin)
            if holder != plugin or name in names[:index]:
                raise PluginError(
                    f"brings the persona {name!r}, which {holder} brings; give it another name"
                )
        self._by.update(dict.fromkeys(names, plugin))

    def release(self, plugin: str) -> None:
        """Free the names that a plugin has."""
        self._by = {name: holder for name, holder in self._by.items() if holder != plugin}
