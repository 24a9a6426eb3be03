"""Refusing requests that cannot be answered as they are."""

from __future__ import annotations

from collections.abc import Iterator

from ion_framework.domain.blank import is_blank
from ion_framework.errors import InvalidRequestError
from ion_framework.pipeline.turn import TurnRequest


def check_request(request: TurnRequest) -> None:
    """Refuse a blank message, and text that nothing after this could encode.

    Raises:
        InvalidRequestError: names the field.
    """
    if is_blank(request.text):
        raise InvalidRequestError("text", "the message is empty")
    for field, text in _texts(request):
        # A lone surrogate passes JSON and then breaks every encoder after it, up to the log line.
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidRequestError(
                field, f"not valid Unicode: a lone surrogate at character {error.start}"
            ) from None


def _texts(request: TurnRequest) -> Iterator[tuple[str, str]]:
    for field in ("text", "summary", "principal", "tenant", "user_id", "session_id", "request_id"):
        yield field, getattr(request, field) or ""
    for message in request.history:
        yield "history", message.content
    for note in request.notes:
        yield "notes", note
