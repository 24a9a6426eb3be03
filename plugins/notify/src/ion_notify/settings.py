"""Settings of the plugin; ranges stand in the manifest."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

import attrs

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,252})|::1")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_SHORTEST_KEY = 16


@attrs.frozen(kw_only=True)
class NotifySettings:
    """Who is told, and how often that is tried.

    Attributes:
        webhook_url: where notices go as JSON, None for nowhere.
        webhook_key: key of their signature, None for none.
        slack_url: where messages in Slack's form go, None for nowhere.
        smtp_host: mail server, None for no mail.
        smtp_port: its port, None for the usual one.
        smtp_security: ``starttls``, ``tls`` or ``none``.
        smtp_user: user name there, None for no login.
        smtp_password: password of the user.
        mail_from: sender.
        mail_to: recipients.
        language: ``en`` or ``ko``.
        insecure: whether other machines may be talked to without TLS.
        attempts: most attempts for one notice.
        timeout_s: seconds for one attempt.
        deadline_s: seconds for all of them.
        queue_size: notices that wait for one receiver.
        flush_s: seconds that the end waits for what is queued.
    """

    webhook_url: str | None = attrs.field(default=None, repr=False)
    webhook_key: str | None = attrs.field(default=None, repr=False)
    slack_url: str | None = attrs.field(default=None, repr=False)
    smtp_host: str | None = None
    smtp_port: int | None = None
    smtp_security: str = "starttls"
    smtp_user: str | None = None
    smtp_password: str | None = attrs.field(default=None, repr=False)
    mail_from: str | None = None
    mail_to: tuple[str, ...] = ()
    language: str = "en"
    insecure: bool = False
    attempts: int = 6
    timeout_s: float = 10.0
    deadline_s: float = 300.0
    queue_size: int = 100
    flush_s: float = 1.5

    @property
    def port(self) -> int:
        """Port of the mail server."""
        return self.smtp_port or _PORTS[self.smtp_security]

    def problems(self) -> list[str]:
        """What cannot work, one sentence each, the key first; no secret stands in it."""
        found = []
        for key, url in (("webhook_url", self.webhook_url), ("slack_url", self.slack_url)):
            problem = _url_problem(url, insecure=self.insecure) if url else ""
            if problem:
                found.append(f"{key}: {problem}")
        if self.webhook_key is not None and len(self.webhook_key) < _SHORTEST_KEY:
            found.append(f"webhook_key: must have at least {_SHORTEST_KEY} characters")
        return found + (self._mail_problems() if self.smtp_host else [])

    def _mail_problems(self) -> list[str]:
        found = []
        if not _HOST.fullmatch(self.smtp_host or ""):
            found.append("smtp_host: must be a name or an IP address, without port or scheme")
        if not _ADDRESS.fullmatch(self.mail_from or ""):
            found.append("mail_from: must be a plain address such as ion@example.org")
        if not self.mail_to or not all(map(_ADDRESS.fullmatch, self.mail_to)):
            found.append("mail_to: must hold plain addresses such as ops@example.org, at least one")
        if (self.smtp_user is None) != (self.smtp_password is None):
            found.append("smtp_user: goes with smtp_password; give both or neither")
        if self.smtp_security == "none" and not (self.insecure or is_here(self.smtp_host or "")):
            found.append("smtp_security: none is for a server on this machine; use starttls or tls")
        return found


def is_here(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _url_problem(url: str, *, insecure: bool) -> str:
    """What is wrong with an address, without a word of it; empty where nothing is."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "it is no address"
    plain = url.isascii() and url.isprintable() and " " not in url
    if not plain or parts.scheme not in {"https", "http"} or not host or "@" in parts.netloc:
        return "must be as https://HOST/PATH, in ASCII, without a user name"
    if parts.scheme == "http" and not (insecure or is_here(host)):
        return "must begin with https://; plain http is for this machine, or with insecure = true"
    return ""
