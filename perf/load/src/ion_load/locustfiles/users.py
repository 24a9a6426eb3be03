"""The users of the load tests: a locust file.

``ion load run`` starts locust with it. By hand::

    locust -f PATH/users.py MixedUser --host http://127.0.0.1:8080

Whoever names no class gets all of them at once; ``--tags`` and ``--exclude-tags edge`` choose.
"""

from __future__ import annotations

import random
from typing import Any

from locust import tag, task

from ion_load.locustfiles import tally
from ion_load.locustfiles.asking import Asking
from ion_load.payloads import EDGE_ACCEPTED, EDGE_PAYLOADS, MESSAGES

ANSWERS = tally.answers
"""What `ion_load.locustfiles.tally` counts, in the process that runs these users."""

TURNS = 3
"""Turns of a conversation before it is closed."""

_V2 = "/api/v2"


def _message() -> str:
    return random.choice(MESSAGES)  # noqa: S311  nothing secret is chosen


class MixedUser(Asking):
    """Mostly chats, and looks at the health and the documentation."""

    @tag("mixed")
    @task(1)
    def health(self) -> None:
        """Look whether the host is well."""
        self.ask("GET", "/health")

    @tag("mixed", "chat")
    @task(5)
    def chat(self) -> None:
        """Ask something."""
        self.ask("POST", "/chat", body={"message": _message(), "user_id": self.user_name})

    @tag("mixed")
    @task(2)
    def docs(self) -> None:
        """Open the documentation."""
        self.ask("GET", "/docs")


class ChatUser(Asking):
    """Does nothing but chat."""

    @tag("chatonly")
    @task
    def chat(self) -> None:
        """Ask something."""
        self.ask("POST", "/chat", body={"message": _message(), "user_id": self.user_name})


class EdgeUser(Asking):
    """Sends what no client should."""

    @tag("edge")
    @task
    def odd(self) -> None:
        """Send one of the odd payloads."""
        payload = random.choice(EDGE_PAYLOADS)  # noqa: S311  nothing secret is chosen
        name = f"/chat ({payload.name})"
        self.ask("POST", "/chat", raw=payload.body, name=name, accepted=EDGE_ACCEPTED)


class V2User(Asking):
    """Uses version 2 of the API."""

    @tag("v2")
    @task(5)
    def process(self) -> None:
        """Ask something, and let the host judge the tone."""
        context = {"user_id": self.user_name}
        self.ask("POST", f"{_V2}/process", body={"user_input": _message(), "context": context})

    @tag("v2")
    @task(1)
    def bulk(self) -> None:
        """Ask three things at once."""
        asked = [{"user_input": _message()} for _ in range(3)]
        self.ask("POST", f"{_V2}/bulk-process", body={"requests": asked})

    @tag("v2")
    @task(1)
    def recommend(self) -> None:
        """Ask who suits a scenario."""
        self.ask("POST", f"{_V2}/recommend", body={"scenario": _message()})

    @tag("v2")
    @task(1)
    def personas(self) -> None:
        """List who there is."""
        self.ask("GET", f"{_V2}/personas")


class ConversationUser(Asking):
    """Holds conversations, one after another."""

    @tag("conversations")
    @task
    def converse(self) -> None:
        """Begin a conversation, take turns, read it, close it."""
        path = f"{_V2}/conversations"
        begun: Any = self.ask("POST", f"{path}/start", body={"user_id": self.user_name})
        if begun is None:
            return
        own, shown = f"{path}/{begun['session_id']}", f"{path}/[id]"
        for _ in range(TURNS):
            said = {"user_message": _message()}
            turn = f"{shown}/turn"
            self.ask("POST", f"{own}/turn", body=said, name=turn, member="response_text")
            self.wait()  # type: ignore[no-untyped-call]  # locust does not annotate it
        self.ask("GET", own, name=shown, member="session_id")
        unsaved, name = {"save_conversation": False}, f"{shown}/close"
        self.ask("POST", f"{own}/close", body=unsaved, name=name, member="session_id")


class StreamingUser(Asking):
    """Reads answers while they are made."""

    @tag("streaming")
    @task
    def stream(self) -> None:
        """Ask for a stream of events."""
        self.listen(
            f"{_V2}/process",
            {"user_input": _message(), "context": {"user_id": self.user_name}},
            f"{_V2}/process (stream)",
        )
