"""How an entry is written into Redis, and how it is read without trusting what is there.

An envelope is, in this order::

    4 bytes   "ION" and the version of this layout
    4 bytes   CRC-32 over all that follows, big endian
    4 bytes   length of the head, big endian
    head      msgpack: the digest that the entry is stored under, the tags and their tokens
    body      msgpack: everything else

Nearly every envelope that is read was asked for by the tags that it was stored with, and their
tokens are the present ones: then it has to begin with bytes that are known beforehand (`Expected`),
and only its body is decoded.

Reading one runs no code and accepts only what fits the types, the bounds, the checksum and the
digest. So a damaged entry, one that was copied to another key and one of another program is
recognised and never served. Who can write into Redis and knows this layout can write an envelope
that is read: what keeps others from writing is Redis's own access control.
"""

from __future__ import annotations

import sys
from struct import Struct
from typing import Annotated, TypeAlias
from zlib import crc32

import attrs
import msgspec

from ion_framework.pipeline.cache import CachedRefusal, CachedReply
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_two_tier_cache.entry import Entry
from ion_two_tier_cache.redis_tokens import Tokens

VERSION = 1
"""Version of the layout; part of every key's name."""

HEAD_READ = 4096
"""So many bytes of an envelope hold its head: an entry whose tags take more is not kept."""

_MAGIC = b"ION" + bytes((VERSION,))
_CHECK_BYTES = 4
_CHECK_AT = len(_MAGIC)
_REST_AT = _CHECK_AT + _CHECK_BYTES
_HEAD_AT = _REST_AT + 4
_SKEW_S = 60.0
_MOST_TAGS = 64
_MOST_COUNT = 2**53
"""No count of tokens, and no number of seconds to wait, is larger."""
_FARTHEST = sys.float_info.max
_HEAD_PARTS = bytes((0x93,))
"""How msgpack begins an array of three."""

_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=_MOST_COUNT)]
_Amount: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=_FARTHEST)]
"""Seconds or a price: neither negative nor infinite, and a number."""
_Instant: TypeAlias = Annotated[float, msgspec.Meta(ge=-_FARTHEST, le=_FARTHEST)]


class NotAnEnvelope(Exception):  # noqa: N818 - says what the bytes are, no caller is at fault
    """The bytes are not an entry of ours, or not the one that was asked for.

    The text says which check they failed and holds none of them.
    """


class MadeLaterError(NotAnEnvelope):
    """An entry of ours, but made later than it is here: two clocks differ.

    Attributes:
        ahead_s: by so many seconds.
    """

    def __init__(self, ahead_s: float) -> None:
        super().__init__("later")
        self.ahead_s = ahead_s


@attrs.frozen
class Opened:
    """What an envelope held."""

    entry: Entry
    """The entry."""
    tokens: tuple[str, ...]
    """The tokens that everything and its tags had before it was made, as in `Tokens.values`."""


