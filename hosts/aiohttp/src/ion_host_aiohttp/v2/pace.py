"""How long a request may take that runs several turns."""

from __future__ import annotations

from ion_host_aiohttp.service import Service

_OWN_SHARE = 0.95
"""Share of the host's own limit after which a request of several turns gives what it has."""


def time_for(asked_s: float | None, service: Service) -> float:
    """Seconds for all turns of one request: what its caller gives, and no more than one turn gets.

    A little less than the host allows a request, so that what is ready by then arrives.

    Args:
        asked_s: what the caller gives, None without a wish.
        service: the running host.
    """
    most_s = min(service.ion.settings.turn.deadline_s, service.limits.handler_s * _OWN_SHARE)
    return most_s if asked_s is None else min(asked_s, most_s)
