"""What is known of texts that come again, without the texts themselves."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Generic, TypeVar

Found = TypeVar("Found")

_DIGEST_BYTES = 16
_SALT_BYTES = 16
_SEVERAL = b"several"
"""Sets the digests of several texts apart from those of one, which is told as it is."""


class TextMemo(Generic[Found]):
    """The last results by the exact texts that they are of, least recently used out first.

    A text is kept as a digest of 16 bytes, of BLAKE2b (RFC 7693) with a salt that every memo draws
    for itself: nothing that a user wrote stays in memory, and nobody can look for two texts with
    one digest. The salt is part of the state that the function begins with, so that it does what a
    key would do without a block of its own to be worked through for every text. The memory
    it takes is bounded by the entries, where results are; a text's length does not count.

    Args:
        entries: results that are kept.
    """

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._known: OrderedDict[bytes, Found] = OrderedDict()
        self._salt = secrets.token_bytes(_SALT_BYTES)

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
        if len(texts) == 1:
            told = texts[0].encode("utf-8", "surrogatepass")
            return blake2b(told, digest_size=_DIGEST_BYTES, salt=self._salt).digest()
        # With their lengths before them, so that ("ab", "c") is not ("a", "bc").
        whole = f"{','.join(map(str, map(len, texts)))}:{''.join(texts)}"
        told = whole.encode("utf-8", "surrogatepass")
        return blake2b(told, digest_size=_DIGEST_BYTES, salt=self._salt, person=_SEVERAL).digest()
