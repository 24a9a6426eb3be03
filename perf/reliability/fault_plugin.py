"""A plugin that misbehaves as a message says: ``fault:<fault>@<hook>``.

This text is installed as a package of its own beside a host; nothing here is run by the checks.
"""

from __future__ import annotations

HOOKS = (
    "ion_guard",
    "ion_guard_request",
    "ion_gather_context",
    "ion_analyze",
    "ion_route",
    "ion_build_prompt",
    "ion_render_prompt",
    "ion_generate",
    "ion_transform_stream",
    "ion_finish",
    "ion_observe",
)
GUARDS = ("ion_guard", "ion_guard_request")
OF_PERSONAS = ("ion_build_prompt",)

FAULTS = (
    "exception",
    "system-exit",
    "cancelled",
    "base-exception",
    "wrong-type",
    "ten-megabytes",
    "hang",
    "swallow-cancel",
    "block",
    "thread",
    "task",
    "mutate",
)
UNNAMED = ("ten-megabytes", "thread", "task", "mutate")
"""Faults after which a hook has an answer, so that there is nothing to name."""

UNHEARD = ("ion_observe",)
"""Hooks of which nobody takes an answer, so that none can be of the wrong type."""

BLOCK_S = 2.0

ARGUMENTS = {
    "ion_guard": "turn",
    "ion_guard_request": "request",
    "ion_gather_context": "turn",
    "ion_analyze": "turn",
    "ion_route": "turn, personas",
    "ion_build_prompt": "turn, persona",
    "ion_render_prompt": "turn, prompt",
    "ion_generate": "turn, prompt",
    "ion_transform_stream": "turn, chunks",
    "ion_finish": "turn, reply",
    "ion_observe": "event",
}

_TOP = f'''
import asyncio, threading, time
from ion_framework import hookimpl

LEFT = []

class Odd(BaseException):
    pass

def wanted(value):
    """The fault that a message asks for in a hook, as (fault, hook)."""
    request = getattr(value, "request", value)
    text = getattr(request, "text", "")
    if not isinstance(text, str) or "fault:" not in text:
        text = (getattr(request, "headers", None) or {{}}).get("x-fault", "")
    fault, _, hook = text.partition("fault:")[2].partition(" ")[0].partition("@")
    return fault, hook

def crash():
    raise RuntimeError("a thread of a plugin's own")

async def misbehave(fault, value):
    if fault == "exception":
        raise RuntimeError("as asked")
    if fault == "system-exit":
        raise SystemExit(3)
    if fault == "cancelled":
        raise asyncio.CancelledError
    if fault == "base-exception":
        raise Odd("as asked")
    if fault == "wrong-type":
        return 42
    if fault == "ten-megabytes":
        return "x" * 10_000_000
    if fault == "hang":
        await asyncio.sleep(3600)
    if fault == "swallow-cancel":
        ends = time.monotonic() + 30
        while time.monotonic() < ends:
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                continue
    if fault == "block":
        time.sleep({BLOCK_S:g})
    if fault == "thread":
        threading.Thread(target=crash, daemon=True).start()
    if fault == "task":
        LEFT.append(asyncio.ensure_future(asyncio.sleep(3600)))
    if fault == "mutate":
        try:
            value.text = "changed"
        except Exception:
            pass
        for member in ("notes", "history", "headers", "scores"):
            inner = getattr(value, member, None)
            for act in ("clear", "append"):
                try:
                    getattr(inner, act)()
                except Exception:
                    pass
    return None

class Faulty:
'''

_HOOK = """
    @hookimpl
    async def {hook}(self, {arguments}):
        value = {first}
        fault, hook = wanted({source})
        if hook == "{hook}":
            return await misbehave(fault, value)
        return None
"""


def code_of(hooks: tuple[str, ...]) -> str:
    """The module of a plugin that implements these hooks."""
    parts = [_TOP]
    for hook in hooks:
        arguments = ARGUMENTS[hook]
        first = arguments.partition(",")[0]
        parts.append(_HOOK.format(hook=hook, arguments=arguments, first=first, source=first))
    return "".join(parts) + "\ndef plugin(context):\n    return Faulty()\n"
