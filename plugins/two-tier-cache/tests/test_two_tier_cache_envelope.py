"""Envelopes come back as they were, and nothing else is taken for one."""

from __future__ import annotations

import math
import pickle
import random
from zlib import crc32

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_two_tier_cache import envelope as envelopes
from ion_two_tier_cache.entry import Entry
from ion_two_tier_cache.envelope import (
    Expected,
    MadeLaterError,
    NotAnEnvelope,
    open_envelope,
    read_tags,
    seal,
)
from ion_two_tier_cache.redis_tokens import Tokens
from msgspec.structs import replace

from ion_framework.pipeline.cache import CachedRefusal, CachedReply
from ion_framework.pipeline.chunks import FinishReason, Usage

NOW = 1.7e9
REPLY = CachedReply("an answer", Usage(10, 20, None, 0.25), "model-1", "offline", NOW)
REFUSAL = CachedRefusal("gemini", "blocked", "I cannot say that.", None, repeatable=True)
ENTRY = Entry(REPLY, ("persona:lua",), NOW, 60.0, 10.0, 0.0, 0.5)
TOKENS = Tokens(("a" * 16, "b" * 16))
SEALED = seal("digest", ENTRY, TOKENS)

seconds = st.floats(0, 1e5)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
counts = st.none() | st.integers(0, 2**40)
replies = st.builds(
    CachedReply,
    content=texts,
    usage=st.builds(Usage, counts, counts, counts, st.none() | st.floats(0, 1e3)),
    model=texts,
    generator=texts,
    created_at=st.floats(0, NOW),
)
refusals = st.builds(
    CachedRefusal, texts, texts, texts, st.none() | st.integers(0, 100), repeatable=st.just(True)
)


def opened(data, digest="digest"):
    """What is in an envelope, read at the usual time."""
    return open_envelope(digest, data, now=NOW, longest_life_s=1e6)


def resealed(**changes):
    """An envelope whose body was changed by somebody who knows the layout."""
    body = {**dict(zip(BODY, msgspec.msgpack.decode(body_bytes(SEALED)), strict=True)), **changes}
    head = envelopes._pack(["digest", ["persona:lua"], ["a" * 16, "b" * 16]])
    rest = len(head).to_bytes(4, "big") + head + envelopes._pack(list(body.values()))
    return envelopes._MAGIC + crc32(rest).to_bytes(4, "big") + rest


BODY = ("made_at", "fresh_s", "revalidate_s", "on_error_s", "work_s", "body")
REPLY_PARTS = ["reply", "an answer", "m", "g", NOW, 1, 2, 3, 0.5]


def body_bytes(data):
    """The part of an envelope after its head."""
    return data[12 + int.from_bytes(data[8:12], "big") :]


@given(
    body=replies | refusals,
    tags=st.lists(texts, max_size=5),
    made_at=st.floats(0, NOW),
    spans=st.tuples(seconds, seconds, seconds),
    work_s=seconds,
)
def test_every_entry_comes_back(body, tags, made_at, spans, work_s):
    """What is read from an envelope is equal to what was put into it, tokens included."""
    entry = Entry(body, tuple(tags), made_at, *spans, work_s)
    tokens = Tokens(tuple(f"{number:016x}" for number in range(len(tags) + 1)))

    data = seal("some digest", entry, tokens)
    found = open_envelope("some digest", data, now=NOW, longest_life_s=1e6)

    assert found.entry == entry
    assert found.tokens == tokens.values
    assert read_tags(data) == entry.tags
    assert read_tags(data[: envelopes.HEAD_READ]) == entry.tags


def expected(tags=ENTRY.tags, tokens=TOKENS):
    """What is expected, and how an envelope is opened that should be it."""
    form = Expected(tags, tokens)
    return lambda data, digest="digest": form.open(digest, data, NOW, 1e6)


@given(body=replies | refusals, tags=st.lists(texts, max_size=5), digest=texts)
def test_what_is_expected_is_read_as_everything_else(body, tags, digest):
    """An envelope with the expected tags and tokens gives the entry that was put into it."""
    entry = Entry(body, tuple(tags), NOW, 60.0, 10.0, 5.0, 0.5)
    tokens = Tokens(tuple(f"{number:016x}" for number in range(len(tags) + 1)))

    data = seal(digest, entry, tokens)

    assert expected(entry.tags, tokens)(data, digest) == entry


