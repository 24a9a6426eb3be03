"""What every user can do: ask the host, and judge the answer's status."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from typing import Any
from uuid import uuid4

from locust import FastHttpUser, between

from ion_load.payloads import ACCEPTED

KEY = "ION_API_KEY"
EVENTS = {"Accept": "text/event-stream"}
_SEPARATOR = b"\n\n"


class Asking(FastHttpUser):
    """A user with a name and, where the environment holds one, an API key."""

    abstract = True
    wait_time = between(1, 3)
    # Locust's own default trusts every certificate, and so gives the key to whoever answers.
    insecure = False

    def on_start(self) -> None:
        """Take a name, so that the host sees as many people as there are users."""
        self.user_name = f"load-{uuid4().hex[:12]}"
        key = os.environ.get(KEY, "").strip()
        self.own_headers = {"Authorization": f"Bearer {key}"} if key else {}

    def ask(  # noqa: PLR0913  what a request consists of
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        raw: bytes | None = None,
        name: str = "",
        accepted: Collection[int] = ACCEPTED,
    ) -> object:
        """Send a request; gives what the JSON of a 200 holds, else None.

        Args:
            method: HTTP method.
            path: where to.
            body: sent as JSON unless it is None.
            raw: sent as it is, as JSON.
            name: what the statistics call it; empty for the path.
            accepted: statuses that count as success.
        """
        headers = {**self.own_headers, "Accept": "application/json"}
        if raw is not None:
            headers["Content-Type"] = "application/json"
        sent = {"data": raw} if raw is not None else {"json": body}
        with self.client.request(
            method, path, name=name or path, headers=headers, catch_response=True, **sent
        ) as answer:
            judge(answer, accepted)
            return answer.json() if answer.status_code == 200 and path != "/docs" else None  # noqa: PLR2004  OK

    def listen(self, path: str, body: object, name: str) -> None:
        """Ask for a stream; its time runs to the end, and without ``done`` it has failed."""
        headers = {**self.own_headers, **EVENTS}
        began = time.perf_counter()
        with self.client.request(
            "POST", path, json=body, name=name, headers=headers, stream=True, catch_response=True
        ) as answer:
            if not judge(answer, ACCEPTED) or answer.status_code != 200:  # noqa: PLR2004  OK
                return
            text = b"".join(answer.iter_content(decode_content=False))
            answer.request_meta["response_time"] = (time.perf_counter() - began) * 1000
            answer.request_meta["response_length"] = len(text)
            if not _is_complete(text):
                answer.failure("the stream ended without the event done")


def judge(answer: Any, accepted: Collection[int]) -> bool:
    """Tell the statistics whether an answer is a success.

    Args:
        answer: locust's own, of which it annotates little.
        accepted: statuses that count as success.
    """
    status = answer.status_code or 0
    if status in accepted:
        answer.success()
        return True
    reason = getattr(answer, "error", None) if not status else None
    answer.failure(f"no answer: {reason!r}" if reason else f"status {status}")
    return False


def _is_complete(text: bytes) -> bool:
    last = text.rstrip(b"\n").rsplit(_SEPARATOR, 1)[-1]
    return any(line.strip() == b"event: done" for line in last.splitlines())
