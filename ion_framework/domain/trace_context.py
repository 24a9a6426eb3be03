"""The place of a request in somebody's distributed trace (W3C Trace Context, level 1)."""

from __future__ import annotations

import re

import attrs

_PARENT = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-"
    r"(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_KNOWN_VERSION, _NO_VERSION = "00", "ff"
_KEY = r"[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}"
_MEMBER = re.compile(rf"(?P<key>{_KEY})=[ -+\--<>-~]{{0,255}}[!-+\--<>-~]")
_MOST_MEMBERS = 32
_SAMPLED = 1


@attrs.frozen
class TraceContext:
    """Where a request stands in a trace, for whoever continues it.

    Attributes:
        trace_id: the trace, 32 hexadecimal digits, not all zero.
        parent_id: the caller's span, 16 hexadecimal digits, not all zero.
        flags: the caller's flags, 0 to 255.
        state: ``tracestate`` as it goes on: what tracing systems pass to themselves; empty without.
    """

    trace_id: str
    parent_id: str
    flags: int = 0
    state: str = ""

    @property
    def sampled(self) -> bool:
        """Whether the caller may have recorded its part."""
        return bool(self.flags & _SAMPLED)

    @property
    def traceparent(self) -> str:
        """The header ``traceparent`` as it came in."""
        return f"{_KNOWN_VERSION}-{self.trace_id}-{self.parent_id}-{self.flags:02x}"

    @classmethod
    def parse(cls, traceparent: str, tracestate: str = "") -> TraceContext | None:
        """The context that two headers describe; None where ``traceparent`` is malformed.

        A malformed ``tracestate`` is dropped and costs the rest nothing. Of a version that is not
        known yet counts what is defined today, as section 3.2.4 of the recommendation demands.
        """
        found = _PARENT.fullmatch(traceparent.strip(" \t"))
        if found is None or found["version"] == _NO_VERSION:
            return None
        if found["more"] and found["version"] == _KNOWN_VERSION:
            return None
        if not found["trace"].strip("0") or not found["parent"].strip("0"):
            return None
        state = _state(tracestate)
        return cls(found["trace"], found["parent"], int(found["flags"], 16), state)


def _state(header: str) -> str:
    """The members of ``tracestate``, empty where the list is malformed."""
    members = [member.strip(" \t") for member in header.split(",")]
    kept = [member for member in members if member]
    found = [_MEMBER.fullmatch(member) for member in kept]
    names = [match["key"] for match in found if match]
    if len(names) < len(kept) or len(set(names)) < len(names) or len(names) > _MOST_MEMBERS:
        return ""
    return ",".join(kept)
