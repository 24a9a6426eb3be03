"""Checking what a factory returned against the hook specs, before pluggy sees it."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from ion_framework.manifest.model import Kind, Manifest
from ion_framework.pipeline import hookspecs
from ion_framework.pipeline.markers import HookRules, rules_of

_MARK = "ion_impl"
_PREFIX = "ion_"
_OPTIONS = ("wrapper", "hookwrapper", "tryfirst", "trylast", "optionalhook", "specname")

SPECS: Mapping[str, Callable[..., Any]] = {
    name: value
    for name, value in vars(hookspecs).items()
    if name.startswith(_PREFIX) and inspect.isfunction(value)
}
"""Every hook spec by name, in the order of the module."""

RULES: Mapping[str, HookRules] = {name: rules_of(spec) for name, spec in SPECS.items()}
"""The rules of every hook."""

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    name: tuple(inspect.signature(spec).parameters) for name, spec in SPECS.items()
}
"""The arguments of every hook."""


def contract_problems(target: object, manifest: Manifest) -> tuple[str, ...]:
    """Everything in which a plugin's object breaks the contract, one sentence each.

    Args:
        target: what the factory returned.
        manifest: the plugin's manifest.
    """
    if target is None:
        return ("its factory returned None; return the object that has the hook implementations",)
    if inspect.isclass(target):
        return (f"its factory returned the class {target.__name__}; return an instance of it",)
    problems: list[str] = []
    has_hooks = False
    for name, function in _methods(target):
        options: Mapping[str, Any] | None = getattr(function, _MARK, None)
        if options is not None:
            has_hooks = True
            problems += _implementation_problems(target, name, function, options, manifest)
        elif name.startswith(_PREFIX):
            problems.append(f"{name} is not marked with @hookimpl, so nothing would call it")
    if not has_hooks and not problems:
        kind = type(target).__name__
        problems.append(f"its factory returned a {kind} without a hook; mark methods @hookimpl")
    return tuple(problems)


def implemented(target: object) -> tuple[str, ...]:
    """Names of the hooks that an object implements."""
    return tuple(name for name, function in _methods(target) if hasattr(function, _MARK))


def nearest_hook(name: str) -> str:
    """What to say of a name that is no hook: the nearest that is one, or all of them."""
    near = difflib.get_close_matches(name, SPECS, n=1)
    return f"did you mean {near[0]}?" if near else f"hooks are: {', '.join(SPECS)}"


def _methods(target: object) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in dir(target):
        # Looked up statically: a property of the plugin must not run while it is inspected.
        found = inspect.getattr_static(target, name, None)
        function = getattr(found, "__func__", found)
        if inspect.isroutine(function):
            yield name, function


def _implementation_problems(
    target: object,
    name: str,
    function: Callable[..., Any],
    options: Mapping[str, Any],
    manifest: Manifest,
) -> list[str]:
    used = [option for option in _OPTIONS if options.get(option)]
    if used:
        return [
            f"{name} uses pluggy's {', '.join(used)}; state the order with before/after in the "
            "manifest, and wrap a stream in ion_transform_stream"
        ]
    if name not in SPECS:
        return [f"{name} is no hook; {nearest_hook(name)}"]
    problems = _self_problems(target, name, function)
    problems = problems or _signature_problems(name, getattr(target, name))
    problems += _colour_problems(name, function)
    problems += _kind_problems(name, manifest)
    return problems


def _self_problems(target: object, name: str, function: Callable[..., Any]) -> list[str]:
    """A method whose first parameter is the plugin itself, where it should be an argument."""
    if not inspect.ismethod(getattr(target, name)) or inspect.ismethod(function):
        return []
    first = next(iter(inspect.signature(function).parameters), "")
    if first and first not in PARAMETERS[name]:
        return []
    return [f"{name} lacks self, the plugin's object; write def {name}(self, …)"]


def _signature_problems(name: str, function: Callable[..., Any]) -> list[str]:
    allowed = PARAMETERS[name]
    problems = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
            problems.append(
                f"{name} takes {stars}{parameter.name}; name the arguments that it uses"
            )
        elif parameter.kind is parameter.KEYWORD_ONLY:
            problems.append(
                f"{name} takes {parameter.name} as keyword-only; hook arguments are passed by "
                "position, so remove the *"
            )
        elif parameter.name not in allowed:
            given = ", ".join(allowed) or "none"
            problems.append(
                f"{name} takes {parameter.name!r}, which the hook does not pass; it passes: {given}"
            )
    return problems


def _colour_problems(name: str, function: Callable[..., Any]) -> list[str]:
    rules = RULES[name]
    streams = AsyncIterator in rules.returns
    if inspect.isasyncgenfunction(function) and not streams:
        return [f"{name} is an async generator; return one value instead of yielding"]
    if inspect.isgeneratorfunction(function):
        kind = "yield from an async def" if streams else "return one value"
        return [f"{name} is a generator; {kind}"]
    if inspect.iscoroutinefunction(function) and rules.collected:
        return [f"{name} is async; it is called at activation, where nothing is awaited: use def"]
    return []


def _kind_problems(name: str, manifest: Manifest) -> list[str]:
    rules = RULES[name]
    if Kind.PERSONA in manifest.provides:
        if rules.persona:
            return []
        own = ", ".join(hook for hook, rule in RULES.items() if rule.persona)
        return [f"{name} is no hook of a persona, which may implement: {own}"]
    if rules.kinds and not set(rules.kinds) & set(manifest.provides):
        wanted = " or ".join(repr(kind.value) for kind in rules.kinds)
        return [f"{name} needs {wanted} in the manifest's provides"]
    return []
