"""How an invalidation is told from what was stored before it: a random token for each tag.

Each tag has a token in Redis, and so has everything together. An entry carries the tokens that its
tags had when its turn looked for it, before the answer was made. To invalidate a tag is to give it
another token: whatever carries the old one is no longer believed, also an answer that was begun
before the invalidation and is stored after it, by any process.

A token that is missing (a new tag, one that Redis evicted, one that expired) is made at once by the
look-up that misses it. As tokens are random, what was stored under an earlier one stays invalid.
"""

from __future__ import annotations

from typing import ClassVar

import attrs


@attrs.frozen
class Tokens:
    """The tokens of a key's tags at one instant, that of everything first.

    Attributes:
        values: 16 hexadecimal digits for everything and for each tag, in the order of the tags;
            empty where they are not known.
    """

    unknown: ClassVar[Tokens]
    """Redis was out of order: what is made now cannot be stored there."""

    values: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether an entry can be stored with them."""
        return bool(self.values)


Tokens.unknown = Tokens(())
