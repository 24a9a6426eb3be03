"""One event, one line, whatever is in it: rendering that cannot fail.

A log line that is lost, split in two or raises hides exactly the request that somebody looks for.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import MutableMapping
from json.encoder import encode_basestring
from typing import Any, cast

from ion_framework.line_stream import CLOUD_SEVERITIES, CLOUD_TRACE

# Line separators and control characters that JSON allows as they are, and terminals obey.
_CONTROLS = re.compile("[\x7f-\x9f\u2028\u2029]")
FIRST = ("severity", "message", "timestamp", "level", "event")
"""Names of the fields that people look for first; they go first."""


def cloud_line(logger: object, method: str, event: MutableMapping[str, Any]) -> str:
    """The event as `json_line` has it, and besides the fields that Google Cloud Logging reads.

    A field ``message`` of the event's own stays; ``severity`` is always that of its level, because
    Cloud Logging takes nothing else there.
    """
    more: dict[str, object] = {"message": event.get("event", "")}
    if event.get("trace_id"):
        more[CLOUD_TRACE] = event["trace_id"]
    severity = CLOUD_SEVERITIES.get(str(event.get("level")), "DEFAULT")
    return json_line(logger, method, {**more, **event, "severity": severity})


def json_line(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    """The event as one line of strict JSON; a surrogate without its partner becomes ``?``."""
    event = {name: event[name] for name in FIRST if name in event} | dict(event)
    try:
        members = [
            f"{encode_basestring(name)}: "
            f"{encode_basestring(value) if type(value) is str else number(value)}"
            for name, value in event.items()
        ]
        line = f"{{{', '.join(members)}}}"
    except Exception:  # noqa: BLE001  a value's own repr may raise anything; its type is named
        line = json.dumps({_safe(key): _safe(value) for key, value in event.items()})
    return clean(line)


def clean(line: str) -> str:
    """A line of JSON without what terminals obey; a surrogate without its partner becomes ``?``."""
    if line.isascii() and _DELETE not in line:
        return line
    text = line.encode("utf-8", "replace").decode()
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def number(value: object) -> str:
    """A value as JSON. Nearly all are plain numbers, for which the whole encoder is long."""
    kind = type(value)
    if kind is int or (kind is float and math.isfinite(cast("float", value))):
        return repr(value)
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=repr)
_DELETE = "\x7f"


def console_line(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    """The event for people: time, level, what happened, then ``name=value``."""
    rest = dict(event)
    time, level = rest.pop("timestamp", ""), rest.pop("level", "")
    trace = rest.pop("exception", None)
    fields = " ".join(
        f"{_safe(name)}={_bare(value)}" for name, value in rest.items() if name != "event"
    )
    line = f"{time} {level:<7} {_bare(event.get('event'))} {fields}".rstrip()
    return f"{line}\n{trace}" if trace else line


def _bare(value: object) -> str:
    """A value without quotes where none are needed; control characters stay escaped."""
    text = json.dumps(_safe(value), ensure_ascii=False)
    text = _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return text[1:-1] if "\\" not in text else text


def _safe(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001  see json_line
        return f"<{type(value).__name__}>"
