"""One turn of a conversation at a time: rights, leases, and turns that are repeated."""

from __future__ import annotations

import asyncio

import attrs
import pytest

from ion_framework.conversations.store import (
    Beginning,
    Begun,
    Busy,
    ConversationFullError,
    ConversationStore,
    Repeated,
)
from ion_framework.testing.contracts.store.base import StoreTests
from ion_framework.testing.contracts.store.values import (
    ANN,
    LEASE_S,
    NOON,
    after,
    begun,
    full_conversation,
    make_conversation,
    make_stored_turn,
    talk,
)
from ion_framework.testing.proving import cannot_run

CALLERS = 100
"""How many ask for one right at once."""


async def asked(
    store: ConversationStore, key: str | None = None, now: float = NOON, name: str = "c1"
) -> Beginning:
    """What a caller gets who wants to make the next turn."""
    return await store.begin(ANN, name, idempotency_key=key, turns=5, lease_s=LEASE_S, now=now)


class RightsTests(StoreTests):
    """`begin`, `append` and `abandon`."""

    async def test_a_beginning_brings_the_conversation(self) -> None:
        """Whoever begins gets the conversation as it stands and its latest turns."""
        async with self.stored() as store:
            await store.create(make_conversation())
            kept = await talk(store, count=7)
            found = await asked(store)
            assert isinstance(found, Begun)
            assert found.conversation == kept
            assert found.turns == await store.turns(ANN, "c1", 5)

    async def test_the_caller_judges_what_is_over(self) -> None:
        """A conversation that is closed or past its time begins like any other."""
        async with self.stored() as store:
            await store.create(full_conversation("c1", expires_at=NOON - 1))
            assert isinstance(await asked(store), Begun)

    async def test_a_turn_counts_on(self) -> None:
        """A turn that is kept brings the conversation after it, in its next version."""
        async with self.stored() as store:
            kept = full_conversation("c1", version=3)
            await store.create(kept)
            right = await begun(store)
            turn = make_stored_turn(1)
            told = attrs.evolve(after(right.conversation, turn), summary="새 요약", persona="lua")
            assert await store.append(told, turn, right.token)
            assert await store.get(ANN, "c1") == attrs.evolve(told, version=4)

    async def test_one_of_a_hundred_begins(self) -> None:
        """Of 100 callers at once, at two instances, exactly one gets the right."""
        async with self.stored() as one, self.stored() as other:
            await one.create(make_conversation())
            stores = (one, other)
            found = await asyncio.gather(*(asked(stores[n % 2]) for n in range(CALLERS)))
            assert sum(isinstance(item, Begun) for item in found) == 1
            assert found.count(Busy(same=False)) == CALLERS - 1

    async def test_a_hundred_callers_make_their_turns(self) -> None:
        """Callers who try until they may keep one turn each, numbered without a gap."""
        async with self.stored() as one, self.stored() as other:
            await one.create(make_conversation())

            async def insist(store: ConversationStore, caller: int) -> None:
                while not isinstance(right := await asked(store), Begun):  # noqa: ASYNC110  another process cannot set an event
                    await asyncio.sleep(0.001 * (caller % 7 + 1))
                turn = make_stored_turn(
                    right.conversation.turn_count + 1, user_message=f"caller {caller}"
                )
                assert await store.append(after(right.conversation, turn), turn, right.token)

            stores = (one, other)
            await asyncio.gather(*(insist(stores[n % 2], n) for n in range(20)))
            turns = await other.turns(ANN, "c1", 50)
            assert list(range(1, 21)) == [turn.number for turn in turns]
            assert {f"caller {n}" for n in range(20)} == {turn.user_message for turn in turns}

    async def test_it_tells_who_waits_for_the_same(self) -> None:
        """A caller is told whether the turn in the making has his own idempotency key."""
        async with self.stored() as store:
            await store.create(make_conversation())
            await begun(store, idempotency_key="a")
            assert await asked(store, "a") == Busy(same=True)
            assert await asked(store, "b") == Busy(same=False)
            assert await asked(store) == Busy(same=False)

    async def test_it_tells_how_long_a_right_lasts(self) -> None:
        """A caller is told the seconds until the right of the turn in the making ends."""
        async with self.stored() as store:
            await store.create(make_conversation())
            right = await begun(store)
            busy = await asked(store, now=NOON + 2)
            assert isinstance(busy, Busy)
            assert busy.left_s == pytest.approx(LEASE_S - 2, abs=0.01)
            assert await store.renew("c1", right.token, lease_s=LEASE_S, now=NOON + 2)
            again = await asked(store, now=NOON + 2)
            assert isinstance(again, Busy)
            assert again.left_s == pytest.approx(LEASE_S, abs=0.01)

    async def test_two_without_a_key_are_not_the_same(self) -> None:
        """A turn in the making without a key is not the same as another one without."""
        async with self.stored() as store:
            await store.create(make_conversation())
            await begun(store)
            assert await asked(store) == Busy(same=False)

    async def test_an_abandoned_right_is_free(self) -> None:
        """After a right is given back, the next caller gets one, and no turn is kept."""
        async with self.stored() as store:
            await store.create(make_conversation())
            right = await begun(store, idempotency_key="a")
            await store.abandon("c1", right.token)
            again = await asked(store, "a")
            assert isinstance(again, Begun)
            assert again.token != right.token
            assert again.conversation == make_conversation()

    async def test_an_abandoned_right_keeps_no_turn(self) -> None:
        """A turn whose right was given back is refused."""
        async with self.stored() as store:
            await store.create(make_conversation())
            right, turn = await begun(store), make_stored_turn(1)
            await store.abandon("c1", right.token)
            assert not await store.append(after(right.conversation, turn), turn, right.token)
            assert await store.turns(ANN, "c1", 5) == ()

    async def test_nobody_gives_anothers_right_back(self) -> None:
        """A token that does not hold the right gives nothing back."""
        async with self.stored() as store:
            await store.create(make_conversation())
            right, turn = await begun(store), make_stored_turn(1)
            await store.abandon("c1", "another token")
            assert await asked(store) == Busy(same=False)
            assert await store.append(after(right.conversation, turn), turn, right.token)

    async def test_a_right_ends_with_its_lease(self) -> None:
        """Up to the end of a lease others are refused; then the next one gets the right."""
        async with self.stored() as store:
            await store.create(make_conversation())
            await begun(store)
            assert await asked(store, now=NOON + LEASE_S - 1) == Busy(same=False)
            assert isinstance(await asked(store, now=NOON + LEASE_S + 1), Begun)
            assert await asked(store, now=NOON + LEASE_S + 2) == Busy(same=False)

    async def test_a_full_conversation_begins_no_turn(self) -> None:
        """With ``max_turns`` turns a conversation begins no other, but repeats those it has."""
        manifest = self.record(self.make()).manifest
        if manifest is None or "max_turns" not in manifest.settings:
            cannot_run("this store does not bound the turns of a conversation")
        async with self.stored(max_turns=2) as store:
            await store.create(make_conversation())
            await talk(store, idempotency_key="a")
            right = await begun(store)
            assert await asked(store) == Busy(same=False)
            second = make_stored_turn(2)
            assert await store.append(after(right.conversation, second), second, right.token)
            for key in (None, "b"):
                with pytest.raises(ConversationFullError, match="2 turns") as caught:
                    await asked(store, key)
                assert caught.value.most == len(await store.turns(ANN, "c1", 5))
            assert isinstance(await asked(store, "a"), Repeated)
            kept = await store.get(ANN, "c1")
            assert kept is not None
            assert await store.update(attrs.evolve(kept, closed_at=NOON))

    async def test_a_turn_that_comes_too_late_is_refused(self) -> None:
        """Where somebody else went on, a late turn is not kept, and a late abandon does nothing."""
        async with self.stored() as store:
            await store.create(make_conversation())
            late = await begun(store)
            next_one = await begun(store, now=NOON + LEASE_S + 1)
            lost = make_stored_turn(1, user_message="late")
            assert not await store.append(after(late.conversation, lost), lost, late.token)
            await store.abandon("c1", late.token)
            turn = make_stored_turn(1)
            assert await store.append(after(next_one.conversation, turn), turn, next_one.token)
            assert not await store.append(after(late.conversation, lost), lost, late.token)
            assert await store.turns(ANN, "c1", 5) == (turn,)

    async def test_a_right_makes_one_turn(self) -> None:
        """A right is spent with its turn: the next append with it is refused."""
        async with self.stored() as store:
            await store.create(make_conversation())
            right, turn = await begun(store), make_stored_turn(1)
            told = after(right.conversation, turn)
            assert await store.append(told, turn, right.token)
            assert not await store.append(told, turn, right.token)
            second = make_stored_turn(2)
            assert not await store.append(after(told, second), second, right.token)
            assert isinstance(await asked(store), Begun)

    async def test_a_turn_follows_the_conversation_it_knew(self) -> None:
        """A turn of a conversation that was changed or deleted meanwhile is refused."""
        async with self.stored() as store:
            for name in ("changed", "deleted"):
                await store.create(make_conversation(name))
                right, turn = await begun(store, name), make_stored_turn(1)
                if name == "changed":
                    assert await store.update(attrs.evolve(right.conversation, summary="new"))
                else:
                    assert await store.delete(ANN, name)
                assert not await store.append(after(right.conversation, turn), turn, right.token)
                assert await store.turns(ANN, name, 5) == ()

    async def test_a_repeated_turn_is_found(self) -> None:
        """The key of a turn that was made brings that turn, however the request reads now."""
        async with self.stored() as store:
            await store.create(make_conversation())
            right = await begun(store, idempotency_key="a")
            turn = make_stored_turn(
                1, idempotency_key="a", fingerprint="one", document='{"content": "답"}'
            )
            assert await store.append(after(right.conversation, turn), turn, right.token)
            await talk(store, count=7)
            assert await asked(store, "a") == Repeated(turn)
            await begun(store, idempotency_key="b")
            assert await asked(store, "a") == Repeated(turn)

    async def test_a_key_belongs_to_its_conversation(self) -> None:
        """The same key in two conversations names two turns."""
        async with self.stored() as store:
            for name in ("c1", "c2"):
                await store.create(make_conversation(name))
                found = await asked(store, "a", name=name)
                assert isinstance(found, Begun)
                turn = make_stored_turn(1, idempotency_key="a", user_message=name)
                assert await store.append(after(found.conversation, turn), turn, found.token)
            repeated = await asked(store, "a", name="c2")
            assert isinstance(repeated, Repeated)
            assert repeated.turn.user_message == "c2"
