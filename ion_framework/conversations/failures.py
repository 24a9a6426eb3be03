"""Why a conversation does not go on as asked. Each says it in one sentence, without any secret."""

from __future__ import annotations

from ion_framework.errors import IonError


class ConversationError(IonError):
    """A conversation does not go on as asked."""


class UnknownConversationError(ConversationError):
    """The owner has no such conversation."""

    def __init__(self) -> None:
        super().__init__("there is no such conversation")


class ExpiredError(ConversationError):
    """The conversation has expired; a new one has to be begun.

    Attributes:
        at: when it did, seconds since the Unix epoch.
    """

    def __init__(self, at: float) -> None:
        super().__init__("the conversation has expired")
        self.at = at


class CompletedError(ConversationError):
    """The conversation was closed; a new one has to be begun."""

    def __init__(self) -> None:
        super().__init__("the conversation is closed")


class FullError(ConversationError):
    """The conversation has as many turns as it may have.

    Attributes:
        most: turns that it may have.
    """

    def __init__(self, most: int) -> None:
        super().__init__(f"the conversation has {most} turns, the most that one may have")
        self.most = most


class BusyError(ConversationError):
    """Another turn of the conversation is in the making and took too long to wait for.

    Attributes:
        same: whether it is the very turn, asked for under the same idempotency key.
        left_s: seconds until its right ends unless it is renewed.
    """

    def __init__(self, *, same: bool, left_s: float = 0.0) -> None:
        what = "this very turn" if same else "another turn of the conversation"
        super().__init__(f"{what} is in the making")
        self.same = same
        self.left_s = left_s


class ReusedKeyError(ConversationError):
    """The idempotency key names another turn already."""

    def __init__(self) -> None:
        super().__init__("the idempotency key names another turn of this conversation")


class OvertakenError(ConversationError):
    """Somebody else went on with the conversation meanwhile, so that this turn was not kept."""

    def __init__(self) -> None:
        super().__init__("the conversation went on without this turn, which was not kept")
