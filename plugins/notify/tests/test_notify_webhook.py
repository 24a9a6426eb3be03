"""Notices by HTTP: what is sent, and what becomes of it where the receiver fails."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from ion_notify.settings import NotifySettings
from ion_notify.words import as_slack
from structlog.testing import capture_logs

from ion_framework.domain.language import Language
from ion_framework.slo.notice import NoticeState

KEY = "a-key-of-the-webhook-1"
README = Path(__file__).parents[1] / "README.md"


def hook(receiver, **more):
    """Settings with a receiver as the webhook."""
    return {"webhook_url": f"http://127.0.0.1:{receiver.port}/hook", "timeout_s": 5.0, **more}


async def test_a_notice_arrives_whole_and_signed(post):
    """The webhook gets every member, a sentence, and a signature that the README's code accepts."""
    async with post.receiving() as receiver:
        async with post.notifying(**hook(receiver, webhook_key=KEY)) as plugin:
            plugin.ion_notify(post.notice())
            await post.until(lambda: plugin.stats["webhook"].delivered)
        (asked,) = receiver.asked

    code = README.read_text("utf-8").partition("```python\n")[2].partition("```")[0]
    shown: dict[str, object] = {}
    exec(code, shown)  # noqa: S102  the example in the README is ours
    header = asked.headers["ion-signature"]
    body = json.loads(asked.body)
    assert asked.line == "POST /hook HTTP/1.1"
    assert asked.headers["content-type"] == "application/json"
    assert shown["is_genuine"](header, asked.body, KEY.encode(), time.time())
    assert not shown["is_genuine"](header, asked.body + b" ", KEY.encode(), time.time())
    assert not shown["is_genuine"](header, asked.body, KEY.encode(), time.time() + 301)
    assert body.pop("text") == (
        "[FIRING] IonErrorRateHigh on ion-1: 50.0% of the requests fail (limit 5.0%)"
    )
    assert body == {
        "form": 1,
        "id": "ion-1/IonErrorRateHigh/1790000000",
        "rule": "IonErrorRateHigh",
        "measure": "error_rate",
        "severity": "page",
        "state": "firing",
        "value": 0.5,
        "threshold": 0.05,
        "below": False,
        "window_s": 300.0,
        "since": 1790000000.0,
        "at": 1790000300.0,
        "repeated": 0,
        "host": "ion-1",
        "instances": 2,
        "links": {"slo": "https://ion.example.org/api/v2/slo"},
    }


async def test_the_signature_is_what_it_says(post):
    """The header holds the HMAC-SHA256 of its own seconds, a full stop and the body."""
    async with post.receiving() as receiver:
        async with post.notifying(**hook(receiver, webhook_key=KEY)) as plugin:
            plugin.ion_notify(post.notice())
            await post.until(lambda: plugin.stats["webhook"].delivered)
        (asked,) = receiver.asked

    at, _, digest = asked.headers["ion-signature"].removeprefix("t=").partition(",v1=")
    assert digest == hmac.digest(KEY.encode(), f"{at}.".encode() + asked.body, "sha256").hex()
    assert hashlib.sha256().digest_size * 2 == len(digest)


@pytest.mark.parametrize("fault", [500, 503, 408, 425, "drop", (429, {"Retry-After": "0"})])
async def test_it_is_tried_again(post, fault):
    """After an error of the server, a lost connection or a 429 the notice is sent once more."""
    async with post.receiving(fault) as receiver, post.notifying(**hook(receiver)) as plugin:
        plugin.ion_notify(post.notice())
        await post.until(lambda: plugin.stats["webhook"].delivered)

    assert len(receiver.asked) == 2
    assert receiver.asked[0].body == receiver.asked[1].body


@pytest.mark.parametrize("says", ["1", "date"])
async def test_retry_after_is_kept(post, says):
    """The next attempt waits for as long as the receiver asks, in seconds or until a date."""
    wait = "1" if says == "1" else formatdate(time.time() + 2, usegmt=True)
    busy = (429, {"Retry-After": wait})
    async with post.receiving(busy) as receiver, post.notifying(**hook(receiver)) as plugin:
        began = time.monotonic()
        plugin.ion_notify(post.notice())
        await post.until(lambda: plugin.stats["webhook"].delivered)
        took = time.monotonic() - began

    assert took >= 0.9


async def test_who_asks_for_too_long_is_given_up(post):
    """A wait beyond the deadline is not begun: the notice counts as failed, and the log says so."""
    async with post.receiving((503, {"Retry-After": "3600"})) as receiver:
        with capture_logs() as lines:
            async with post.notifying(**hook(receiver, deadline_s=5.0)) as plugin:
                plugin.ion_notify(post.notice())
                await post.until(lambda: plugin.stats["webhook"].failed)

    (line,) = lines
    assert line["event"] == "a notice was not delivered"
    assert (line["receiver"], line["reason"], line["attempts"]) == ("webhook", "answered 503", 1)
    assert str(receiver.port) not in str(line)


