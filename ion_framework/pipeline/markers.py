"""The two markers of pluggy under ION's name, and the family that every hook states."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import attrs
import pluggy

from ion_framework.manifest.model import Kind

PROJECT = "ion"

_Function = TypeVar("_Function", bound=Callable[..., Any])

_pluggy_spec = pluggy.HookspecMarker(PROJECT)
_pluggy_impl = pluggy.HookimplMarker(PROJECT)


class Family(StrEnum):
    """How the results of a hook's implementations combine, and what a failure means.

    ``provide``
        Collected at activation. A failure makes that plugin FAILED; others go on.
    ``guard``
        All must agree. A failure refuses the turn; guards are never quarantined.
    ``decide``
        The first answer that is not None, after awaiting. A failure falls through to the next,
        which gets its share of the remaining time; it is recorded in the receipt.
    ``transform``
        Each in turn. A failure skips this step; it is recorded.
    ``observe``
        All, after the fact, never awaited by the turn. A failure is dropped and counted.

    A plugin that keeps failing is left out for a while (`ion_framework.pipeline.quarantine`), and
    one that has too many calls running is not called: both count as a failure in this sense, and
    the receipt says ``skipped``. Guards are never left out.
    """

    PROVIDE = "provide"
    GUARD = "guard"
    DECIDE = "decide"
    TRANSFORM = "transform"
    OBSERVE = "observe"


@attrs.frozen
class HookRules:
    """What the dispatcher must know of a hook beyond its signature.

    Attributes:
        family: its failure policy.
        returns: what an implementation may return besides None.
        kinds: the kinds that a plugin must provide (one of them) to implement it; empty means any.
        persona: whether a persona may implement it (in its own turns only).
    """

    family: Family
    returns: tuple[type, ...] = ()
    kinds: tuple[Kind, ...] = ()
    persona: bool = False

    @property
    def collected(self) -> bool:
        """Whether its values are collected at activation, where nothing can be awaited."""
        return self.family is Family.PROVIDE and bool(self.returns)


_RULES = "ion_rules"


def hookspec(rules: HookRules) -> Callable[[_Function], _Function]:
    """Mark a function as a hook specification with its rules."""

    def mark(function: _Function) -> _Function:
        setattr(function, _RULES, rules)
        return _pluggy_spec(function)

    return mark


def rules_of(function: Callable[..., Any]) -> HookRules:
    """The rules with which a hook specification was marked."""
    rules: HookRules = getattr(function, _RULES)
    return rules


_PURE = "ion_pure"


def pure(function: _Function) -> _Function:
    """Mark an implementation whose answer comes again whenever the same is asked again.

    It depends on nothing but its arguments, of the request on neither `request_id`, `trace` nor
    `deadline_s`; it does nothing besides answering (no count, no log line, no random choice, no
    look at a clock), and nobody changes what it gave. Where all that stands before the cache is
    pure, a message that comes again goes straight to the cache::

        @pure
        @hookimpl
        def ion_guard(self, turn): ...

    Only ``ion_guard``, ``ion_gather_context``, ``ion_route``, ``ion_build_prompt`` and
    ``ion_render_prompt`` gain by it.
    """
    setattr(function, _PURE, True)
    return function


def is_pure(function: object) -> bool:
    """Whether an implementation is marked as `pure`."""
    return getattr(function, _PURE, False) is True


def hookimpl(function: _Function | None = None, **options: object) -> _Function:
    """Mark a method as an implementation of the hook of the same name.

    pluggy's options do not exist here: order is stated with ``before`` and ``after`` in the
    manifest, where operators can see it without running anything.

    Raises:
        TypeError: an option was given.
    """
    if options or function is None:
        given = ", ".join(sorted(options)) or "no function"
        raise TypeError(
            f"@hookimpl takes a method and no options, was given {given}; state the order with "
            "before/after in the manifest, and wrap a stream in ion_transform_stream"
        )
    return _pluggy_impl(function)
