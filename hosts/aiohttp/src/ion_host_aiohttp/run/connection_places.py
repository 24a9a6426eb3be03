"""How many connections are open, in all and from one address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_network

from ion_host_aiohttp.rates.addresses import counted, parsed


class ConnectionPlaces:
    """Counts open connections against two bounds.

    Args:
        most: connections in all.
        per_address: connections of one address (one /64 network of IPv6).
        proxies: addresses and networks whose connections are those of many callers; only the
            first bound holds for them.

    Attributes:
        refused: connections refused since the start.
    """

    def __init__(
        self, most: int = 8192, per_address: int = 1024, proxies: Iterable[str] = ()
    ) -> None:
        self._most = most
        self._per_address = per_address
        networks = tuple(ip_network(name, strict=False) for name in proxies)
        self._open: Counter[str] = Counter()
        self._all = 0
        self.refused = 0

        @lru_cache(maxsize=4096)
        def name_of(peer: str) -> str:
            """What a peer counts as; empty where only the first bound holds."""
            address = parsed(peer)
            if address is not None and any(address in network for network in networks):
                return ""
            return counted(peer) or peer

        self._name_of = name_of

    @property
    def open(self) -> int:
        """Connections open now."""
        return self._all

    def take(self, peer: str) -> bool:
        """Take a place for a connection; False where there is none, and it has to be refused.

        Args:
            peer: the network address of its other end.
        """
        name = self._name_of(peer)
        if self._all >= self._most or (name and self._open[name] >= self._per_address):
            self.refused += 1
            return False
        self._all += 1
        if name:
            self._open[name] += 1
        return True

    def give_back(self, peer: str) -> None:
        """A connection that had a place has ended."""
        name = self._name_of(peer)
        self._all -= 1
        if name:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]
