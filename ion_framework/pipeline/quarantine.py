"""Quarantine: a plugin that keeps failing is left out, tried again, and at last left out for good.

In, and after 5 failures within 60 s out for 60 s; then one call is let through as a probe. If that
goes well the plugin is in again with a clean slate, if not it is out again. Who is put out three
times within an hour stays out. To hold the event loop too long counts like a call that failed,
whatever comes of the call; one that holds it and fails as well counts once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import StrEnum

from ion_framework.clock import Clock

FAILURES = 5
"""Failures within the window after which a plugin is left out."""

WINDOW_S = 60.0
OUT_S = 60.0
OPENINGS = 3
"""How often a plugin is put out within `MEMORY_S` before it stays out."""

MEMORY_S = 3600.0

PROBE_S = 120.0
"""Seconds after which a probe of which nothing was heard is given up for another."""


class Standing(StrEnum):
    """How a plugin stands.

    ``in``           it is called
    ``out``          it is not called for a while
    ``probing``      one call of it is let through, to see whether it works again
    ``deactivated``  it is not called until it is let in by hand, or the host restarts
    """

    IN = "in"
    OUT = "out"
    PROBING = "probing"
    DEACTIVATED = "deactivated"


class LeftOutError(Exception):
    """The plugin is in quarantine; says until when. The call was not made."""


class Quarantine:
    """The quarantine of one plugin.

    Args:
        clock: the clock.
        tell: called with the standing and its reason whenever the plugin is put out, let in, or
            deactivated. A probe is no change.
    """

    def __init__(self, clock: Clock, tell: Callable[[Standing, str], None]) -> None:
        self.standing = Standing.IN
        self._clock = clock
        self._tell = tell
        self._failures: deque[float] = deque(maxlen=FAILURES)
        self._openings: deque[float] = deque(maxlen=OPENINGS)
        self._until = 0.0
        self._probe = 0
        self._probe_since = 0.0
        self._hold: tuple[str, str] | None = None
        self._held_at: dict[str, float] = {}

    @property
    def is_closed(self) -> bool:
        """Whether no call would be let through now, not even as a probe."""
        return self.standing is not Standing.IN and not self._may_probe()

    def admit(self) -> int:
        """Let a call through.

        Returns:
            0 for an ordinary call, the number of the probe for one that is to show whether the
            plugin works again. `succeeded`, `failed` or `withdrawn` takes it.

        Raises:
            LeftOutError: it is not let through.
        """
        if self.standing is Standing.IN:
            return 0
        if not self._may_probe():
            raise LeftOutError(self._why())
        self.standing = Standing.PROBING
        self._probe += 1
        self._probe_since = self._clock.monotonic()
        self._hold = None
        return self._probe

    def succeeded(self, ticket: int) -> None:
        """A call went well, unless it is a probe and the event loop was held meanwhile."""
        if self._is_probe(ticket) and not self._has_held():
            self.let_in("works again: let in after its quarantine")

    def withdrawn(self, ticket: int) -> None:
        """A call ended without showing anything: its caller left. The next one is the probe."""
        if self._is_probe(ticket) and not self._has_held():
            self.standing = Standing.OUT

    def failed(self, ticket: int, hook: str, reason: str) -> None:
        """A call failed.

        Args:
            ticket: what `admit` gave.
            hook: the hook that was called.
            reason: what happened.
        """
        if self._is_probe(ticket):
            self._failed_again(hook, reason)
        elif self.standing is Standing.IN:
            now = self._clock.monotonic()
            held_at = self._held_at.pop(hook, None)
            if held_at is not None and now - held_at <= WINDOW_S:
                return
            if self._hold is not None and self._hold[0] == hook:
                self._hold = None
            self._count(hook, reason)

    def holds(self, hook: str, reason: str) -> None:
        """A call holds the event loop just now, and shows by that how a probe ends.

        May be called by any thread; `held`, at the end of it, counts it.

        Args:
            hook: the hook that was called.
            reason: what happens.
        """
        self._hold = (hook, reason)

    def held(self, hook: str, reason: str) -> None:
        """A call has held the event loop, of which `holds` has told: counts as one that failed.

        Not where a call of the hook has failed since then. And where one fails within a minute
        from now, that does not count: mostly it is the same call, and nobody is spared for long
        by it, because each hold makes up for one failure at most.

        Args:
            hook: the hook that was called.
            reason: what happened.
        """
        noticed, self._hold = self._hold, None
        if self.standing is Standing.IN and noticed is not None:
            self._held_at[hook] = self._clock.monotonic()
            self._count(hook, reason)

    def let_in(self, reason: str) -> None:
        """Let the plugin in with a clean slate; does nothing where it is in.

        What was put out before is remembered, unless it was deactivated: then somebody has let it
        in by hand, and it begins anew.

        Args:
            reason: why, one sentence.
        """
        if self.standing is Standing.IN:
            return
        if self.standing is Standing.DEACTIVATED:
            self._openings.clear()
        self.standing = Standing.IN
        self._failures.clear()
        self._held_at.clear()
        self._tell(Standing.IN, reason)

    def _count(self, hook: str, reason: str) -> None:
        now = self._clock.monotonic()
        self._failures.append(now)
        if len(self._failures) == FAILURES and now - self._failures[0] <= WINDOW_S:
            self._put_out(
                f"failed {FAILURES} times within {WINDOW_S:g} s in {hook}, last: {reason}"
            )

    def _has_held(self) -> bool:
        if self._hold is None:
            return False
        self._failed_again(*self._hold)
        return True

    def _failed_again(self, hook: str, reason: str) -> None:
        self._put_out(f"failed again in {hook} after its quarantine: {reason}")

    def _put_out(self, what: str) -> None:
        now = self._clock.monotonic()
        self._openings.append(now)
        if len(self._openings) == OPENINGS and now - self._openings[0] <= MEMORY_S:
            self.standing = Standing.DEACTIVATED
            self._tell(
                Standing.DEACTIVATED,
                f"{what}; left out {OPENINGS} times within {MEMORY_S / 60:g} minutes, so it is "
                "deactivated until a restart or `ion plugins enable`",
            )
            return
        self.standing = Standing.OUT
        self._until = now + OUT_S
        self._tell(Standing.OUT, f"{what}; left out for {OUT_S:g} s")

    def _is_probe(self, ticket: int) -> bool:
        return self.standing is Standing.PROBING and ticket == self._probe

    def _may_probe(self) -> bool:
        now = self._clock.monotonic()
        if self.standing is Standing.PROBING:
            return now - self._probe_since >= PROBE_S
        return self.standing is Standing.OUT and now >= self._until

    def _why(self) -> str:
        if self.standing is Standing.DEACTIVATED:
            return "not called: it is deactivated, because it kept failing"
        if self.standing is Standing.PROBING:
            return "not called: it is in quarantine, and another call tries whether it works again"
        left_s = max(0.0, self._until - self._clock.monotonic())
        return f"not called: it is in quarantine for another {left_s:.0f} s"
