"""The scenarios: how many users, how fast they come, for how long, and what they do."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

EDGE = "edge"
"""Tag of the tasks that send odd payloads."""


@attrs.frozen(kw_only=True)
class Scenario:
    """One load.

    Attributes:
        name: its name on the command line and in the names of its files.
        users: users at the peak.
        spawn_rate: users that come a second.
        duration_s: seconds from its begin to its end, the coming of the users included.
        cool_down_s: seconds of rest before the scenario that follows it.
        classes: the kinds of users that take part, by the names of their locust classes.
        tags: only tasks with one of these tags run; empty for all.
        exclude_tags: tasks with one of these tags do not run.
    """

    name: str
    users: int
    spawn_rate: float
    duration_s: float
    cool_down_s: float
    classes: tuple[str, ...] = ("MixedUser",)
    tags: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = (EDGE,)


def _only(name: str, kind: str, *, users: int = 50, spawn_rate: float = 5) -> Scenario:
    """A scenario of five minutes in which one kind of user does what its tag names."""
    tag = name.replace("-", "")
    return Scenario(
        name=name,
        users=users,
        spawn_rate=spawn_rate,
        duration_s=300,
        cool_down_s=30,
        classes=(kind,),
        tags=(tag,),
        exclude_tags=() if tag == EDGE else (EDGE,),
    )


_ALL = (
    Scenario(name="light", users=10, spawn_rate=1, duration_s=120, cool_down_s=30),
    Scenario(name="medium", users=50, spawn_rate=5, duration_s=300, cool_down_s=60),
    Scenario(name="heavy", users=100, spawn_rate=10, duration_s=300, cool_down_s=60),
    Scenario(name="stress", users=200, spawn_rate=20, duration_s=600, cool_down_s=120),
    Scenario(name="soak", users=50, spawn_rate=5, duration_s=8 * 3600, cool_down_s=60),
    Scenario(name="spike", users=200, spawn_rate=200, duration_s=360, cool_down_s=60),
    _only(EDGE, "EdgeUser", users=20, spawn_rate=2),
    _only("chat-only", "ChatUser"),
    _only("v2", "V2User"),
    _only("conversations", "ConversationUser"),
    _only("streaming", "StreamingUser"),
)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType({each.name: each for each in _ALL})
"""Every scenario by its name."""

LADDER = ("light", "medium", "heavy", "stress")
"""What ``all`` stands for on the command line: the four loads that grow."""
