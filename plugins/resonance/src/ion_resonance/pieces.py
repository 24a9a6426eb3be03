"""The buckets of the pieces of a word, all of them at once.

A CRC is linear: of texts of one length, laid over each other, it is the XOR of theirs. So what a
letter adds to the pieces around it is worked out once for that letter, as one integer with the
buckets side by side, and those of a word are the XOR of its letters. To hash each piece of a Korean
word takes thrice as long.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from struct import Struct, calcsize, pack
from zlib import crc32

BUCKET_BITS = 8 * calcsize("<H")
"""Bits that a bucket takes up in the integer."""

AT_ONCE = 64
"""Words of more letters are hashed piece by piece: the time that one integer takes grows with the
square of its length."""

_OPENING, _CLOSING = "<", ">"
_JAMO_BYTES = 2


class Pieces(dict[str, tuple[int, int]]):
    """What each letter adds to the buckets of its word, and how many bits those take up.

    For every jamo or Latin letter these are the buckets of the pieces that begin there, the
    shortest first; before them stand those of pieces that begin before the letter. Each letter is
    kept: at most 11,172 syllables in two megabytes, of which a language uses a tenth.

    Args:
        first: the first bucket of words of these letters.
        buckets: how many there are, a power of two.
        shortest: length of the shortest piece.
        longest: length of the longest.
    """

    def __init__(self, first: int, buckets: int, shortest: int, longest: int) -> None:
        super().__init__()
        self._lengths = range(shortest, longest + 1)
        self._first, self._within = first, buckets - 1
        self._begun = [self._bucket(bytes(_JAMO_BYTES * length)) for length in self._lengths]
        self._bits = bits = BUCKET_BITS * len(self._lengths)
        self._boundaries = 2 * bits
        self._before = bits * (longest - 2)
        self._opening = self[_OPENING][0] >> bits * (longest - 1)
        self._closing = self[_CLOSING][0]
        self._readers: dict[int, Callable[[bytes], tuple[int, ...]]] = {}

    def __missing__(self, letter: str) -> tuple[int, int]:
        raw = _written(letter)
        added = list(self._added(raw))
        sides = int.from_bytes(pack(f"<{len(added)}H", *added), "little")
        self[letter] = known = sides, self._bits * len(raw) // _JAMO_BYTES
        return known

    def of(self, word: str) -> Sequence[int]:
        """The buckets of the pieces of a word, its boundaries counted as letters."""
        if len(word) > AT_ONCE:
            return self.one_by_one(word)
        sides, width = self._closing, self._boundaries
        for letter in word[::-1]:
            added, bits = self[letter]
            sides = sides << bits ^ added
            width += bits
        read = self._readers.get(width) or self._reader(width)
        return read((sides >> self._before ^ self._opening).to_bytes(width >> 3, "little"))

    def one_by_one(self, word: str) -> Sequence[int]:
        """The same buckets in another order, each from the CRC of its piece."""
        raw = _written(f"{_OPENING}{word}{_CLOSING}")
        sizes = [_JAMO_BYTES * length for length in self._lengths]
        return [
            self._bucket(raw[start : start + size])
            for size in sizes
            for start in range(0, len(raw) - size + 1, _JAMO_BYTES)
        ]

    def _bucket(self, piece: bytes) -> int:
        return self._first | crc32(piece, len(piece) // _JAMO_BYTES) & self._within

    def _added(self, raw: bytes) -> Iterator[int]:
        """What a letter adds to pieces that begin before it, and to those that begin with it."""
        around = bytes(_JAMO_BYTES * (self._lengths[-1] - 1))
        laid = around + raw + around
        for start in range(0, len(around) + len(raw), _JAMO_BYTES):
            for length, begun in zip(self._lengths, self._begun, strict=True):
                size = _JAMO_BYTES * length
                alone = crc32(laid[start : start + size]) ^ crc32(bytes(size))
                # What a CRC begins with is the same for all pieces; their first letter brings it.
                yield alone & self._within ^ (begun if start >= len(around) else 0)

    def _reader(self, width: int) -> Callable[[bytes], tuple[int, ...]]:
        """Reads the buckets of words so wide; near its end a word is too short for some pieces."""
        every = len(self._lengths)
        places = width // self._bits - self._lengths[0]
        fit = [min(every, places - place + 1) for place in range(places + 1)]
        form = Struct("<" + "".join(f"{each}H{(every - each) * 2}x" for each in fit))
        self._readers[width] = read = form.unpack_from
        return read


def _written(letters: str) -> bytes:
    """Letters in UTF-16, syllables in their jamo."""
    korean = any("가" <= letter <= "힣" for letter in letters)
    return (unicodedata.normalize("NFD", letters) if korean else letters).encode("utf-16-le")
