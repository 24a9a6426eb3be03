"""What was made of some objects, for when the very same objects come again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Found = TypeVar("Found")


class ByIdentity(Generic[Found]):
    """The latest results by the objects that they were made of: the very same, not equal ones.

    To compare what stands behind an answer by its values takes longer than to write it anew. The
    objects are held, so that no other one can take the identity of one of them.

    Args:
        most: results that are kept; what was not used for longest goes first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[tuple[int | str, ...], tuple[Sequence[object], Found]] = (
            OrderedDict()
        )

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._known)

    def of(
        self, parts: Sequence[object], make: Callable[[], Found], words: tuple[str, ...] = ()
    ) -> Found:
        """The result for some objects.

        Args:
            parts: all that it depends on besides the words; nobody changes any of them.
            make: gives the result.
            words: what else it depends on, known by its text.
        """
        key: tuple[int | str, ...] = (*map(id, parts), *words)
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
            return found[1]
        made = make()
        self._known[key] = (parts, made)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return made

    def clear(self) -> None:
        """Keep none any longer."""
        self._known.clear()
