"""One implementation of a hook, with all that the dispatcher needs to call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import attrs

from ion_framework.pipeline.containment import Containment
from ion_framework.pipeline.supervision import Unclaimed
from ion_framework.pipeline.threads import Threads


class CallMode(StrEnum):
    """How an implementation is called.

    ``direct``      on the loop; a coroutine is awaited within the turn's own task
    ``supervised``  a coroutine runs in a child task that contains whatever it does
    ``thread``      a sync function that may block runs in a bounded pool of threads
    """

    DIRECT = "direct"
    SUPERVISED = "supervised"
    THREAD = "thread"


@attrs.frozen
class Implementation:
    """One implementation of a hook.

    Attributes:
        hook: the hook.
        plugin: the plugin.
        distribution: its distribution.
        version: version of the distribution.
        function: the bound method.
        arguments: the hook's arguments that it takes, in its own order.
        returns: what it may return besides None.
        mode: how it is called.
        fallback: whether the plugin is a fallback.
        persona: name of the persona in whose turns alone it runs, empty for a general one.
        guard: whether the plugin is a guard, whose failures end the turn.
        pure: whether it is marked as `ion_framework.pipeline.markers.pure`.
        secrets: texts that nothing told of it may hold, longest first.
        threads: those in which the plugin's blocking functions run.
        containment: its bounds, shared by all that its plugin implements.
        unclaimed: what is done with what a supervised coroutine returned to a caller who has left.
    """

    hook: str
    plugin: str
    distribution: str
    version: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]
    returns: tuple[type, ...] = ()
    mode: CallMode = CallMode.DIRECT
    fallback: bool = False
    persona: str = ""
    guard: bool = False
    pure: bool = False
    secrets: tuple[str, ...] = attrs.field(default=(), repr=False)
    threads: Threads = attrs.field(factory=Threads, repr=False, eq=False)
    containment: Containment = attrs.field(factory=Containment, repr=False, eq=False)
    unclaimed: Unclaimed | None = attrs.field(default=None, repr=False, eq=False)

    def positional(self, values: Mapping[str, object]) -> tuple[object, ...]:
        """The arguments for a call, in this implementation's order."""
        return tuple([values[name] for name in self.arguments])  # a list is faster, at every call

    def applies_to(self, persona: str) -> bool:
        """Whether it runs in the turns of this persona."""
        return not self.persona or self.persona == persona