@pytest.mark.parametrize("status", [400, 401, 404, 410])
async def test_a_refusal_is_final(post, status):
    """What the receiver does not want is not sent again."""
    async with post.receiving(status) as receiver, post.notifying(**hook(receiver)) as plugin:
        plugin.ion_notify(post.notice())
        await post.until(lambda: plugin.stats["webhook"].failed)

    assert len(receiver.asked) == 1


async def test_redirects_are_not_followed(post):
    """A redirect sends the notice nowhere else."""
    async with post.receiving() as other:
        away = (307, {"Location": f"http://127.0.0.1:{other.port}/"})
        async with post.receiving(away) as receiver, post.notifying(**hook(receiver)) as plugin:
            plugin.ion_notify(post.notice())
            await post.until(lambda: plugin.stats["webhook"].failed)

    assert other.asked == []


async def test_one_that_hangs_delays_no_other(post):
    """A receiver that never answers is left after its time, while Slack has long been told."""
    async with post.receiving("hang", "hang") as slow, post.receiving() as slack:
        url = f"http://127.0.0.1:{slack.port}/slack"
        settings = hook(slow, slack_url=url, timeout_s=0.5, attempts=1)
        async with post.notifying(**settings) as plugin:
            plugin.ion_notify(post.notice())
            await post.until(lambda: plugin.stats["slack"].delivered)
            assert plugin.stats["webhook"].failed == 0
            await post.until(lambda: plugin.stats["webhook"].failed)

    assert plugin.stats["webhook"].attempts == 1


async def test_the_queue_is_bounded_and_the_oldest_go(post):
    """What finds no room in the queue pushes out the oldest, and is counted."""
    async with post.receiving("hang") as receiver:
        settings = hook(receiver, queue_size=3, flush_s=0.0)
        async with post.notifying(**settings) as plugin:
            for number in range(6):
                plugin.ion_notify(post.notice(repeated=number))
            assert plugin.stats["webhook"].dropped == 3

    assert plugin.stats["webhook"].dropped == 6


async def test_the_end_sends_what_waits(post):
    """Notices that wait at the end are sent within the time for that."""
    async with post.receiving() as receiver, post.notifying(**hook(receiver)) as plugin:
        plugin.ion_notify(post.notice())
        plugin.ion_notify(post.notice(state=NoticeState.RESOLVED, value=0.0))

    assert [json.loads(asked.body)["state"] for asked in receiver.asked] == ["firing", "resolved"]


async def test_certificates_are_checked(post, certificate):
    """Over https a certificate that nobody vouches for is refused, and one that is known is not."""
    async with post.receiving(ssl=certificate.server) as receiver:
        url = f"https://localhost:{receiver.port}/"
        async with post.notifying(webhook_url=url, attempts=1) as plugin:
            plugin.ion_notify(post.notice())
            await post.until(lambda: plugin.stats["webhook"].failed)
        assert receiver.asked == []
        async with post.notifying(certificate.trusting, webhook_url=url, attempts=1) as plugin:
            plugin.ion_notify(post.notice())
            await post.until(lambda: plugin.stats["webhook"].delivered)


async def test_slack_gets_text_and_blocks(post):
    """Slack's message has a text, blocks, links, and no signs that Slack would read as its own."""
    notice = post.notice(host="<!channel> & co", links={"a|b": "https://x.example/?a=1&b=<|>"})
    async with post.receiving() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/services/x"
        async with post.notifying(slack_url=url) as plugin:
            plugin.ion_notify(notice)
            await post.until(lambda: plugin.stats["slack"].delivered)
        (asked,) = receiver.asked

    body = json.loads(asked.body)
    assert set(body) == {"text", "blocks"}
    assert body["text"].startswith("[FIRING] IonErrorRateHigh on &lt;!channel&gt; &amp; co: 50.0%")
    assert [block["type"] for block in body["blocks"]] == ["section", "section", "context"]
    link = body["blocks"][2]["elements"][0]["text"]
    assert link == "<https://x.example/?a=1&amp;b=&lt;%7C&gt;|a b>"
    assert "<!" not in asked.body.decode()


def test_messages_are_in_korean_for_who_wants_that(post):
    """Slack's message is Korean where the language is."""
    body = json.loads(as_slack(post.notice(), Language.KOREAN))

    assert body["text"].startswith("[발생] IonErrorRateHigh (ion-1): 요청의 50.0%가 실패")


def test_secrets_are_in_no_repr():
    """Neither addresses, which hold tokens, nor keys and passwords stand in a repr."""
    settings = NotifySettings(
        webhook_url="https://a.example/S3CRET",
        webhook_key="S3CRET-S3CRET-S3CRET",
        slack_url="https://b.example/S3CRET",
        smtp_password="S3CRET",
    )

    assert "S3CRET" not in repr(settings)