@pytest.mark.parametrize(
    ("tags", "tokens", "digest"),
    [
        (("persona:elro",), TOKENS, "digest"),
        ((), Tokens(TOKENS.values[:1]), "digest"),
        (ENTRY.tags, Tokens(("a" * 16, "c" * 16)), "digest"),
        (ENTRY.tags, Tokens(("c" * 16, "b" * 16)), "digest"),
        (ENTRY.tags, TOKENS, "another digest"),
    ],
)
def test_what_is_not_expected_is_left_to_a_closer_look(tags, tokens, digest):
    """Other tags, tokens and digests than the expected ones give nothing."""
    assert expected()(SEALED) == ENTRY
    assert expected(tags, tokens)(SEALED, digest) is None


def test_no_damage_passes_for_what_is_expected():
    """No envelope with one wrong bit, one cut short or one with something after it is read."""
    open_it = expected()
    flipped = [bytearray(SEALED) for _ in range(len(SEALED) * 8)]
    for position, data in enumerate(flipped):
        data[position // 8] ^= 1 << position % 8
    cut = [SEALED[:length] for length in range(len(SEALED))]

    assert {open_it(bytes(data)) for data in (*flipped, *cut, SEALED + b"x")} == {None}


@pytest.mark.parametrize(
    "changes", [{"fresh_s": 2e6}, {"work_s": -0.1}, {"body": None}, {"made_at": math.nan}]
)
def test_a_forged_body_is_not_what_is_expected(changes):
    """Behind an expected head a body with values that are never written is refused as well."""
    with pytest.raises(NotAnEnvelope):
        expected()(resealed(**changes))


def test_an_expected_entry_of_later_is_told_from_a_hostile_one():
    """An expected entry made more than a minute later than it is here is refused for that."""
    with pytest.raises(MadeLaterError):
        expected()(resealed(made_at=NOW + 61))


@pytest.mark.parametrize("number", [math.nan, math.inf, -1.0])
@pytest.mark.parametrize("field", ["made_at", "fresh_s", "work_s"])
def test_numbers_that_nobody_would_believe_are_not_sealed(field, number):
    """An entry with a time that reading refuses gets no envelope."""
    with pytest.raises(ValueError, match="out of range"):
        seal("digest", replace(ENTRY, **{field: number}), TOKENS)


def test_an_entry_belongs_to_its_digest():
    """An entry that was copied to another key is none."""
    with pytest.raises(NotAnEnvelope, match="digest"):
        opened(SEALED, "another digest")


def test_every_flipped_bit_is_noticed():
    """No envelope with one wrong bit is read."""
    for position in range(len(SEALED) * 8):
        data = bytearray(SEALED)
        data[position // 8] ^= 1 << position % 8
        with pytest.raises(NotAnEnvelope):
            opened(bytes(data))


def test_every_cut_is_noticed():
    """No envelope that was cut short, or has something after it, is read."""
    for length in range(len(SEALED)):
        with pytest.raises(NotAnEnvelope):
            opened(SEALED[:length])
    with pytest.raises(NotAnEnvelope):
        opened(SEALED + b"x")


class Evil:
    """Raises when it is unpickled."""

    def __reduce__(self):
        """What a pickle of it would run."""
        return (exec, ("raise SystemExit('code from Redis was run')",))


def test_hostile_bytes_are_refused():
    """Of 10,000 random, damaged and pickled byte strings none is read, and none is run."""
    chance = random.Random(11)  # noqa: S311  the same in every run
    for _ in range(2500):
        damaged = bytearray(SEALED)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        for data in (
            chance.randbytes(chance.randint(0, 300)),
            envelopes._MAGIC + chance.randbytes(chance.randint(0, 300)),
            pickle.dumps((Evil(), chance.random())),
            bytes(damaged),
        ):
            if data != SEALED:
                with pytest.raises(NotAnEnvelope):
                    opened(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"made_at": math.inf},
        {"made_at": math.nan},
        {"made_at": -1.0},
        {"made_at": "now"},
        {"fresh_s": math.inf},
        {"fresh_s": math.nan},
        {"fresh_s": -1.0},
        {"fresh_s": 2e6},
        {"work_s": math.inf},
        {"work_s": -0.1},
        {"body": ["reply"]},
        {"body": ["other", "text"]},
        {"body": [*REPLY_PARTS, "more"]},
        {"body": [*REPLY_PARTS[:1], None, *REPLY_PARTS[2:]]},
        {"body": [*REPLY_PARTS[:4], math.nan, *REPLY_PARTS[5:]]},
        {"body": [*REPLY_PARTS[:5], -1, *REPLY_PARTS[6:]]},
        {"body": [*REPLY_PARTS[:5], 2**63, *REPLY_PARTS[6:]]},
        {"body": [*REPLY_PARTS[:6], 2**63, *REPLY_PARTS[7:]]},
        {"body": [*REPLY_PARTS[:7], 2**63, *REPLY_PARTS[8:]]},
        {"body": [*REPLY_PARTS[:8], math.inf]},
        {"body": ["refusal", "gemini", "blocked", "No.", -1]},
        {"body": ["refusal", "gemini", "blocked", "No.", 2**63]},
        {"body": None},
    ],
)
def test_a_forged_body_is_checked_as_well(changes):
    """A body with the right checksum but values that are never written is refused."""
    assert opened(resealed()).entry.body == REPLY

    with pytest.raises(NotAnEnvelope):
        opened(resealed(**changes))


