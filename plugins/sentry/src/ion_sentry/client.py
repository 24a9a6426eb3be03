"""A client of Sentry's SDK of one's own: nothing of the process is touched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import sentry_sdk
from sentry_sdk.client import SDK_INFO
from sentry_sdk.envelope import Envelope
from sentry_sdk.utils import format_timestamp

from ion_sentry.post import Post
from ion_sentry.scrubbing import Scrubber
from ion_sentry.settings import SentrySettings, dsn_secrets
from ion_sentry.tally import Tally

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint


_TRANSACTION = "transaction"


class SentryClient:
    """Prepares events and posts them; for one thread.

    Args:
        settings: the settings.
        release: release of the events.
        tally: where what became of them is counted.
    """

    def __init__(self, settings: SentrySettings, release: str, tally: Tally) -> None:
        self._post = Post(settings, tally)
        self._scrub = scrub = Scrubber(dsn_secrets(settings.dsn)).scrub
        self._common = {
            "release": release,
            "environment": settings.environment,
            "sdk": {**SDK_INFO, "integrations": []},
            "platform": "python",
        }

        def before_send(event: Event, hint: Hint) -> Event:
            return cast("Event", scrub(cast("dict[str, Any]", event), hint))

        # Never `sentry_sdk.init`: that is one for the process, and two `Ion` can live in it.
        self._client = sentry_sdk.Client(
            dsn=settings.dsn,
            transport=self._post,
            release=release,
            environment=settings.environment,
            server_name="",
            # What instruments other libraries would send texts, and log lines with texts.
            integrations=[],
            default_integrations=False,
            auto_enabling_integrations=False,
            before_send=before_send,
            before_send_transaction=before_send,
            include_local_variables=False,
            include_source_context=False,
            attach_stacktrace=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            enable_backpressure_handling=False,
            send_client_reports=False,
            spotlight=False,
            debug=False,
        )

    def send(self, document: dict[str, Any]) -> None:
        """Send an event, and wait until that is done or has failed."""
        if document.get("type") == _TRANSACTION:
            self._send_transaction(document)
        else:
            self._client.capture_event(cast("Event", document))

    def _send_transaction(self, document: dict[str, Any]) -> None:
        """Send what holds nothing but values of JSON: the SDK would look through all of it."""
        event_id = uuid4().hex
        event = self._scrub({**document, **self._common, "event_id": event_id}, {})
        now = format_timestamp(datetime.now(UTC))
        envelope = Envelope(headers={"event_id": event_id, "sent_at": now})
        envelope.add_transaction(cast("Event", event))
        self._post.capture_envelope(envelope)

    def close(self) -> None:
        """Close the connection."""
        self._client.close(timeout=0)
        self._post.kill()
