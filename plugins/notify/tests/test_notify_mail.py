"""Notices by mail, to a server on a real socket."""

from __future__ import annotations

from email.header import decode_header, make_header

import pytest
from ion_notify.words import as_mail

from ion_framework.domain.language import Language
from ion_framework.slo.notice import NoticeState

PASSWORD = "s3cret-of-the-mail"


def settings(server, **more):
    """Settings with a server of mail."""
    return {
        "smtp_host": "localhost",
        "smtp_port": server.port,
        "mail_from": "ion@example.org",
        "mail_to": ("ops@example.org", "boss@example.org"),
        "timeout_s": 10.0,
        **more,
    }


async def test_a_mail_arrives_by_starttls(post, certificate):
    """The server is upgraded to TLS before it is told name, password and mail."""
    async with post.mailing(tls=certificate.server) as server:
        more = {"smtp_user": "ion", "smtp_password": PASSWORD}
        async with post.notifying(certificate.trusting, **settings(server, **more)) as plugin:
            plugin.ion_notify(post.notice())
            await post.until(lambda: plugin.stats["mail"].delivered)

    ((to, mail),) = server.mails
    assert (server.logins, server.secure) == ([("ion", PASSWORD)], [True])
    assert to == ("ops@example.org", "boss@example.org")
    assert mail["Subject"] == "[FIRING] IonErrorRateHigh on ion-1"
    assert mail["From"] == "ion@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_payload(decode=True).decode()
    assert "50.0% of the requests fail (limit 5.0%)" in text
    assert "https://ion.example.org/api/v2/slo" in text


async def test_a_mail_arrives_by_tls(post, certificate):
    """A server that speaks TLS from the beginning gets the mail, too."""
    async with post.mailing(wrapped=certificate.server) as server:
        more = settings(server, smtp_security="tls")
        async with post.notifying(certificate.trusting, **more) as plugin:
            plugin.ion_notify(post.notice())
            await post.until(lambda: plugin.stats["mail"].delivered)

    assert server.secure == [True]


async def test_tls_is_never_left_out(post):
    """A server that offers no STARTTLS gets neither password nor mail."""
    async with post.mailing() as server:
        more = {"smtp_user": "ion", "smtp_password": PASSWORD}
        async with post.notifying(**settings(server, **more)) as plugin:
            plugin.ion_notify(post.notice())
            await post.until(lambda: plugin.stats["mail"].failed)

    assert (server.mails, server.logins) == ([], [])
    assert plugin.stats["mail"].attempts == 1


async def test_a_stranger_is_not_trusted(post, certificate):
    """A certificate that nobody vouches for ends the attempt."""
    async with (
        post.mailing(tls=certificate.server) as server,
        post.notifying(**settings(server, attempts=1)) as plugin,
    ):
        plugin.ion_notify(post.notice())
        await post.until(lambda: plugin.stats["mail"].failed)

    assert server.mails == []


@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RCPT", "DATA"])
async def test_not_now_is_tried_again(post, verb):
    """What the server refuses for now (4xx) is sent again."""
    async with post.mailing(replies={verb: "451 later"}) as server:
        more = settings(server, smtp_security="none", mail_to=("ops@example.org",))
        async with post.notifying(**more) as plugin:
            plugin.ion_notify(post.notice())
            await post.until(lambda: plugin.stats["mail"].delivered)

    assert len(server.mails) == 1


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
async def test_never_is_final(post, verb):
    """What the server refuses for good (5xx) is given up."""
    async with post.mailing(replies={verb: "550 no"}) as server:
        more = settings(server, smtp_security="none", mail_to=("ops@example.org",))
        async with post.notifying(**more) as plugin:
            plugin.ion_notify(post.notice())
            await post.until(lambda: plugin.stats["mail"].failed)

    assert plugin.stats["mail"].attempts == 1


async def test_a_server_that_hangs_is_left(post):
    """A server that says nothing costs the time of an attempt and no more."""
    async with post.mailing(hangs=True) as server:
        more = settings(server, smtp_security="none", timeout_s=0.3, attempts=1)
        async with post.notifying(**more) as plugin:
            plugin.ion_notify(post.notice())
            await post.until(lambda: plugin.stats["mail"].failed)

    assert server.mails == []


def test_nothing_ends_a_header(post):
    """Line breaks and other controls in names become spaces, so that no header can be added."""
    for bad in ("a\r\nBcc: x@y.example", "a\nX: y", "a\u2028b", "a\x00b"):
        notice = post.notice(host=bad, id=bad, links={bad: bad})
        mail = as_mail(notice, Language.KOREAN, "ion@example.org", ["ops@example.org"])
        head, _, _ = mail.as_bytes().partition(b"\n\n")
        names = [line.partition(b":")[0] for line in head.splitlines() if line[:1] not in b" \t"]

        assert mail["Bcc"] is None
        assert mail["X"] is None
        assert set(names) <= {
            *(b"From", b"To", b"Subject", b"Date", b"Message-ID", b"References"),
            *(b"Auto-Submitted", b"Content-Type", b"Content-Transfer-Encoding", b"MIME-Version"),
        }


def test_a_mail_in_korean(post):
    """Subject and text are Korean where the language is, and those of one alert one thread."""
    mails = [
        as_mail(post.notice(state=state), Language.KOREAN, "ion@example.org", ["ops@example.org"])
        for state in NoticeState
    ]

    subjects = [str(make_header(decode_header(mail["Subject"]))) for mail in mails]
    assert subjects == ["[발생] IonErrorRateHigh (ion-1)", "[해결] IonErrorRateHigh (ion-1)"]
    assert "요청의 50.0%가 실패" in mails[0].get_content()
    assert mails[0]["References"] == mails[1]["References"]