@pytest.mark.parametrize(
    ("tags", "fails"),
    [
        (tuple(map(str, range(65))), "tags"),
        (("t" * 5000,), "head"),
        (tuple(map(str, range(60_000))), "head"),
    ],
    ids=["one tag too many", "a tag too long", "far too many tags"],
)
def test_a_head_that_is_never_sealed_is_not_read(tags, fails):
    """More tags and longer ones than are sealed are hostile, also if they are expected."""
    tokens = Tokens(("a",) * (len(tags) + 1))
    head = envelopes._pack(["digest", tags, tokens.values])
    rest = len(head).to_bytes(4, "big") + head + body_bytes(SEALED)
    forged = envelopes._MAGIC + crc32(rest).to_bytes(4, "big") + rest

    with pytest.raises(NotAnEnvelope, match=fails):
        opened(forged)
    if len(tags) > 64:
        with pytest.raises(ValueError, match="tags"):
            expected(tags, tokens)
    else:
        assert expected(tags, tokens)(forged) is None


def test_an_entry_of_later_is_told_from_a_hostile_one():
    """An entry made a minute later than it is here is refused for that, and by how much is told."""
    assert opened(resealed(made_at=NOW + 59)).entry.made_at == NOW + 59

    with pytest.raises(MadeLaterError) as caught:
        opened(resealed(made_at=NOW + 61))

    assert caught.value.ahead_s == 61


@pytest.mark.parametrize(
    ("body", "tags", "tokens"),
    [
        (attrs.evolve(REPLY, finish_reason=FinishReason.LENGTH), ("t",), TOKENS),
        (attrs.evolve(REPLY, degraded="fallback"), ("t",), TOKENS),
        (attrs.evolve(REFUSAL, repeatable=False), ("t",), TOKENS),
        (attrs.evolve(REPLY, content="\ud800"), ("t",), TOKENS),
        (attrs.evolve(REPLY, usage=Usage(2**63, 1)), ("t",), TOKENS),
        (REPLY, ("\ud800",), TOKENS),
        (REPLY, ("t",), Tokens.unknown),
        (REPLY, ("t", "u"), TOKENS),
        (REPLY, tuple(map(str, range(65))), Tokens(tuple("x" * 66))),
        (REPLY, ("t" * 5000,), TOKENS),
    ],
)
def test_what_must_not_be_kept_is_not_sealed(body, tags, tokens):
    """Incomplete, degraded, one-time and unwritable entries get no envelope."""
    with pytest.raises(ValueError, match=r".+"):
        seal("digest", replace(ENTRY, body=body, tags=tags), tokens)


def test_every_other_finish_reason_is_refused():
    """Of all finish reasons only ``stop`` is sealed."""
    for reason in FinishReason:
        body = attrs.evolve(REPLY, finish_reason=reason)
        if reason is FinishReason.STOP:
            assert seal("digest", replace(ENTRY, body=body), TOKENS)
        else:
            with pytest.raises(ValueError, match="incomplete"):
                seal("digest", replace(ENTRY, body=body), TOKENS)
