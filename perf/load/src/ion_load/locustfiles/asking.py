"""What every user can do: ask the host, and judge the answer's status."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from typing import Any
from uuid import uuid4

from locust import FastHttpUser, between

from ion_load.answers import CHAT, MEMBERS, fault
from ion_load.payloads import ACCEPTED

KEY = "ION_API_KEY"
OK = 200
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
        member: str | None = None,
    ) -> object:
        """Send a request; gives what the JSON of a 200 holds, None without one or where it fails.

        A 200 without what the endpoint is there for is a failure.

        Args:
            method: HTTP method.
            path: where to.
            body: sent as JSON unless it is None.
            raw: sent as it is, as JSON.
            name: what the statistics call it; empty for the path.
            accepted: statuses that count as success.
            member: what a 200 has to hold; None for what is known of the path, which for pages is
                any text.
        """
        wanted = member or MEMBERS.get(path)
        headers = {**self.own_headers, "Accept": "application/json"}
        if raw is not None:
            headers["Content-Type"] = "application/json"
        sent = {"data": raw} if raw is not None else {"json": body}
        with self.client.request(
            method, path, name=name or path, headers=headers, catch_response=True, **sent
        ) as answer:
            well = judge(answer, accepted, wanted)
            return answer.json() if well and wanted and answer.status_code == OK else None

    def listen(self, path: str, body: object, name: str) -> None:
        """Ask for a stream; its time runs to the end, and without ``done`` it has failed."""
        headers = {**self.own_headers, **EVENTS}
        began = time.perf_counter()
        with self.client.request(
            "POST", path, json=body, name=name, headers=headers, stream=True, catch_response=True
        ) as answer:
            if answer.status_code != OK:
                judge(answer, ACCEPTED)
                return
            answer.success()
            text = b"".join(answer.iter_content(decode_content=False))
            answer.request_meta["response_time"] = (time.perf_counter() - began) * 1000
            answer.request_meta["response_length"] = len(text)
            if wrong := _wrong(text):
                answer.failure(wrong)


def judge(answer: Any, accepted: Collection[int], member: str | None = None) -> bool:
    """Tell the statistics whether an answer is a success.

    Args:
        answer: locust's own, of which it annotates little.
        accepted: statuses that count as success.
        member: what a 200 has to hold; see `ion_load.answers.fault`.
    """
    status = answer.status_code or 0
    if status in accepted:
        wrong = fault(answer.content or b"", member) if status == OK else ""
        if wrong:
            answer.failure(wrong)
        else:
            answer.success()
        return not wrong
    reason = getattr(answer, "error", None) if not status else None
    answer.failure(f"no answer: {reason!r}" if reason else f"status {status}")
    return False


def _wrong(text: bytes) -> str:
    """What is wrong with a stream of events; empty where its last one is a whole answer."""
    lines = text.rstrip(b"\n").rsplit(_SEPARATOR, 1)[-1].splitlines()
    if not any(line.strip() == b"event: done" for line in lines):
        return "the stream ended without the event done"
    data = b"\n".join(line.removeprefix(b"data:") for line in lines if line.startswith(b"data:"))
    wrong = fault(data, CHAT)
    return wrong and wrong.replace("answer 200", "the event done")
