"""What is kept is found again: whole, by its owner alone, by every process, after a new start."""

from __future__ import annotations

import attrs
import pytest

from ion_framework.conversations.model import Owner
from ion_framework.conversations.store import Missing
from ion_framework.testing.contracts.store.base import StoreTests
from ion_framework.testing.contracts.store.values import (
    ANN,
    BOB,
    LEASE_S,
    NOON,
    after,
    begun,
    full_conversation,
    make_conversation,
    make_stored_turn,
    talk,
)

LONG = "가나다 🙂 long " * 2910
"""A message of about 32,000 characters."""

MANY = 1000
"""Turns of a long conversation."""


class KeepingTests(StoreTests):
    """`create`, `get`, `turns`, `find_turn` and `update`."""

    async def test_it_can_serve(self) -> None:
        """A store that was opened answers a ping."""
        async with self.stored() as store:
            await store.ping()

    async def test_a_conversation_is_kept_whole(self) -> None:
        """Every field of a conversation comes back as it was given, in any script."""
        async with self.stored() as store:
            for conversation in (full_conversation(), make_conversation()):
                await store.create(conversation)
                assert await store.get(ANN, conversation.id) == conversation

    async def test_a_turn_is_kept_whole(self) -> None:
        """Every field of a turn comes back as it was given, in any script."""
        turn = make_stored_turn(
            1,
            request_id="요청-1",
            user_message="왜 안 되죠? \u2028 \t\r\n 🤷🏽 'quoted' \"twice\" \\ %s",
            ai_response="🙂 " * 10,
            document='{"content": "🙂"}',
            receipt='{"key": "calm"}',
            idempotency_key="키 1",
            fingerprint="f" * 64,
            tokens=123_456_789,
            at=NOON + 0.123456,
        )
        async with self.stored() as store:
            await store.create(make_conversation())
            right = await begun(store, idempotency_key=turn.idempotency_key)
            assert await store.append(after(right.conversation, turn), turn, right.token)
            assert await store.turns(ANN, "c1", 10) == (turn,)
            assert await store.find_turn(ANN, "요청-1") == turn

    async def test_an_id_is_taken_once(self) -> None:
        """A second conversation of one id is refused, whoever owns it, and changes nothing."""
        first = make_conversation(user_id="first")
        async with self.stored() as store:
            await store.create(first)
            for owner in (ANN, BOB):
                with pytest.raises(ValueError, match="c1"):
                    await store.create(make_conversation(owner=owner))
            assert await store.get(ANN, "c1") == first
            assert await store.get(BOB, "c1") is None

    async def test_another_owners_conversation_is_not_there(self) -> None:
        """Nobody but the owner, tenant and principal, meets a conversation in any method."""
        strangers = (
            BOB,
            Owner(tenant="other", principal="ann"),
            Owner(tenant="ann", principal="acme"),
            Owner(tenant="acmeann", principal=""),
        )
        async with self.stored() as store:
            await store.create(make_conversation())
            kept = await talk(store)
            for owner in strangers:
                assert await store.get(owner, "c1") is None
                assert await store.turns(owner, "c1", 10) == ()
                assert await store.find_turn(owner, "c1-1") is None
                assert not await store.update(attrs.evolve(kept, owner=owner))
                assert not await store.delete(owner, "c1")
                assert await store.delete_user(owner, "user-1") == 0
                page = await store.list(owner, None, limit=10, now=NOON)
                assert ((), 0, 0) == (page.conversations, page.total, page.active)
                found = await store.begin(
                    owner, "c1", idempotency_key=None, turns=1, lease_s=LEASE_S, now=NOON
                )
                assert found == Missing()
            assert await store.get(ANN, "c1") == kept

    async def test_what_is_not_there_is_not_found(self) -> None:
        """An unknown id is None, empty, Missing or False, and no error."""
        async with self.stored() as store:
            assert await store.get(ANN, "none") is None
            assert await store.turns(ANN, "none", 10) == ()
            assert await store.find_turn(ANN, "none") is None
            assert not await store.delete(ANN, "none")
            assert not await store.update(make_conversation("none"))
            await store.abandon("none", "token")
            found = await store.begin(
                ANN, "none", idempotency_key="k", turns=1, lease_s=LEASE_S, now=NOON
            )
            assert found == Missing()

    async def test_the_latest_turns_come_oldest_first(self) -> None:
        """A limit takes the latest turns, and ``before`` those in front of a number."""
        async with self.stored() as store:
            await store.create(make_conversation())
            await talk(store, count=7)

            async def numbers(limit: int, before: int | None = None) -> list[int]:
                return [turn.number for turn in await store.turns(ANN, "c1", limit, before)]

            assert [5, 6, 7] == await numbers(3)
            assert [2, 3, 4] == await numbers(3, 5)
            assert [1] == await numbers(3, 2)
            assert [] == await numbers(3, 1)
            assert [] == await numbers(0)
            assert list(range(1, 8)) == await numbers(100)
            assert [6, 7] == [turn.number for turn in (await begun(store, turns=2)).turns]

    async def test_a_change_needs_the_latest_version(self) -> None:
        """An update of the version that is kept counts on; one of an older version is refused."""
        async with self.stored() as store:
            kept = make_conversation()
            await store.create(kept)
            assert await store.update(attrs.evolve(kept, summary="one"))
            assert not await store.update(attrs.evolve(kept, summary="two"))
            found = await store.get(ANN, "c1")
            assert found == attrs.evolve(kept, summary="one", version=kept.version + 1)

    async def test_long_messages(self) -> None:
        """A message and an answer of 32,000 characters come back letter by letter."""
        async with self.stored() as store:
            await store.create(make_conversation())
            await talk(store, user_message=LONG, ai_response=LONG[::-1], document=f'"{LONG}"')
            (turn,) = await store.turns(ANN, "c1", 1)
            assert (LONG, LONG[::-1], f'"{LONG}"') == (
                turn.user_message,
                turn.ai_response,
                turn.document,
            )

    async def test_long_conversations(self) -> None:
        """A conversation of 1,000 turns has each of them once and in order."""
        async with self.stored() as store:
            await store.create(make_conversation())
            kept = await talk(store, count=MANY)
            turns = await store.turns(ANN, "c1", 2 * MANY)
            assert MANY == kept.turn_count
            assert list(range(1, MANY + 1)) == [turn.number for turn in turns]
            assert [f"question {n}" for n in range(1, MANY + 1)] == [t.user_message for t in turns]

    async def test_a_turn_is_found_by_its_request(self) -> None:
        """A request id finds its turn among those of many conversations, for the owner alone."""
        async with self.stored() as store:
            for owner in (ANN, BOB):
                await store.create(make_conversation(owner.principal, owner=owner))
                await talk(store, owner.principal, 3, owner=owner)
            found = await store.find_turn(BOB, "bob-2")
            assert found is not None
            assert ("bob-2", 2) == (found.request_id, found.number)
            assert await store.find_turn(ANN, "bob-2") is None

    async def test_processes_share_what_is_kept(self) -> None:
        """What one instance keeps, another one finds at once."""
        async with self.stored() as one, self.stored() as other:
            await one.create(make_conversation())
            kept = await talk(one, count=2)
            assert await other.get(ANN, "c1") == kept
            assert await other.turns(ANN, "c1", 9) == await one.turns(ANN, "c1", 9)

    async def test_what_is_kept_outlives_the_instance(self) -> None:
        """A store that is opened again has what it had."""
        async with self.stored() as store:
            await store.create(make_conversation())
            kept = await talk(store, count=2)
        async with self.stored() as store:
            assert await store.get(ANN, "c1") == kept
            turns = await store.turns(ANN, "c1", 9)
            assert [1, 2] == [turn.number for turn in turns]
