"""What the checks of the cache are made of would notice a broken promise."""

from __future__ import annotations

import asyncio
import random
import resource
import time
from collections import Counter

import attrs
import pytest

pytest.importorskip("ion_two_tier_cache")
pytest.importorskip("aiocache")

import msgspec
from ion_two_tier_cache.entry import Entry
from ion_two_tier_cache.envelope import NotAnEnvelope, open_envelope, seal
from ion_two_tier_cache.redis_tokens import Tokens

from ion_framework.testing import RedisServer
from perf.reliability import foreign_keys
from perf.reliability.burst import make_room
from perf.reliability.cache_parts import make_key, make_reply
from perf.reliability.hostile_bytes import HUGE, HUGE_BYTES, payloads, sealed
from perf.reliability.meanings import SHARED, Meaning, Meanings

MEANING = Meaning("t", "anna", "", "sage", "1", "m", None, None, (), "? how")


def make_random(seed=3):
    """Numbers at random, the same in every run."""
    return random.Random(seed)  # noqa: S311  a repeatable test


def opened(digest, data):
    """What an envelope holds, None where it is not believed."""
    try:
        return open_envelope(digest, data, now=time.time(), longest_life_s=86400.0)
    except NotAnEnvelope:
        return None


@pytest.fixture
def good():
    """Envelopes as the cache writes them."""
    entry = Entry(make_reply("an answer"), ("persona:lua",), time.time(), 600.0, 60.0, 0.0, 0.5)
    tokens = Tokens(("0" * 16, "1" * 16))
    return [seal(make_key(f"good {number}").digest, entry, tokens) for number in range(3)]


# --- hostile bytes ------------------------------------------------------------------------------


def test_every_payload_is_hostile(good, tmp_path):
    """None of the payloads is an envelope, and every kind comes up."""
    digests = [f"digest {number}" for number in range(700)]
    played = list(payloads(digests, good, tmp_path / "trap", make_random()))
    kinds = Counter(payload.kind for payload in played)

    assert len(kinds) == 15
    assert min(kind for name, kind in kinds.items() if name != HUGE) > 35
    assert min(len(p.content) for p in played if p.kind == HUGE) >= HUGE_BYTES
    for digest, payload in zip(digests, played, strict=True):
        assert opened(digest, payload.content) is None, payload.kind
    assert not (tmp_path / "trap").exists()


def test_a_forger_knows_the_layout():
    """A forged envelope with a right body is believed: the others fail for what they hold."""
    head = msgspec.msgpack.encode(["digest", [], ["0" * 16]])
    reply = ["reply", "text", "m", "g", 1.7e9, 1, 1, 0, None]
    body = msgspec.msgpack.encode([1.7e9, 600.0, 60.0, 3600.0, 0.5, reply])

    assert opened("digest", sealed(head, body)).entry.body.content == "text"
    assert opened("another", sealed(head, body)) is None


# --- meanings -----------------------------------------------------------------------------------


def test_an_answer_belongs_to_its_principal_and_tenant():
    """Another principal, tenant, model, parameter, history or message is another meaning."""
    changes = {
        "tenant": "u",
        "principal": "ben",
        "persona": "sag",
        "version": "1.0",
        "model": "n",
        "temperature": 0.1,
        "tokens": 10,
        "history": ("hello",),
        "text": "? why",
    }

    for name, value in changes.items():
        assert attrs.evolve(MEANING, **{name: value}).essence != MEANING.essence, name


def test_a_given_name_counts_where_nobody_was_authenticated():
    """The name that a caller gave separates callers that are anonymous, and no others."""
    anonymous = attrs.evolve(MEANING, principal="anonymous")

    assert attrs.evolve(anonymous, user_id="x").owner != anonymous.owner
    assert attrs.evolve(MEANING, user_id="x").owner == MEANING.owner


def test_only_what_tells_nothing_is_shared():
    """An answer of the shared persona belongs to all, unless the turn has a history or a name."""
    shared = attrs.evolve(MEANING, persona=SHARED)

    assert shared.essence == attrs.evolve(shared, principal="ben").essence
    assert attrs.evolve(shared, history=("hi",)).owner == ("anna",)
    assert attrs.evolve(shared, user_id="x").owner == ("anna",)


def test_two_normal_forms_of_a_message_mean_the_same():
    """A message means the same in both forms of Unicode; a name of a principal does not."""
    composed, taken_apart = "? é", "? e\u0301"

    assert (
        attrs.evolve(MEANING, text=composed).essence
        == attrs.evolve(MEANING, text=taken_apart).essence
    )
    assert (
        attrs.evolve(MEANING, principal="é").essence
        != attrs.evolve(MEANING, principal="e\u0301").essence
    )


def test_pairs_are_easily_mixed_up():
    """Pairs differ in little: in most, all but three fields at most are the same."""
    meanings = Meanings(make_random())
    pairs = [meanings.pair() for _ in range(500)]
    unequal = [pair for pair in pairs if pair[0].essence != pair[1].essence]
    moved = [
        (first, second)
        for first, second in unequal
        if (first.tenant, first.principal) != (second.tenant, second.principal)
        and first.tenant + first.principal == second.tenant + second.principal
    ]

    assert len(unequal) > 250
    assert len(moved) > 5
    for first, second in pairs:
        differing = [
            field.name
            for field in attrs.fields(Meaning)
            if getattr(first, field.name) != getattr(second, field.name)
        ]
        assert len(differing) <= 3


# --- foreign keys -------------------------------------------------------------------------------


@pytest.fixture
def redis():
    """A Redis with a hundred foreign keys in each of two databases."""
    with RedisServer() as server:
        foreign_keys.fill(server.url, foreign_keys.names(100))
        yield server


def test_a_lost_and_a_changed_key_are_seen(redis):
    """A key that was deleted has no digest, and one that was changed has another."""
    names = foreign_keys.names(100)
    before = foreign_keys.digests(redis.url, names)
    redis.command("DEL", names[3])
    redis.command("APPEND", next(n for n in names[4:] if redis.command("TYPE", n) == "string"), "x")
    after = foreign_keys.digests(redis.url, names)

    differing = [new for old, new in zip(before, after, strict=True) if old != new]
    assert len(before) == 200
    assert foreign_keys.GONE not in before
    assert sorted(value == foreign_keys.GONE for value in differing) == [False, True]


async def test_forbidden_commands_are_seen(redis):
    """MONITOR tells of commands in any spelling, those of scripts included."""
    async with foreign_keys.monitored(redis.port) as seen:
        for words in (("keys", "*"), ("EVAL", "return redis.call('flushdb')", "0"), ("PING",)):
            await asyncio.to_thread(redis.command, *words)
        async with asyncio.timeout(10):
            while not seen["PING"]:  # noqa: ASYNC110  no event stands for it
                await asyncio.sleep(0.01)

    assert (seen["KEYS"], seen["FLUSHDB"], seen["PING"]) == (1, 1, 1)


# --- many connections ---------------------------------------------------------------------------


def test_a_burst_that_does_not_fit_is_refused():
    """More connections than the system allows are refused with the limit and what to do."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard in (resource.RLIM_INFINITY, -1):
        pytest.skip("this system has no limit")

    with pytest.raises(OSError, match=f"{hard} open files.*raise the limit"):
        make_room(hard)


def test_names_are_of_every_shape():
    """Foreign keys are different from each other and begin in every way that there is."""
    names = foreign_keys.names(200)

    assert len(set(names)) == 200
    beginnings = {shape.split("{}")[0] for shape in foreign_keys.SHAPES}
    assert all(any(name.startswith(begin) for name in names) for begin in beginnings)
