"""Which entries carry a tag."""

from __future__ import annotations


class TagIndex:
    """From a tag to the digests of the entries that carry it; a tag of no entry takes no room."""

    def __init__(self) -> None:
        self._digests: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._digests)

    def add(self, digest: str, tags: tuple[str, ...]) -> None:
        """Note the tags of a new entry."""
        for tag in tags:
            digests = self._digests.get(tag)
            if digests is None:
                self._digests[tag] = {digest}
            else:
                digests.add(digest)

    def discard(self, digest: str, tags: tuple[str, ...]) -> None:
        """Forget an entry."""
        for tag in tags:
            digests = self._digests.get(tag)
            # None where the entry names the tag twice and the first removal emptied it.
            if digests is not None:
                digests.discard(digest)
                if not digests:
                    del self._digests[tag]

    def find(self, tag: str) -> tuple[str, ...]:
        """Digests of the entries with this tag; a copy, so that they can be dropped on the way."""
        return tuple(self._digests.get(tag, ()))

    def clear(self) -> None:
        """Forget everything."""
        self._digests.clear()
