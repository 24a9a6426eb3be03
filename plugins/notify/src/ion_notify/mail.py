"""Sending by mail: the standard library's client, in a thread that nobody waits for at the end."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

import attrs

from ion_framework.domain.language import Language
from ion_framework.slo.notice import Notice
from ion_notify.delivery import NotDeliveredError
from ion_notify.settings import NotifySettings
from ion_notify.words import as_mail

_FOR_NOW = range(400, 500)


@attrs.frozen
class MailChannel:
    """Recipients that are sent mails.

    Attributes:
        settings: mail server, sender and recipients.
        language: language of the mails.
        tls: makes what certificates are checked by.
    """

    settings: NotifySettings
    language: Language
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context

    name = "mail"

    async def send(self, notice: Notice) -> None:
        """Send a mail, once.

        Raises:
            NotDeliveredError: the server did not take it for all recipients; says whether to try
                again.
        """
        attempt = _Attempt(self, notice)
        try:
            async with asyncio.timeout(self.settings.timeout_s):
                await attempt.run()
        except TimeoutError:
            text = f"no answer in {self.settings.timeout_s:g} s"
            raise NotDeliveredError(text, again=True) from None
        except smtplib.SMTPException as error:
            raise _refused(error) from None
        except (OSError, ValueError) as error:
            raise NotDeliveredError(type(error).__name__, again=True) from None


class _Attempt:
    """One delivery in a thread of its own, which is cut off where its time is over."""

    def __init__(self, channel: MailChannel, notice: Notice) -> None:
        self._channel = channel
        self._notice = notice
        self._client: smtplib.SMTP | None = None
        self._is_over = False

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def work() -> None:
            failure: Exception | None = None
            try:
                self._deliver()
            except Exception as error:  # noqa: BLE001  handed to whoever waits, whatever it is
                failure = error
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                loop.call_soon_threadsafe(_settle, done, failure)

        threading.Thread(target=work, name="ion-notify-mail", daemon=True).start()
        try:
            await done
        finally:
            self._is_over = True
            if self._client is not None:
                self._client.close()

    def _deliver(self) -> None:
        settings = self._channel.settings
        mail = as_mail(
            self._notice, self._channel.language, settings.mail_from or "", settings.mail_to
        )
        with self._connected() as client:
            self._client = client
            if settings.smtp_security == "starttls":
                client.starttls(context=self._channel.tls())
            if settings.smtp_user is not None:
                client.login(settings.smtp_user, settings.smtp_password or "")
            if self._is_over:
                return  # whoever waited has given up, and sends it again
            client.send_message(mail)

    def _connected(self) -> smtplib.SMTP:
        settings = self._channel.settings
        host, timeout = settings.smtp_host or "", settings.timeout_s
        if settings.smtp_security == "tls":
            return smtplib.SMTP_SSL(
                host, settings.port, timeout=timeout, context=self._channel.tls()
            )
        return smtplib.SMTP(host, settings.port, timeout=timeout)


def _settle(done: asyncio.Future[None], failure: Exception | None) -> None:
    if done.done():
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)


def _refused(error: smtplib.SMTPException) -> NotDeliveredError:
    """What a mail server's refusal means; its text may repeat what it was sent."""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return NotDeliveredError("the server offers no STARTTLS or no login", again=False)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = {code for code, _ in error.recipients.values()}
        again = all(code in _FOR_NOW for code in codes)
        return NotDeliveredError(f"recipients refused: {sorted(codes)}", again=again)
    if isinstance(error, smtplib.SMTPResponseException):
        again = error.smtp_code in _FOR_NOW or error.smtp_code < 0
        return NotDeliveredError(f"answered {error.smtp_code}", again=again)
    return NotDeliveredError(type(error).__name__, again=True)
