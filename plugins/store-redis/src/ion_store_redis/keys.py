"""The keys of the store. All keys of an owner lie in one slot of a Cluster, by their hash tag."""

from __future__ import annotations

import attrs

from ion_framework.conversations.model import Owner
from ion_store_redis.documents import digest


@attrs.frozen
class OwnerKeys:
    """Keys of one owner.

    Attributes:
        prefix: what they all begin with.
        owner: the owner's digest.
    """

    prefix: str
    owner: str

    @property
    def by_activity(self) -> str:
        """Members by their latest activity."""
        return self._key("l")

    @property
    def open_by_end(self) -> str:
        """Members that are not closed, by when they expire."""
        return self._key("a")

    @property
    def by_end(self) -> str:
        """Members by when they expire."""
        return self._key("e")

    @property
    def by_drop(self) -> str:
        """Members by when Redis drops them, in milliseconds of its own clock."""
        return self._key("x")

    @property
    def feedback(self) -> str:
        """Feedback by id."""
        return self._key("f")

    @property
    def feedback_by_time(self) -> str:
        """Ids of feedback by when it was given."""
        return self._key("z")

    def of_user(self, user: str) -> tuple[str, str]:
        """The same as `by_activity` and `open_by_end`, of one user's digest."""
        return self._key("l", user), self._key("a", user)

    def conversation(self, name: str) -> tuple[str, str, str]:
        """State, turns and idempotency keys of a conversation, by the digest of its id."""
        return self._key("c", name), self._key("t", name), self._key("k", name)

    def request(self, request_id: str) -> str:
        """Where the turn of a request is."""
        return self._key("r", digest(request_id))

    def all_of(self, member: str) -> tuple[str, ...]:
        """Every key that a conversation has a part in, in the order in which the scripts know them.

        Args:
            member: digests of its user and of its id, with a colon between them.
        """
        user, _, name = member.partition(":")
        indices = (self.by_activity, self.open_by_end, *self.of_user(user))
        return (*self.conversation(name), *indices, self.by_end, self.by_drop)

    def _key(self, *words: str) -> str:
        return ":".join((self.prefix + "{" + self.owner + "}", *words))


@attrs.frozen
class Keys:
    """Keys of an installation.

    Attributes:
        namespace: what the settings call it.
    """

    namespace: str

    @property
    def prefix(self) -> str:
        """What every key begins with; the number is raised with the form of what is kept."""
        return f"{self.namespace}:store:1:"

    @property
    def owners(self) -> str:
        """Digests of all owners."""
        return f"{self.prefix}owners"

    def id(self, conversation_id: str) -> str:
        """Who has a conversation of this id."""
        return f"{self.prefix}i:{digest(conversation_id)}"

    def of(self, owner: Owner) -> OwnerKeys:
        """Keys of an owner."""
        return self.of_digest(digest(owner.tenant, owner.principal))

    def of_digest(self, owner: str) -> OwnerKeys:
        """Keys of an owner of whom only the digest is known."""
        return OwnerKeys(self.prefix, owner)
