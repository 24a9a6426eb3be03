"""What is known of texts that come again, without the texts themselves."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Generic, TypeVar

Found = TypeVar("Found")

_DIGEST_BYTES = 16
_KEY_BYTES = 16


class TextMemo(Generic[Found]):
    """The last results by the exact texts that they are of, least recently used out first.

    A text is kept as a digest of 16 bytes, under a key that every memo draws for itself: nothing
    that a user wrote stays in memory, and nobody can look for two texts with one digest. The memory
    it takes is bounded by the entries, where results are; a text's length does not count.

    Args:
        entries: results that are kept.
    """

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._known: OrderedDict[bytes, Found] = OrderedDict()
        self._keyed = blake2b(key=secrets.token_bytes(_KEY_BYTES), digest_size=_DIGEST_BYTES)

    def __len__(self) -> int:
        """How many results are kept."""
        return len(self._known)

    def of(self, make: Callable[[], Found], *texts: str) -> Found:
        """The result for some texts, in their order.

        Args:
            make: gives it where it is not known. What it gives must depend on nothing but the
                texts, must not be None, and must not be changed by anybody.
            texts: the texts; surrogates may be among them.
        """
        digest = self._digest(texts)
        # Taken out and put back: threads that do so at once lose an entry at worst.
        found = self._known.pop(digest, None)
        if found is None:
            found = make()
        self._known[digest] = found
        if len(self._known) > self._entries:
            self._known.popitem(last=False)
        return found

    def _digest(self, texts: tuple[str, ...]) -> bytes:
        # With their lengths before them, so that ("ab", "c") is not ("a", "bc").
        told = "".join([f"{len(text)}:{text}" for text in texts])
        hashed = self._keyed.copy()
        hashed.update(told.encode("utf-8", "surrogatepass"))
        return hashed.digest()
