"""Recording what a running host answers: its events, read by the standard library alone."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import urlencode, urlsplit

import attrs

from ion_framework.recording.documents import LOST, header_of, read_line, turn_of
from ion_framework.recording.model import RecordingError
from ion_framework.recording.taking import Manner
from ion_framework.recording.writing import RecordingWriter

PATH = "/api/v2/recording"
PART_S = 600
"""Seconds of one stream, which is the most that a host gives; a longer recording has several."""

SILENCE_S = 60.0
"""Seconds without a byte after which a host counts as gone: it sends a ping every 15."""


@attrs.frozen(kw_only=True)
class Place:
    """A host to record.

    Attributes:
        url: its address, without the path of the API.
        key: the API key, None without one.
    """

    url: str
    key: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class Amount:
    """How much is recorded; None is until somebody stops it.

    Attributes:
        turns: after so many turns.
        seconds: after so many seconds.
    """

    turns: int | None = None
    seconds: float | None = None


def record_host(
    place: Place,
    manner: Manner,
    amount: Amount,
    writer: RecordingWriter,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Write down the turns that a host answers from now on.

    Args:
        place: the host.
        manner: what is kept of them.
        amount: how much.
        writer: where they go.
        clock: monotonic seconds.

    Raises:
        RecordingError: the host cannot be reached, refuses, or breaks off; what was written until
            then is a good recording.
    """
    until = None if amount.seconds is None else clock() + amount.seconds
    begun = False
    while True:
        left_s = PART_S if until is None else min(PART_S, until - clock())
        left = None if amount.turns is None else amount.turns - writer.turns
        if left_s <= 0 or (left is not None and left <= 0):
            return
        query = _query(manner, left_s, left)
        begun = _write(_events(place, f"{PATH}?{query}"), writer, begun=begun) or begun


def _query(manner: Manner, left_s: float, left: int | None) -> str:
    asked = {
        "seconds": str(max(1, round(left_s))),
        "full": str(manner.full).lower(),
        "prompts": str(manner.prompts).lower(),
    }
    return urlencode(asked | ({} if left is None else {"turns": str(left)}))


def _write(events: Iterator[tuple[str, str]], writer: RecordingWriter, *, begun: bool) -> bool:
    """Write the events of one stream; whether there was a header.

    Raises:
        RecordingError: the host sent something else, or an error.
    """
    for kind, data in events:
        try:
            document = read_line(data)
            if kind == "header" and not begun:
                writer.begin(header_of(document))
                begun = True
            elif kind == "turn":
                writer.add(attrs.evolve(turn_of(document), number=writer.turns + 1))
            elif kind == "lost":
                writer.lose(int(document[LOST]))
            elif kind == "error":
                _raise_unless_too_long(document)
        except (ValueError, KeyError) as error:
            raise RecordingError(f"the host sent what is no recording: {error}") from None
    return begun


def _raise_unless_too_long(document: dict[str, object]) -> None:
    """Go on with another stream where this one reached the host's bound; else raise.

    Raises:
        RecordingError: the host says what went wrong.
    """
    error = document.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if code != "STREAM_TOO_LONG":
        raise RecordingError(f"the host broke the recording off: {_said(document)}")


def _events(place: Place, path: str) -> Iterator[tuple[str, str]]:
    """The type and the data of each event of a stream.

    Raises:
        RecordingError: the host cannot be reached, refuses, or breaks off.
    """
    with closing(_connection(place.url)) as connection:
        try:
            yield from _read(connection, place, path)
        except (OSError, http.client.HTTPException) as error:
            raise RecordingError(f"{place.url}: the host cannot be read: {error!r}") from None


def _read(
    connection: http.client.HTTPConnection, place: Place, path: str
) -> Iterator[tuple[str, str]]:
    headers = {"Accept": "text/event-stream"}
    if place.key:
        headers["Authorization"] = f"Bearer {place.key}"
    prefix = urlsplit(place.url).path.rstrip("/")
    connection.request("GET", prefix + path, headers=headers)
    response = connection.getresponse()
    if response.status != http.client.OK:
        raise RecordingError(_refused(place, response))
    kind, data, ended = "message", [], False
    while line := response.readline():
        field, _, value = line.decode().rstrip("\r\n").partition(": ")
        if field == "event":
            kind = value
        elif field == "data":
            data.append(value)
        elif not field and data:
            yield kind, "\n".join(data)
            ended = kind in {"end", "error"}
            kind, data = "message", []
    if not ended:
        raise RecordingError(f"{place.url}: the host broke the recording off")


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None if ":" not in parts.netloc else -1
    kind = _SCHEMES.get(parts.scheme)
    if kind is None or not parts.hostname or port == -1 or parts.username is not None:
        raise RecordingError(
            "--url: give the address of the host, as http://127.0.0.1:8080; the key goes into "
            "ION_API_KEY or --key-file"
        )
    return kind(parts.hostname, port, timeout=SILENCE_S)


_SCHEMES: dict[str, type[http.client.HTTPConnection]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}


def _refused(place: Place, response: http.client.HTTPResponse) -> str:
    body = response.read(_MOST_OF_AN_ERROR)
    try:
        said = _said(json.loads(body))
    except ValueError:
        said = response.reason
    advice = _ADVICE.get(response.status, "")
    return f"{place.url}: the host answered {response.status}: {said}{advice}"


_MOST_OF_AN_ERROR = 65_536
_ADVICE = {
    401: "; give an API key with the scope admin in ION_API_KEY or --key-file",
    403: "; the API key needs the scope admin",
    404: "; the host is older than recording, or something else serves at this address",
}


def _said(document: object) -> str:
    error = document.get("error") if isinstance(document, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return str(message or "it does not say why")
