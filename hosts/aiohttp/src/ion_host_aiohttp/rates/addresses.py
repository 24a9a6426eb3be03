"""The network address that a request counts for."""

from __future__ import annotations

from aiohttp import web


class ClientAddresses:
    """Says where requests come from: the peer of the connection."""

    def of(self, request: web.BaseRequest) -> str:
        """The address of a request's caller, as rates count it."""
        return request.remote or ""
