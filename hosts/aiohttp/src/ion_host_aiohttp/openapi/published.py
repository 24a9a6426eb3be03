"""The document as it is served: made once, kept as bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import attrs


@attrs.frozen
class Edition:
    """One version of the document.

    Attributes:
        body: the document as JSON.
        tag: its entity tag, quotes included.
    """

    body: bytes
    tag: str


class Published:
    """Keeps the document of a running host.

    There are two editions: whether nobody passes without credentials may change while the host
    runs, when the first API key is created.

    Attributes:
        paths: the addresses that are served.
    """

    def __init__(self) -> None:
        self._make: Callable[[bool], bytes] | None = None
        self._editions: dict[bool, Edition] = {}
        self.paths: frozenset[str] = frozenset()

    def by(self, make: Callable[[bool], bytes], paths: Iterable[str] = ()) -> None:
        """Take over how the document is made: a function of whether credentials are required.

        Args:
            make: the function.
            paths: the addresses that are served.
        """
        self._make, self.paths = make, frozenset(paths)
        self._editions.clear()

    def edition(self, *, closed: bool) -> Edition:
        """The document.

        Args:
            closed: whether nobody passes without credentials.

        Raises:
            RuntimeError: no application serves yet.
        """
        if self._make is None:
            raise RuntimeError("the document is known once an application was built")
        if closed not in self._editions:
            body = self._make(closed)
            tag = hashlib.sha256(body).hexdigest()[:_TAG_DIGITS]
            self._editions[closed] = Edition(body, f'"{tag}"')
        return self._editions[closed]


_TAG_DIGITS = 32
