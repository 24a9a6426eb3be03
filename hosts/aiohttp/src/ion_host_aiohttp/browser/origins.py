"""Which web pages may call the host, and by which names it lets itself be called."""

from __future__ import annotations

from functools import lru_cache

import attrs
from aiohttp import hdrs, web

from ion_framework.settings.model import Settings
from ion_framework.settings.serving import CorsSettings
from ion_host_aiohttp.run.addresses import is_loopback, is_of_this_machine

_USUAL_PORTS = {"http": ":80", "https": ":443"}
_LOCALHOST = "localhost"


@attrs.frozen
class Origins:
    """What the settings say of browsers.

    Attributes:
        settings: the pages that may call.
        on_loopback: whether the host listens on this machine alone. Then a page that makes its own
            name mean 127.0.0.1 (DNS rebinding) is told apart by that name, which stands in
            ``Host``.
    """

    settings: CorsSettings = attrs.field(factory=CorsSettings)
    on_loopback: bool = True

    @classmethod
    def of(cls, settings: Settings, address: str | None = None) -> Origins:
        """What these settings say.

        Args:
            settings: the settings.
            address: the one that the host's socket is bound to; None where there is none yet:
                then it is what ``server.host`` stands for. A name is no measure by itself, because
                there are many for one address (``127.1``, ``LOCALHOST``, those of a hosts file).
        """
        if address is None:
            return cls(settings.cors, is_of_this_machine(settings.server.host))
        return cls(settings.cors, is_loopback(address))

    def listed(self, request: web.BaseRequest) -> str | None:
        """The origin of a request if it is one of the list, None otherwise."""
        if not self.settings.origins:
            return None
        given = _given(request)
        return given[0] if len(given) == 1 and given[0] in self.settings.origins else None

    def admits(self, request: web.BaseRequest, *, https: bool) -> bool:
        """Whether a request comes from no page, from the host's own, or from a listed one.

        Args:
            request: the request.
            https: whether its caller speaks https.
        """
        given = _given(request)
        if not given or self.listed(request) is not None:
            return True
        return len(given) == 1 and _is_own(given[0], request.headers.get(hdrs.HOST, ""), https)

    def answers_to(self, request: web.BaseRequest) -> bool:
        """Whether the host lets itself be called by the name in ``Host``.

        Programs that are no browsers may leave it out.
        """
        if not self.on_loopback:
            return True
        host = request.headers.get(hdrs.HOST, "")
        if not host:
            return True
        name, is_loopback_name = (_judged if len(host) <= _USUAL_LENGTH else _judge)(host)
        return is_loopback_name or name in self.settings.hosts


def _given(request: web.BaseRequest) -> list[str]:
    """The origins that a request names; a browser names one or none."""
    # What aiohttp makes of bytes that are no request has a plain, empty dictionary.
    return request.headers.getall(hdrs.ORIGIN, []) if request.headers else []


def _is_own(origin: str, host: str, https: bool) -> bool:
    """Whether an origin is the host itself, as its caller sees it.

    A page under https before a host that knows of no proxy is its own; one under http before a
    host under https is not, because anybody on the way can write such a page.
    """
    scheme, mark, authority = origin.partition("://")
    if not mark or scheme not in _USUAL_PORTS or (https and scheme == "http"):
        return False
    usual = _USUAL_PORTS[scheme]
    return authority.removesuffix(usual) == host.lower().removesuffix(usual)


def _judge(host: str) -> tuple[str, bool]:
    """The name in ``Host``, and whether it always means this machine."""
    host = host.lower()
    name = host.rpartition(":")[0] if _has_port(host) else host
    return name, _names_loopback(name.strip("[]"))


_USUAL_LENGTH, _KNOWN = 256, 1024
_judged = lru_cache(_KNOWN)(_judge)
"""The same few names come again and again; long ones are not kept."""


def _has_port(host: str) -> bool:
    return ":" in host.rpartition("]")[2]


def _names_loopback(name: str) -> bool:
    if name == _LOCALHOST:
        return True
    try:
        return is_loopback(name)
    except ValueError:
        return False
