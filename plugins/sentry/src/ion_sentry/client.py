"""A client of Sentry's SDK of one's own: nothing of the process is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import sentry_sdk

from ion_sentry.post import Post
from ion_sentry.scrubbing import Scrubber
from ion_sentry.settings import SentrySettings, dsn_secrets
from ion_sentry.tally import Tally

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint


class SentryClient:
    """Prepares events and posts them; for one thread.

    Args:
        settings: the settings.
        release: release of the events.
        tally: where what became of them is counted.
    """

    def __init__(self, settings: SentrySettings, release: str, tally: Tally) -> None:
        self._post = Post(settings, tally)
        scrub = Scrubber(dsn_secrets(settings.dsn)).scrub

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
        self._client.capture_event(cast("Event", document))

    def close(self) -> None:
        """Close the connection."""
        self._client.close(timeout=0)
        self._post.kill()