class _Strict(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """An array of exactly these values."""


class _Head(_Strict, frozen=True):
    digest: str
    tags: tuple[str, ...]
    tokens: tuple[str, ...]


class _Reply(_Strict, tag="reply", frozen=True):
    content: str
    model: str
    generator: str
    created_at: _Instant
    input_tokens: _Count | None
    output_tokens: _Count | None
    cached_tokens: _Count | None
    cost_usd: _Amount | None


class _Refusal(_Strict, tag="refusal", frozen=True):
    source: str
    code: str
    message: str
    retry_after_s: _Count | None


class _Body(_Strict, frozen=True):
    made_at: _Amount
    fresh_s: _Amount
    revalidate_s: _Amount
    on_error_s: _Amount
    work_s: _Amount
    body: _Reply | _Refusal


_UNREADABLE = (msgspec.DecodeError, ValueError, OverflowError, RecursionError)
"""What reading raises for bytes that do not fit; text that is not UTF-8 is a ValueError."""

_pack = msgspec.msgpack.Encoder().encode
_read_front = Struct(f">{len(_MAGIC)}sII").unpack_from
_read_head = msgspec.msgpack.Decoder(_Head).decode
_read_body = msgspec.msgpack.Decoder(_Body).decode

_new = object.__new__
_set_input, _set_output, _set_cached, _set_cost = (
    getattr(Usage, field.name).__set__ for field in attrs.fields(Usage)
)


def seal(digest: str, entry: Entry, tokens: Tokens) -> bytes:
    """The envelope of an entry.

    Raises:
        ValueError: it is not to be kept: not a complete answer or a repeatable refusal, tokens that
            do not belong to its tags, text that UTF-8 does not have, or numbers that would not be
            believed.
    """
    portable = _portable(entry.body)
    if len(tokens.values) != len(entry.tags) + 1 or len(entry.tags) > _MOST_TAGS:
        raise ValueError(f"{len(entry.tags)} tags, {len(tokens.values)} tokens")
    head = _pack(_Head(digest, entry.tags, tokens.values))
    if _HEAD_AT + len(head) > HEAD_READ:
        raise ValueError(f"its tags take {len(head)} bytes")
    body = _pack(
        _Body(
            entry.made_at,
            entry.fresh_s,
            entry.revalidate_s,
            entry.on_error_s,
            entry.work_s,
            portable,
        )
    )
    try:
        _read_body(body)
    except _UNREADABLE as error:
        raise ValueError("its numbers or counts are out of range") from error
    rest = len(head).to_bytes(4, "big") + head + body
    return _MAGIC + crc32(rest).to_bytes(_CHECK_BYTES, "big") + rest


def open_envelope(digest: str, data: bytes, *, now: float, longest_life_s: float) -> Opened:
    """The entry in an envelope.

    Args:
        digest: what it is stored under.
        data: the bytes.
        now: seconds since the Unix epoch; an entry that was made later than this and a minute for
            clocks that differ is not believed.
        longest_life_s: an entry that claims to live longer is not believed.

    Raises:
        MadeLaterError: nothing is wrong with it but that it was made later than this.
        NotAnEnvelope: anything is wrong with the bytes.
    """
    head, body_at = _head(data)
    if data[_CHECK_AT:_REST_AT] != crc32(data[_REST_AT:]).to_bytes(_CHECK_BYTES, "big"):
        raise NotAnEnvelope("check")
    if head.digest != digest:
        raise NotAnEnvelope("digest")
    return Opened(_entry(data[body_at:], head.tags, now, longest_life_s), head.tokens)


class Expected:
    """What an envelope begins with that is stored with certain tags and tokens.

    Args:
        tags: the tags.
        tokens: theirs, that of everything first; they must be known.

    Raises:
        ValueError: a tag has text that UTF-8 does not have, or there are more than are sealed.
    """

    __slots__ = ("_end", "_tags")

    def __init__(self, tags: tuple[str, ...], tokens: Tokens) -> None:
        if len(tags) > _MOST_TAGS:
            raise ValueError(f"{len(tags)} tags")
        self._tags = tags
        self._end = _pack(tags) + _pack(tokens.values)

    def open(self, digest: str, data: bytes, now: float, longest_life_s: float) -> Entry | None:
        """The entry; None where something else is here, of which `open_envelope` says what it is.

        Args:
            digest: what it is stored under.
            data: the bytes.
            now: as for `open_envelope`.
            longest_life_s: as for `open_envelope`.

        Raises:
            MadeLaterError: as `open_envelope`.
            NotAnEnvelope: as `open_envelope`.
        """
        head = _HEAD_PARTS + _pack(digest) + self._end
        if not data.startswith(head, _HEAD_AT):
            return None
        size = len(head)
        magic, check, length = _read_front(data)
        if (
            length != size
            or size > HEAD_READ - _HEAD_AT
            or magic != _MAGIC
            or check != crc32(data[_REST_AT:])
        ):
            return None
        return _entry(data[_HEAD_AT + size :], self._tags, now, longest_life_s)


def read_tags(data: bytes) -> tuple[str, ...]:
    """The tags of an envelope, from its first bytes; nothing else is checked.

    Raises:
        NotAnEnvelope: there is no head, or not the whole of it.
    """
    return _head(data)[0].tags


def _head(data: bytes) -> tuple[_Head, int]:
    """The head, and where the body begins."""
    if not data.startswith(_MAGIC) or len(data) < _HEAD_AT:
        raise NotAnEnvelope("magic")
    body_at = _HEAD_AT + int.from_bytes(data[_HEAD_AT - 4 : _HEAD_AT], "big")
    if body_at > min(len(data), HEAD_READ):
        raise NotAnEnvelope("head")
    try:
        head = _read_head(data[_HEAD_AT:body_at])
    except _UNREADABLE as error:
        raise NotAnEnvelope("head") from error
    if len(head.tags) > _MOST_TAGS:
        raise NotAnEnvelope("tags")
    if len(head.tokens) != len(head.tags) + 1:
        raise NotAnEnvelope("tokens")
    return head, body_at


def _portable(body: CachedReply | CachedRefusal) -> _Reply | _Refusal:
    if isinstance(body, CachedRefusal):
        if not body.repeatable:
            raise ValueError("a refusal that would not be repeated")
        return _Refusal(body.source, body.code, body.message, body.retry_after_s)
    if body.finish_reason is not FinishReason.STOP or body.degraded:
        raise ValueError("an answer that is incomplete or degraded")
    return _Reply(
        body.content,
        body.model,
        body.generator,
        body.created_at,
        body.usage.input_tokens,
        body.usage.output_tokens,
        body.usage.cached_tokens,
        body.usage.cost_usd,
    )


def _entry(data: bytes, tags: tuple[str, ...], now: float, longest_life_s: float) -> Entry:
    """The entry that a body holds."""
    try:
        body = _read_body(data)
    except _UNREADABLE as error:
        raise NotAnEnvelope("body") from error
    made_at, fresh_s = body.made_at, body.fresh_s
    revalidate_s, on_error_s = body.revalidate_s, body.on_error_s
    if fresh_s + revalidate_s + on_error_s > longest_life_s:
        raise NotAnEnvelope("life")
    if made_at > now + _SKEW_S:
        raise MadeLaterError(made_at - now)
    held = body.body
    live = _reply(held) if isinstance(held, _Reply) else _refusal(held)
    return Entry(live, tags, made_at, fresh_s, revalidate_s, on_error_s, body.work_s)


def _refusal(held: _Refusal) -> CachedRefusal:
    return CachedRefusal(held.source, held.code, held.message, held.retry_after_s, repeatable=True)


def _reply(held: _Reply) -> CachedReply:
    # What `_Count` and `_Amount` let pass is all that a `Usage` asks of its numbers. Its own
    # constructor would look at each once more, which takes as long as the decoding.
    usage = _new(Usage)
    _set_input(usage, held.input_tokens)
    _set_output(usage, held.output_tokens)
    _set_cached(usage, held.cached_tokens)
    _set_cost(usage, held.cost_usd)
    return CachedReply(held.content, usage, held.model, held.generator, held.created_at)
