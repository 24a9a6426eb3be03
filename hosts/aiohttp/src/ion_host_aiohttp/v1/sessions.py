"""Conversations that callers hand over message by message, and their summaries: the port.

They are kept apart by who asks: another caller's session does not exist. `SessionLog` is what a
store has to do; ``session_file.py`` does it in SQLite, so that the processes of one host share it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import attrs

from ion_host_aiohttp.access.caller import Caller

_RANGE = attrs.validators


@attrs.frozen
class Owner:
    """Whose a session is.

    Attributes:
        tenant: the caller's tenant.
        principal: the caller's principal.
    """

    tenant: str
    principal: str

    @classmethod
    def of(cls, caller: Caller) -> Owner:
        """The owner that a caller is."""
        return cls(caller.tenant, caller.principal)


@attrs.frozen(kw_only=True)
class SessionBounds:
    """How much is kept. Of what is too many, the oldest idle goes first, without a word.

    A caller who has too many loses own sessions only. Where all callers together have too many,
    it is the largest caller who loses, so that nobody can push others out by telling much.

    Attributes:
        messages: messages of one session; more are refused.
        characters: characters of one session; more are refused.
        sessions_per_caller: sessions of one caller, and summaries of one caller.
        characters_per_caller: characters of all open sessions of one caller; a tenth of the total.
        sessions: sessions of all callers, and summaries of all.
        total_characters: characters of all open sessions.
        idle_s: seconds after which a session without new messages and a summary are gone.
        summaries_at_once: background summaries that one process makes at once.
        summaries_waiting: background summaries that wait in one process; more are refused.
        summaries_per_caller: background summaries of one caller in one process; more are refused.
        attempts: how often a summary is begun; processes may end in the middle.
        lease_s: seconds after which a summary whose process is silent counts as abandoned.
    """

    messages: int = attrs.field(default=1000, validator=_RANGE.ge(1))
    characters: int = attrs.field(default=200_000, validator=_RANGE.ge(1))
    sessions_per_caller: int = attrs.field(default=500, validator=_RANGE.ge(1))
    characters_per_caller: int = attrs.field(default=5_000_000, validator=_RANGE.ge(1))
    sessions: int = attrs.field(default=5000, validator=_RANGE.ge(1))
    total_characters: int = attrs.field(default=50_000_000, validator=_RANGE.ge(1))
    idle_s: float = attrs.field(default=86_400.0, validator=_RANGE.gt(0))
    summaries_at_once: int = attrs.field(default=4, validator=_RANGE.ge(1))
    summaries_waiting: int = attrs.field(default=16, validator=_RANGE.ge(0))
    summaries_per_caller: int = attrs.field(default=8, validator=_RANGE.ge(1))
    attempts: int = attrs.field(default=3, validator=_RANGE.ge(1))
    lease_s: float = attrs.field(default=15.0, validator=_RANGE.gt(0))


class SummaryStatus(StrEnum):
    """How far the summary of a session is."""

    NOT_FOUND = "not_found"
    GENERATING = "generating"
    FAILED = "failed"
    COMPLETED = "completed"


@attrs.frozen
class SummaryRecord:
    """What is known of the summary of a session.

    Attributes:
        status: how far it is.
        text: the summary, where it is completed.
        method: who made it; empty where nothing was said.
        at: when it was completed or failed, seconds since the Unix epoch.
        abandoned: whether the process that was to make it is silent.
    """

    status: SummaryStatus
    text: str = attrs.field(default="", repr=False)
    method: str = ""
    at: float = 0.0
    abandoned: bool = False


class SessionFullError(Exception):
    """A session takes no more.

    Attributes:
        bound: which bound it meets, ``messages`` or ``characters``.
        limit: the bound.
    """

    def __init__(self, bound: str, limit: int) -> None:
        super().__init__(f"the session holds {limit} {bound} at most")
        self.bound = bound
        self.limit = limit


class SessionsUnavailableError(Exception):
    """The store cannot be used at the moment; the text is for operators."""


class SessionLog(Protocol):
    """Keeps sessions and summaries. Every method may raise `SessionsUnavailableError`."""

    async def append(self, owner: Owner, session: str, message: str) -> int:
        """Add a message to a session, which begins with its first; says how many it holds.

        Raises:
            SessionFullError: it holds as much as it may.
        """

    async def drop(self, owner: Owner, session: str) -> None:
        """End a session without a summary."""

    async def begin_summary(self, owner: Owner, session: str, token: str) -> tuple[str, ...]:
        """End a session and begin its summary; gives its messages.

        Empty where nothing was said: then an earlier summary stays, or an empty one is completed.

        Args:
            owner: whose it is.
            session: its name.
            token: names this attempt.
        """

    async def take_over(self, owner: Owner, session: str, token: str) -> tuple[str, ...]:
        """Begin an abandoned summary anew; gives its messages, none where there is nothing to do.

        One that was begun too often fails for good.
        """

    async def renew(self, token: str) -> bool:
        """Say that an attempt goes on; False where it is no longer wanted."""

    async def finish(self, token: str, text: str, method: str) -> None:
        """Complete a summary, unless another attempt has taken its place."""

    async def fail(self, token: str) -> None:
        """Note that a summary failed for good."""

    async def release(self, token: str) -> None:
        """Give an attempt back, because the process ends: any other may take it over at once."""

    async def summary(self, owner: Owner, session: str) -> SummaryRecord:
        """What is known of the summary of a session."""

    async def close(self) -> None:
        """Let go of files."""
