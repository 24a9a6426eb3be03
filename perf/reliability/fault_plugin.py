"""A plugin that misbehaves as a message says: ``fault:<fault>@<hook>``.

This text is installed as a package of its own beside a host; nothing here is run by the checks.
"""

from __future__ import annotations

KINDS = {
    "ion_guard": "guard",
    "ion_guard_request": "guard",
    "ion_gather_context": "extension",
    "ion_analyze": "analyzer",
    "ion_route": "router",
    "ion_build_prompt": "persona",
    "ion_render_prompt": "extension",
    "ion_generate": "generator",
    "ion_transform_stream": "extension",
    "ion_finish": "extension",
    "ion_observe": "monitor",
}
"""Every hook, with the kind of a plugin that implements it."""

HOOKS = tuple(KINDS)

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
EXEMPT = {
    "thread": "a thread of its own raised, which Python prints; no call failed",
    "task": "a task that it left behind sleeps; nothing failed",
    "mutate": "its arguments are frozen, and it caught the errors of that itself; nothing failed",
}
"""Faults after which there is no failure to name, and why."""

EXEMPT_IN = {
    ("wrong-type", "ion_observe"): "nobody takes an answer of an observer",
    ("ten-megabytes", "ion_observe"): "nobody takes an answer of an observer",
}
"""The same of faults in one hook."""

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
