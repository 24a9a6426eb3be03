"""What is taken out of one text of a turn goes from every other text of it."""

from __future__ import annotations

import time

import pytest

from ion_framework.domain.key import ALL_KEYS
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.recording.redaction import TurnRedaction, redact
from ion_framework.testing import running_ion
from tests.support.recordings import key_names, recorded

REPEATED = [
    ("the secret is tomato7soup", "Keep tomato7soup to yourself", "Keep xxxx0xxxx to yourself"),
    ("the secret is tomato7soup", "Tomato7Soup!", "xxxx0xxxx!"),
    ("비밀번호는 사과나무99 예요", "사과나무99를 바꾸세요", "가가가가00를 바꾸세요"),
    ("비밀번호: '가나 다라'", "가나 다라는 쉬워요", "가가 가가는 쉬워요"),
    ("pw: abc", "is abc long? abcde is", "is xx long? abcde is"),
    (
        "password: correct horse battery staple",
        "correct horse battery staple",
        "xxxxxxxx xxxx xxxxxxxx xxxx",
    ),
    ("계좌 110-123-456789", "110123456789 or 110 123 456789", "000000000000 or 000 000 000000"),
    ("https://h.kr/p?token=abc123def&x=1", "abc123def", "xx000xx"),
    ("https://h.kr/p#install", "install it", "install it"),
    ("PASSWORD=ｑｗｅｒ１２３４", "qwer1234", "xxxx0000"),
]


@pytest.mark.parametrize(("first", "second", "shown"), REPEATED)
def test_what_one_text_calls_a_secret_goes_from_the_other(first, second, shown):
    """A value is replaced wherever the turn has it, in any capitals and any grouping of digits."""
    hide = TurnRedaction((first, second))

    assert hide(first).marks == redact(first).marks
    assert shown == hide(second).text


def test_the_longest_value_goes_first():
    """Of two values of which one begins with the other, the longer one is replaced whole."""
    hide = TurnRedaction(("pw: tomato7", "password: tomato7soup"))

    assert "say xxxx0xxxx, xxxx0" == hide("say tomato7soup, tomato7").text


def test_a_longer_value_found_in_a_marked_place_leaves_no_rest():
    """Where a pattern took only a part of a known value, the rest of it goes as well."""
    hide = TurnRedaction(("password: 'call 010-1234-5678 soon'",))

    assert "xxxx 000-0000-0000 xxxx" == hide("call 010-1234-5678 soon").text


async def test_a_secret_of_the_message_is_nowhere_in_the_recorded_turn(tmp_path):
    """Neither history, summary, notes, prompt nor answer have what the message called a secret."""
    secret = "tomato7soup"
    request = TurnRequest(
        text=f"{ALL_KEYS[0]} the secret is {secret}",
        summary=f"{secret} was told",
        notes=(f"they like {secret}",),
    )
    async with running_ion(key_names()) as ion:
        recording = await recorded(ion, tmp_path / "r", (request,))

    assert recording.turns[0].reply.text
    assert secret not in (tmp_path / "r").read_text()


@pytest.mark.parametrize(
    "texts",
    [
        tuple(f"pw: aaaa{n}aaaa" for n in range(2000)),
        tuple(f"pw: {'a' * 150}{n}" for n in range(2000)),
        tuple(f"계좌 110-123-{n:06}" for n in range(2000)),
    ],
    ids=["alike", "long", "numbers"],
)
def test_many_values_take_no_time(texts):
    """Of two thousand values, 20,000 characters made to take long need less than three seconds."""
    hide = TurnRedaction(texts)
    began = time.process_time()
    for text in ("a" * 20_000, "110-123-" * 2500):
        hide(text)

    assert time.process_time() - began < 3
