"""Events come out of bytes, however the bytes were cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_openai_compatible.sse import EventDecoder, EventTooLongError, ServerEvent

LONGEST = 1000
ALPHABET = (
    b"data",
    b"event",
    b":",
    b" ",
    b"\r",
    b"\n",
    b"\r\n",
    b"x",
    "한".encode(),
    b"\xff",
    b"\xef\xbb\xbf",
)
STREAMS = st.lists(st.sampled_from(ALPHABET), max_size=60).map(b"".join)


def decoded(*pieces: bytes, longest: int = LONGEST) -> list[ServerEvent]:
    """The events of bytes that came in these pieces."""
    decoder = EventDecoder(longest)
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return events + decoder.end()


def texts(*pieces: bytes) -> list[str]:
    """Their data alone."""
    return [event.data for event in decoded(*pieces)]


@given(STREAMS, st.lists(st.integers(0, 200), max_size=12))
def test_any_split_gives_the_same_events(stream: bytes, cuts: list[int]) -> None:
    """Where the bytes are cut, inside a character or a line end too, changes no event."""
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(places)]

    assert decoded(stream) == decoded(*pieces)


@given(STREAMS)
def test_one_byte_at_a_time_gives_the_same_events(stream: bytes) -> None:
    """The finest split gives what the whole gives."""
    assert decoded(stream) == decoded(*(stream[i : i + 1] for i in range(len(stream))))


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))))
def test_what_is_sent_arrives(sent: list[str]) -> None:
    """Every text that has no line end comes back as it was, empty ones too."""
    assert sent == texts("".join(f"data: {text}\n\n" for text in sent).encode())


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_lines_end_in_three_ways(end: bytes) -> None:
    """LF, CR and CRLF end a line, and a blank line ends an event."""
    assert ["a\nb", "c"] == texts(end.join((b"data: a", b"data: b", b"", b"data: c", b"", b"")))


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data:a\n\n", ["a"]),
        (b"data:  a\n\n", [" a"]),
        (b"data\n\n", [""]),
        (b": ping\n\n: ping\n\ndata: a\n\n", ["a"]),
        (b"id: 1\nretry: 5\nnonsense\ndata: a\n\n", ["a"]),
        (b"\n\n\n\n", []),
        (b"event: error\n\n", []),
        (b"data: a\n", ["a"]),
        (b"data: a\n\ndata: b", ["a"]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"data: \xff\n\n", ["\ufffd"]),
    ],
)
def test_fields_are_read_as_the_standard_says(stream: bytes, expected: list[str]) -> None:
    """One space after the colon is dropped, comments and other fields mean nothing."""
    assert expected == texts(stream)


def test_an_event_has_a_name() -> None:
    """The type of an event is told, and does not stick to the next."""
    found = decoded(b"event: error\ndata: a\n\ndata: b\n\n")

    assert [ServerEvent("a", "error"), ServerEvent("b")] == found


@pytest.mark.parametrize(
    "stream", [b"x" * 101, b"data: " + b"x" * 100, b"data: xxxxx\n" * 12, b":" + b"x" * 100]
)
def test_what_is_too_long_is_refused(stream: bytes) -> None:
    """A line, an event of many lines and a comment are bounded, before they end."""
    with pytest.raises(EventTooLongError, match="more than 100 bytes"):
        decoded(*(stream[i : i + 7] for i in range(0, len(stream), 7)), longest=100)


def test_comments_do_not_add_up() -> None:
    """A connection that is kept alive by comments may stay open for ever."""
    assert ["a"] == [e.data for e in decoded(b": still here\n" * 1000 + b"data: a\n\n", longest=99)]
