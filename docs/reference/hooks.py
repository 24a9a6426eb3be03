"""The page of hooks: every specification, in the order in which a turn meets them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from ion_framework.pipeline import hookspecs
from ion_framework.pipeline.markers import Family
from ion_framework.plugin_host.inspection import RULES, SPECS

from .prose import markdown

ORDER = (
    "ion_provide_secrets", "ion_provide_personas", "ion_provide_cache", "ion_provide_store",
    "ion_provide_routes", "ion_startup", "ion_guard_request", "ion_guard", "ion_gather_context",
    "ion_analyze", "ion_route", "ion_build_prompt", "ion_render_prompt", "ion_generate",
    "ion_transform_stream", "ion_finish", "ion_observe", "ion_notify", "ion_shutdown",
)  # fmt: skip
"""As a process meets them; hooks that are not named here come last."""


def page() -> str:
    """The page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# Hooks\n"
    yield markdown(hookspecs)
    yield "\n## Families\n"
    yield markdown(Family)
    for name in sorted(SPECS, key=lambda name: (_place(name), name)):
        yield from _hook(name)


def _place(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)


def _hook(name: str) -> Iterator[str]:
    function, rules = SPECS[name], RULES[name]
    kinds = ", ".join(f"`{kind.value}`" for kind in rules.kinds) or "any"
    if rules.persona:
        kinds += ", and a `persona` in its own turns"
    returns = " or ".join(f"`{kind.__name__}`" for kind in rules.returns) or "nothing"
    yield f"\n## {name}\n"
    yield f"```python\n{_signature(name)}\n```\n"
    yield "| family | returns | who may implement it |\n|---|---|---|"
    yield f"| `{rules.family.value}` | {returns} | {kinds} |\n"
    yield markdown(function)


def _signature(name: str) -> str:
    function = SPECS[name]
    colour = "async def" if inspect.iscoroutinefunction(function) else "def"
    return f"{colour} {name}{inspect.signature(function)}".replace("'", "")
