"""Rights that are renewed while their turn is in the making, and those that are renewed no more."""

from __future__ import annotations

from ion_framework.conversations.store import Begun, Busy, ConversationStore
from ion_framework.testing.contracts.store.base import StoreTests
from ion_framework.testing.contracts.store.rights import asked
from ion_framework.testing.contracts.store.values import (
    ANN,
    LEASE_S,
    NOON,
    after,
    begun,
    make_conversation,
    make_stored_turn,
)


async def renewed(store: ConversationStore, token: str, now: float, name: str = "c1") -> bool:
    """Whether a right goes on for as long as it was given at first."""
    return await store.renew(name, token, lease_s=LEASE_S, now=now)


class RenewalTests(StoreTests):
    """`renew`."""

    async def test_a_renewed_right_outlives_its_first_lease(self) -> None:
        """A right that is renewed in time, at any instance, lasts, and then keeps its turn."""
        async with self.stored() as store, self.stored() as other:
            await store.create(make_conversation())
            right = await begun(store, idempotency_key="a")
            for n, each in enumerate((store, other, store), 1):
                assert await renewed(each, right.token, NOON + n * (LEASE_S - 1))
            end = NOON + 3 * (LEASE_S - 1) + LEASE_S
            assert await asked(other, "a", now=end - 1) == Busy(same=True)
            turn = make_stored_turn(1, idempotency_key="a")
            assert await store.append(after(right.conversation, turn), turn, right.token)
            assert await other.turns(ANN, "c1", 5) == (turn,)

    async def test_a_renewed_right_ends_with_its_last_lease(self) -> None:
        """A right that is renewed no longer ends a lease after its last renewal."""
        async with self.stored() as store:
            await store.create(make_conversation())
            right = await begun(store)
            assert await store.renew("c1", right.token, lease_s=10.0, now=NOON + 1)
            assert await asked(store, now=NOON + 10) == Busy(same=False)
            assert isinstance(await asked(store, now=NOON + 12), Begun)

    async def test_a_right_that_has_ended_is_not_renewed(self) -> None:
        """From the end of its lease on a right cannot be renewed, and the next one may begin."""
        async with self.stored() as store:
            await store.create(make_conversation())
            right = await begun(store)
            for late_s in (0, 1):
                assert not await renewed(store, right.token, NOON + LEASE_S + late_s)
            assert isinstance(await asked(store, now=NOON + LEASE_S + 1), Begun)

    async def test_a_right_that_was_taken_over_is_not_renewed(self) -> None:
        """Where somebody else went on, the old right stays lost and the new one untouched."""
        async with self.stored() as store:
            await store.create(make_conversation())
            late = await begun(store)
            later = NOON + LEASE_S + 1
            next_one = await begun(store, now=later)
            # Told with a time at which it had not ended yet, as by a clock that is behind.
            for now in (NOON + 1, later + 1):
                assert not await store.renew("c1", late.token, lease_s=9 * LEASE_S, now=now)
            assert await renewed(store, next_one.token, later + 1)
            assert isinstance(await asked(store, now=later + LEASE_S + 2), Begun)

    async def test_a_right_that_is_spent_or_given_back_is_not_renewed(self) -> None:
        """After its turn, its abandonment or the end of its conversation no right is renewed."""
        async with self.stored() as store:
            for name in ("spent", "given back", "deleted"):
                await store.create(make_conversation(name))
                right, turn = await begun(store, name), make_stored_turn(1)
                if name == "spent":
                    assert await store.append(after(right.conversation, turn), turn, right.token)
                elif name == "given back":
                    await store.abandon(name, right.token)
                else:
                    assert await store.delete(ANN, name)
                assert not await renewed(store, right.token, NOON + 1, name)
            assert isinstance(await asked(store, name="spent"), Begun)
            assert isinstance(await asked(store, name="given back"), Begun)

    async def test_nobody_renews_anothers_right(self) -> None:
        """A token that does not hold the right renews nothing, also where it holds another."""
        async with self.stored() as store:
            for name in ("c1", "c2"):
                await store.create(make_conversation(name))
            assert not await renewed(store, "another token", NOON)
            right = await begun(store)
            foreign = (await begun(store, "c2")).token
            for token in ("another token", "", foreign, f"{foreign}x", f"{right.token}x"):
                assert not await store.renew("c1", token, lease_s=9 * LEASE_S, now=NOON + 1)
            assert not await renewed(store, right.token, NOON + 1, "none")
            assert isinstance(await asked(store, now=NOON + LEASE_S), Begun)
