"""What the keys in Redis are called.

Everything stands below ``{namespace}:{version}:``, where the version is that of the core's replies
and that of our envelope: processes of two releases side by side never read each other's entries.
No name holds text of a prompt, a principal or a secret: entries and leases are named by a digest.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from ion_framework.pipeline.cache import SCHEMA
from ion_two_tier_cache.envelope import VERSION

_EVERYTHING = "*"
"""Stands for everything among the quoted tags: quoting leaves no such character in a tag."""


class Keys:
    """The names of one namespace.

    Args:
        namespace: first part of every name.
    """

    def __init__(self, namespace: str) -> None:
        self.prefix = f"{namespace}:{SCHEMA}.{VERSION}:"
        self.entries = f"{self.prefix}e:"
        self.leases = f"{self.prefix}l:"
        self.signals = f"{self.prefix}tag:"
        self.channel = f"{self.prefix}invalidated"
        self.probe = f"{self.prefix}probe"

    def entry(self, digest: str) -> str:
        """Name of an entry."""
        return self.entries + digest

    def lease(self, digest: str) -> str:
        """Name of the lease of an entry."""
        return self.leases + digest

    def token(self, tag: str | None) -> str:
        """Name of a tag's token; None: of everything."""
        return f"{self.prefix}t:{_quoted(tag)}"

    def signal(self, tag: str | None) -> str:
        """Name of the key that is written when a tag is invalidated, for others to hear of it.

        Not the token itself: tokens are also written by the first look-up of a tag, which is no
        news.
        """
        return self.signals + _quoted(tag)

    def signalled(self, name: bytes) -> str | None:
        """The tag of a signal; None: everything, also where the name is none of ours."""
        text = name.decode("utf-8", "replace")
        quoted = text.removeprefix(self.signals)
        if quoted in (text, _EVERYTHING):
            return None
        return unquote(quoted, errors="surrogatepass")


def _quoted(tag: str | None) -> str:
    return _EVERYTHING if tag is None else quote(tag, safe="", errors="surrogatepass")
