"""Lists by pages, and what deletes: a conversation, a user's data, what has had its time."""

from __future__ import annotations

import pytest

from ion_framework.conversations.model import Conversation, Feedback, Owner
from ion_framework.conversations.store import ConversationStore
from ion_framework.testing.contracts.store.base import StoreTests
from ion_framework.testing.contracts.store.values import (
    ANN,
    BOB,
    NOON,
    begun,
    make_conversation,
    make_feedback,
    make_stored_turn,
    talk,
)


async def paged(
    store: ConversationStore, owner: Owner, user_id: str | None, limit: int
) -> list[Conversation]:
    """Every conversation of a list, page by page."""
    found: list[Conversation] = []
    cursor = None
    while True:
        page = await store.list(owner, user_id, limit=limit, cursor=cursor, now=NOON)
        assert len(page.conversations) <= limit
        found += page.conversations
        if page.cursor is None:
            return found
        assert page.conversations
        cursor = page.cursor


async def feedback_of(store: ConversationStore, owner: Owner | None = None) -> list[Feedback]:
    """Every feedback in order."""
    return [item async for item in store.feedback(owner)]


class ListTests(StoreTests):
    """`list`, `delete`, `delete_user`, `expire` and the feedback."""

    async def test_lists_begin_with_the_latest(self) -> None:
        """Pages of any size show every conversation once, latest activity first."""
        made = [
            make_conversation(f"c{n:02}", last_activity=NOON + n * 7 % 23 // 2) for n in range(23)
        ]
        async with self.stored() as store:
            for conversation in made:
                await store.create(conversation)
            for limit in (1, 2, 7, 23, 50):
                found = await paged(store, ANN, None, limit)
                times = [conversation.last_activity for conversation in found]
                assert times == sorted(times, reverse=True)
                assert {item.id: item for item in found} == {item.id: item for item in made}
                assert len(found) == len(made)

    async def test_lists_count(self) -> None:
        """A page says how many conversations there are, and how many of them are active."""
        async with self.stored() as store:
            await store.create(make_conversation("active"))
            await store.create(make_conversation("closed", closed_at=NOON))
            await store.create(make_conversation("over", expires_at=NOON))
            await store.create(make_conversation("other", user_id="user-2"))
            page = await store.list(ANN, None, limit=1, now=NOON)
            assert (4, 2, 1) == (page.total, page.active, len(page.conversations))
            page = await store.list(ANN, "user-1", limit=10, cursor=None, now=NOON)
            assert (3, 1, None) == (page.total, page.active, page.cursor)
            page = await store.list(ANN, "nobody", limit=10, now=NOON)
            assert ((), 0, 0, None) == (page.conversations, page.total, page.active, page.cursor)

    async def test_lists_are_of_one_user_or_of_all(self) -> None:
        """A list holds the conversations of its owner, and of its user where one is named."""
        async with self.stored() as store:
            for owner in (ANN, BOB):
                for user in ("u", "v"):
                    name = f"{owner.principal}-{user}"
                    await store.create(make_conversation(name, owner=owner, user_id=user))
            assert {"ann-u", "ann-v"} == {item.id for item in await paged(store, ANN, None, 1)}
            assert ["bob-v"] == [item.id for item in await paged(store, BOB, "v", 1)]

    async def test_a_page_follows_the_one_before(self) -> None:
        """What moves to the front between two pages neither repeats nor hides the others."""
        async with self.stored() as store:
            for n in range(6):
                await store.create(make_conversation(f"c{n}", last_activity=NOON - n))
            first = await store.list(ANN, None, limit=3, now=NOON)
            await talk(store, "c5")
            await store.create(make_conversation("new", last_activity=NOON + 9))
            second = await store.list(ANN, None, limit=3, cursor=first.cursor, now=NOON)
            assert ["c0", "c1", "c2"] == [item.id for item in first.conversations]
            assert ["c3", "c4"] == [item.id for item in second.conversations]

    async def test_a_cursor_of_another_list_is_refused(self) -> None:
        """A cursor that is garbage, or of another owner's or user's list, is a ValueError."""
        async with self.stored() as store:
            for owner in (ANN, BOB):
                for n in range(2):
                    name = f"{owner.principal}{n}"
                    await store.create(make_conversation(name, owner=owner))
            cursor = (await store.list(ANN, None, limit=1, now=NOON)).cursor
            assert cursor
            for owner, user, wrong in (
                (BOB, None, cursor),
                (ANN, "user-1", cursor),
                (ANN, None, "garbage"),
                (ANN, None, "갸"),
                (ANN, None, ""),
            ):
                with pytest.raises(ValueError, match="cursor"):
                    await store.list(owner, user, limit=1, cursor=wrong, now=NOON)

    async def test_a_conversation_is_deleted_with_its_turns(self) -> None:
        """A conversation that was deleted is gone with its turns, and its id is free."""
        async with self.stored() as store:
            await store.create(make_conversation())
            await talk(store, count=3)
            assert await store.delete(ANN, "c1")
            assert not await store.delete(ANN, "c1")
            assert await store.get(ANN, "c1") is None
            assert await store.turns(ANN, "c1", 9) == ()
            assert await store.find_turn(ANN, "c1-1") is None
            await store.create(make_conversation())
            assert (await begun(store)).turns == ()

    async def test_a_conversation_is_deleted_with_its_feedback(self) -> None:
        """Feedback on a deleted conversation goes with it; that on another and others' stays."""
        async with self.stored() as store:
            for owner, name in ((ANN, "a"), (ANN, "b"), (BOB, "c")):
                await store.create(make_conversation(name, owner=owner))
                await talk(store, name, 2, owner=owner)
            for owner, name, request in (
                (ANN, "first", "a-1"),
                (ANN, "second", "a-2"),
                (ANN, "its neighbour", "b-1"),
                (ANN, "nobody's", "none"),
                (BOB, "of the same name", "a-1"),
            ):
                await store.add_feedback(make_feedback(name, owner=owner, request_id=request))
            assert not await store.delete(BOB, "a")
            assert await store.delete(ANN, "a")
            assert {"its neighbour", "nobody's"} == {
                item.id for item in await feedback_of(store, ANN)
            }
            assert ["of the same name"] == [item.id for item in await feedback_of(store, BOB)]

    async def test_feedback_outlives_what_expired(self) -> None:
        """Feedback on a conversation that had its time stays until its user's data is deleted."""
        async with self.stored() as store:
            await store.create(make_conversation(user_id="u"))
            kept = await talk(store)
            await store.add_feedback(make_feedback(request_id="c1-1", user_id="u"))
            assert await store.expire(kept.expires_at + 1) == 1
            assert ["f1"] == [item.id for item in await feedback_of(store)]
            await store.delete_user(ANN, "u")
            assert [] == await feedback_of(store)

    async def test_a_users_data_is_deleted(self) -> None:
        """Deleting a user takes the user's conversations and feedback, and nobody else's."""
        async with self.stored() as store:
            for owner, name, user in (
                (ANN, "a", "u"),
                (ANN, "b", "u"),
                (ANN, "c", "v"),
                (BOB, "d", "u"),
            ):
                await store.create(make_conversation(name, owner=owner, user_id=user))
                await talk(store, name, owner=owner)
                await store.add_feedback(
                    make_feedback(f"f-{name}", owner=owner, request_id=f"{name}-1")
                )
            await store.add_feedback(make_feedback("named", request_id="none", user_id="u"))
            await store.add_feedback(make_feedback("other", request_id="none", user_id="v"))
            assert [2, 0] == [await store.delete_user(ANN, "u") for _ in range(2)]
            assert ["c"] == [item.id for item in await paged(store, ANN, None, 5)]
            assert ["d"] == [item.id for item in await paged(store, BOB, None, 5)]
            assert {"f-c", "other"} == {item.id for item in await feedback_of(store, ANN)}
            assert {"f-d"} == {item.id for item in await feedback_of(store, BOB)}
            assert await store.find_turn(ANN, "a-1") is None

    async def test_what_has_had_its_time_goes(self) -> None:
        """What expired before a time is deleted with its turns, closed or not, and is counted."""
        async with self.stored() as store:
            await store.create(make_conversation("over", expires_at=NOON - 1))
            await store.create(make_conversation("closed", expires_at=NOON - 1, closed_at=NOON - 9))
            await store.create(make_conversation("lasts", expires_at=NOON + 1))
            assert [2, 0] == [await store.expire(NOON) for _ in range(2)]
            assert ["lasts"] == [item.id for item in await paged(store, ANN, None, 5)]

    async def test_turns_of_what_expired_are_gone(self) -> None:
        """No turn of an expired conversation is left, and no right to go on with it."""
        async with self.stored() as store:
            await store.create(make_conversation())
            kept = await talk(store, count=2)
            right = await begun(store)
            assert await store.expire(kept.expires_at + 1) == 1
            turn = make_stored_turn(3)
            assert not await store.append(right.conversation, turn, right.token)
            assert await store.find_turn(ANN, "c1-1") is None

    async def test_feedback_is_kept_whole_and_in_order(self) -> None:
        """Feedback comes back as it was given, oldest first, one owner's or everybody's."""
        every = make_feedback(
            "f2",
            at=NOON - 5,
            rating=None,
            persona="lua",
            tone="frustrated",
            intent="plan",
            comment="아니에요 🙂",
            message="왜?",
            receipt='{"a": 1}',
            user_id="u",
        )
        later, bobs = make_feedback("f1"), make_feedback("f3", owner=BOB, at=NOON - 1)
        async with self.stored() as store:
            for item in (later, bobs, every):
                await store.add_feedback(item)
            assert [every, later] == await feedback_of(store, ANN)
            assert [bobs] == await feedback_of(store, BOB)
            assert [every, bobs, later] == await feedback_of(store)

    async def test_feedback_is_replaced_by_its_owner(self) -> None:
        """A second feedback of one id replaces the first of its owner, and nobody else's."""
        async with self.stored() as store:
            bobs, again = make_feedback(owner=BOB), make_feedback(rating=1, comment="again")
            for item in (make_feedback(), bobs, again):
                await store.add_feedback(item)
            assert [again] == await feedback_of(store, ANN)
            assert [bobs] == await feedback_of(store, BOB)

    async def test_much_feedback_is_told_piece_by_piece(self) -> None:
        """Each of 500 feedbacks comes once, and whoever leaves early leaves nothing locked."""
        async with self.stored() as store:
            for n in range(500):
                await store.add_feedback(make_feedback(f"f{n}", at=NOON + n))
            assert [f"f{n}" for n in range(500)] == [item.id for item in await feedback_of(store)]
            async for item in store.feedback():
                assert item.id == "f0"
                break
            await store.add_feedback(make_feedback("last", at=NOON + 999))
