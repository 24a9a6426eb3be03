"""The thread that sends: nobody waits for it, and no more than a queue of it is kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from ion_sentry.tally import Tally

if TYPE_CHECKING:
    from ion_sentry.client import SentryClient

CALM_S = 1.0
"""Seconds between the first document and the import of what sends it, which takes the processor
from a start, or from the first turn; as many as fill half the queue are not left to wait for it."""

_END = None
_GRACE_S = 0.1


class Sender:
    """Sends documents in a thread of its own, from its making to `close`.

    Args:
        make_client: makes the client, in that thread, once there is something to send; it may
            import and take its time.
        queue_size: documents that wait at most.
        tally: where what became of them is counted.
        calm_s: seconds between the first document and the making of the client, at most.
    """

    def __init__(
        self,
        make_client: Callable[[], SentryClient],
        queue_size: int,
        tally: Tally,
        calm_s: float = CALM_S,
    ) -> None:
        self._make_client = make_client
        self._queue_size = queue_size
        self._tally = tally
        self._calm_s = calm_s
        self._queue: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._ends_at: float | None = None
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ion-sentry", daemon=True)
        self._thread.start()

    def put(self, document: dict[str, Any]) -> None:
        """Have a document sent; it is dropped where too many wait."""
        waiting = self._queue.qsize()
        if waiting >= self._queue_size:
            self._tally.queue_full += 1
            return
        self._queue.put(document)
        if 2 * (waiting + 1) >= self._queue_size and not self._hurry.is_set():
            self._hurry.set()

    def close(self, limit_s: float) -> None:
        """Send what waits, for at most so many seconds, and end; waits for it.

        Args:
            limit_s: seconds; what waits longer is dropped.
        """
        self._ends_at = time.monotonic() + limit_s
        self._hurry.set()
        self._queue.put(_END)
        self._thread.join(limit_s + _GRACE_S)

    def _run(self) -> None:
        client: SentryClient | None = None
        while (document := self._queue.get()) is not _END:
            if self._ends_at is not None and time.monotonic() > self._ends_at:
                self._tally.too_late += 1
                continue
            if client is None:
                self._hurry.wait(self._calm_s)
                self._hurry.set()
                client = self._made()
            self._send(client, document)
        if client is not None:
            client.close()

    def _made(self) -> SentryClient | None:
        try:
            return self._make_client()
        except Exception:  # noqa: BLE001  each event that it costs is counted, and the next one tries
            return None

    def _send(self, client: SentryClient | None, document: dict[str, Any]) -> None:
        try:
            if client is None:
                self._tally.failed += 1
            else:
                client.send(document)
        except Exception:  # noqa: BLE001  whatever a library raises: counted, and the next one goes
            self._tally.failed += 1
