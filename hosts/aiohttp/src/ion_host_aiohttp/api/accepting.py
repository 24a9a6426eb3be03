"""Whether a caller wants its answer as a stream of events, from the header ``Accept``."""

from __future__ import annotations

import re

from ion_host_aiohttp.api.streams import EVENT_STREAM

_QUALITY = re.compile(r"\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*", re.IGNORECASE)


def wants_events(accept: str) -> bool:
    """Whether events are named, and not liked less than JSON.

    A caller that takes anything gets JSON: events are for those who ask for them by name.

    Args:
        accept: all values of the header, separated by commas.
    """
    # To take it apart is for those who name events; nearly nobody does.
    if EVENT_STREAM not in accept.lower():
        return False
    liked = _qualities(accept)
    events = liked.get(EVENT_STREAM, 0.0)
    json = liked.get("application/json", 0.0)
    return events > 0 and events >= json


def _qualities(accept: str) -> dict[str, float]:
    found = {}
    for item in accept.split(","):
        kind, *parameters = item.split(";")
        matches = [match for each in parameters if (match := _QUALITY.fullmatch(each))]
        found[kind.strip().lower()] = float(matches[0][1]) if matches else 1.0
    return found
