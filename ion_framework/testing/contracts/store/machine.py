"""A store beside dictionaries: any sequence of calls has to give the same on both."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from itertools import count
from typing import Any, TypeVar

import attrs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ion_framework.conversations.model import Conversation, Feedback, Owner, StoredTurn
from ion_framework.conversations.store import Begun, Busy, ConversationStore, Missing, Repeated
from ion_framework.testing.contracts.store.values import (
    LEASE_S,
    NOON,
    after,
    make_conversation,
    make_feedback,
    make_stored_turn,
)

_Result = TypeVar("_Result")

_examples = count()
"""Each example has owners of its own: the store cannot be emptied."""

owners = st.sampled_from((0, 1))
names = st.sampled_from("abc")
users = st.sampled_from(("u", "v"))
keys = st.sampled_from((None, "k1", "k2"))
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@attrs.define
class Held:
    """What the model knows of a conversation."""

    conversation: Conversation
    turns: list[StoredTurn] = attrs.field(factory=list)
    token: str | None = None
    key: str | None = None
    lease_ends: float = 0.0


class StoreMachine(RuleBasedStateMachine):
    """Calls of a store, each made on the model too."""

    store: ConversationStore
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.example = next(_examples)
        self.owners = tuple(
            Owner(tenant=f"t{self.example}", principal=principal) for principal in ("ann", "bob")
        )
        self.now = NOON
        self.held: dict[str, Held] = {}
        self.given: dict[tuple[Owner, str], Feedback] = {}
        self.rights: list[tuple[str, Begun, str | None]] = []
        self.requests = count(1)

    def run(self, call: Coroutine[Any, Any, _Result]) -> _Result:
        """Make a call of the store."""
        return self.runner.run(call)

    def name(self, letter: str) -> str:
        """The id of a conversation of this example."""
        return f"{self.example}-{letter}"

    def find(self, owner: int, letter: str) -> Held | None:
        """What the model holds under a name for an owner."""
        held = self.held.get(self.name(letter))
        return held if held and held.conversation.owner == self.owners[owner] else None

    def drop(self, name: str) -> None:
        """Drop a conversation from the model."""
        del self.held[name]

    def forget(self, owner: Owner, requests: set[str], user: str | None = None) -> None:
        """Drop an owner's feedback on requests, or of a user, from the model."""
        self.given = {
            (by, name): item
            for (by, name), item in self.given.items()
            if by != owner or not (item.user_id == user or item.request_id in requests)
        }

    @rule(owner=owners, letter=names, user=users, ttl=st.sampled_from((50.0, 500.0)))
    def create(self, owner: int, letter: str, user: str, ttl: float) -> None:
        """A new conversation, or a name that is taken."""
        conversation = make_conversation(
            self.name(letter),
            owner=self.owners[owner],
            user_id=user,
            created_at=self.now,
            last_activity=self.now,
            expires_at=self.now + ttl,
            ttl_s=ttl,
        )
        try:
            self.run(self.store.create(conversation))
        except ValueError:
            assert conversation.id in self.held
        else:
            assert conversation.id not in self.held
            self.held[conversation.id] = Held(conversation)

    @rule(owner=owners, letter=names, key=keys, turns=st.integers(0, 4))
    def begin(self, owner: int, letter: str, key: str | None, turns: int) -> None:
        """The right to make a turn, where it is free."""
        found = self.run(
            self.store.begin(
                self.owners[owner],
                self.name(letter),
                idempotency_key=key,
                turns=turns,
                lease_s=LEASE_S,
                now=self.now,
            )
        )
        held = self.find(owner, letter)
        if held is None:
            assert found == Missing()
            return
        same = [turn for turn in held.turns if key is not None and turn.idempotency_key == key]
        if same:
            assert found == Repeated(same[0])
        elif held.token is not None and self.now < held.lease_ends:
            assert found == Busy(same=key is not None and key == held.key)
        else:
            assert isinstance(found, Begun)
            assert found.conversation == held.conversation
            assert found.turns == tuple(held.turns[len(held.turns) - turns :] if turns else ())
            held.token, held.key, held.lease_ends = found.token, key, self.now + LEASE_S
            self.rights.append((held.conversation.id, found, key))

    @precondition(lambda self: self.rights)
    @rule(data=st.data(), said=texts, answer=texts)
    def append(self, data: st.DataObject, said: str, answer: str) -> None:
        """A turn, with a right that may have ended."""
        name, right, key = data.draw(st.sampled_from(self.rights))
        turn = make_stored_turn(
            right.conversation.turn_count + 1,
            request_id=f"{name}-{next(self.requests)}",
            user_message=said,
            ai_response=answer,
            idempotency_key=key,
            at=self.now,
        )
        told = after(right.conversation, turn)
        held = self.held.get(name)
        good = (
            held is not None
            and held.token == right.token
            and held.conversation.version == told.version
        )
        assert self.run(self.store.append(told, turn, right.token)) is good
        if held is not None and good:
            held.conversation = attrs.evolve(told, version=told.version + 1)
            held.turns.append(turn)
            held.token = None

    @precondition(lambda self: self.rights)
    @rule(data=st.data(), letter=names, by=st.sampled_from((5.0, LEASE_S)))
    def renew(self, data: st.DataObject, letter: str, by: float) -> None:
        """A right is renewed, or was lost already, or is another conversation's."""
        of, right, _ = data.draw(st.sampled_from(self.rights))
        name = data.draw(st.sampled_from((of, self.name(letter))))
        held = self.held.get(name)
        good = held is not None and held.token == right.token and self.now < held.lease_ends
        renewed = self.run(self.store.renew(name, right.token, lease_s=by, now=self.now))
        assert renewed is good
        if held is not None and good:
            held.lease_ends = self.now + by

    @precondition(lambda self: self.rights)
    @rule(data=st.data())
    def abandon(self, data: st.DataObject) -> None:
        """A right is given back, or was lost already."""
        name, right, _ = data.draw(st.sampled_from(self.rights))
        self.run(self.store.abandon(name, right.token))
        held = self.held.get(name)
        if held is not None and held.token == right.token:
            held.token = None

    @rule(owner=owners, letter=names, summary=texts, stale=st.booleans(), close=st.booleans())
    def update(self, owner: int, letter: str, summary: str, stale: bool, close: bool) -> None:
        """A change of the latest version, or of an older one."""
        held = self.find(owner, letter)
        known = (
            held.conversation
            if held
            else make_conversation(self.name(letter), owner=self.owners[owner])
        )
        changed = attrs.evolve(
            known,
            summary=summary,
            closed_at=self.now if close else None,
            version=known.version - stale,
        )
        good = held is not None and not stale
        assert self.run(self.store.update(changed)) is good
        if held is not None and good:
            held.conversation = attrs.evolve(changed, version=changed.version + 1)

    @rule(owner=owners, letter=names)
    def delete(self, owner: int, letter: str) -> None:
        """A conversation goes."""
        held = self.find(owner, letter)
        deleted = self.run(self.store.delete(self.owners[owner], self.name(letter)))
        assert deleted is (held is not None)
        if held is not None:
            self.drop(held.conversation.id)
            self.forget(self.owners[owner], {turn.request_id for turn in held.turns})

    @rule(owner=owners, user=users)
    def delete_user(self, owner: int, user: str) -> None:
        """All data of a user goes."""
        of = self.owners[owner]
        gone = [
            held.conversation.id
            for held in self.held.values()
            if (held.conversation.owner, held.conversation.user_id) == (of, user)
        ]
        said = {turn.request_id for name in gone for turn in self.held[name].turns}
        assert self.run(self.store.delete_user(of, user)) == len(gone)
        for name in gone:
            self.drop(name)
        self.forget(of, said, user)

    @rule(by=st.sampled_from((1.0, LEASE_S, 400.0)))
    def wait(self, by: float) -> None:
        """Time passes."""
        self.now += by

    @rule()
    def expire(self) -> None:
        """What has had its time goes."""
        over = [n for n, held in self.held.items() if held.conversation.expires_at < self.now]
        assert self.run(self.store.expire(self.now)) == len(over)
        for name in over:
            self.drop(name)

    @rule(
        owner=owners, letter=names, user=st.sampled_from(("u", "v")), comment=texts, data=st.data()
    )
    def give_feedback(
        self, owner: int, letter: str, user: str, comment: str, data: st.DataObject
    ) -> None:
        """A feedback is given, or replaced."""
        said = [turn.request_id for held in self.held.values() for turn in held.turns]
        feedback = make_feedback(
            letter,
            owner=self.owners[owner],
            request_id=data.draw(st.sampled_from(("none", *said))),
            at=self.now,
            user_id=user,
            comment=comment,
        )
        self.run(self.store.add_feedback(feedback))
        self.given[feedback.owner, letter] = feedback

    @rule(owner=owners, user=st.sampled_from((None, "u", "v")), limit=st.integers(1, 4))
    def list(self, owner: int, user: str | None, limit: int) -> None:
        """A list, page by page."""
        wanted = {
            name: held.conversation
            for name, held in self.held.items()
            if held.conversation.owner == self.owners[owner]
            and user in (None, held.conversation.user_id)
        }
        active = sum(item.state(self.now) == "active" for item in wanted.values())
        found: dict[str, Conversation] = {}
        cursor = None
        while True:
            page = self.run(
                self.store.list(self.owners[owner], user, limit=limit, cursor=cursor, now=self.now)
            )
            assert (len(wanted), active) == (page.total, page.active)
            assert not found.keys() & {item.id for item in page.conversations}
            found |= {item.id: item for item in page.conversations}
            cursor = page.cursor
            if cursor is None:
                break
        times = [item.last_activity for item in found.values()]
        assert times == sorted(times, reverse=True)
        assert found == wanted

    @invariant()
    def it_holds_what_the_model_holds(self) -> None:
        """Every conversation and every turn is there, for its owner alone."""
        for letter in "abc":
            for index, owner in enumerate(self.owners):
                held = self.find(index, letter)
                name = self.name(letter)
                assert self.run(self.store.get(owner, name)) == (held and held.conversation)
                turns = self.run(self.store.turns(owner, name, 99))
                assert turns == tuple(held.turns if held else ())

    @invariant()
    def it_holds_the_feedback(self) -> None:
        """The feedback of an owner is what was given and not deleted."""
        for owner in self.owners:
            wanted = {name: item for (by, name), item in self.given.items() if by == owner}
            assert self.run(self._feedback(owner)) == wanted

    async def _feedback(self, owner: Owner) -> dict[str, Feedback]:
        return {item.id: item async for item in self.store.feedback(owner)}

    def teardown(self) -> None:
        """Leave nothing behind that the next example would have to pass over."""
        for owner in self.owners:
            for user in ("u", "v"):
                self.run(self.store.delete_user(owner, user))


def compare(store: ConversationStore, runner: asyncio.Runner, *, examples: int, steps: int) -> None:
    """Have hypothesis look for calls on which a store differs from the model.

    Args:
        store: the store, open on the runner's loop.
        runner: runs its methods.
        examples: sequences of calls.
        steps: calls of one sequence at most.
    """

    class Machine(StoreMachine):
        """The machine with this store."""

    Machine.store, Machine.runner = store, runner
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
