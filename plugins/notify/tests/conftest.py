"""Receivers of one's own on real sockets: of HTTP and of mail, with the faults that they have."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from ion_notify.plugin import Notify
from ion_notify.settings import NotifySettings

from ion_framework import PluginContext
from ion_framework.clock import SystemClock
from ion_framework.testing import make_notice


@attrs.frozen
class Asked:
    """A request that a receiver read."""

    line: str
    headers: dict[str, str]
    body: bytes


@attrs.define
class Receiver:
    """A receiver of HTTP requests that answers as it is told, then 204.

    Attributes:
        answers: what it answers, in order: a status, a status with headers, ``hang`` or ``drop``.
        asked: what it was sent.
        port: where it listens.
    """

    answers: list[Any]
    asked: list[Asked] = attrs.field(factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read a request, and do with it what is next."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *rest = head.rstrip().split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (each.partition(":") for each in rest)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.asked.append(Asked(line, headers, body))
            await self._answer(self.answers.pop(0) if self.answers else 204, writer)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _answer(self, answer: Any, writer: asyncio.StreamWriter) -> None:
        if answer == "hang":
            await asyncio.sleep(60)
        if answer == "drop":
            writer.transport.abort()
            return
        status, more = answer if isinstance(answer, tuple) else (answer, {})
        lines = "".join(f"{name}: {value}\r\n" for name, value in more.items())
        lines += "Content-Length: 0\r\nConnection: close\r\n"
        writer.write(f"HTTP/1.1 {status} So\r\n{lines}\r\n".encode())
        await writer.drain()


@asynccontextmanager
async def listening(serve: Any, **options: Any) -> AsyncIterator[int]:
    """A server that ends its connections with itself; gives its port."""
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def receiving(*answers: Any, **options: Any) -> AsyncIterator[Receiver]:
    """A receiver of HTTP."""
    receiver = Receiver(list(answers))
    async with listening(receiver.serve, **options) as receiver.port:
        yield receiver


@attrs.define
class MailServer:
    """A server of mail that speaks as much SMTP as a client needs, with STARTTLS and AUTH.

    Attributes:
        tls: its certificate for STARTTLS, None where it offers none.
        replies: what it answers to a command instead of its own: ``MAIL`` → ``451 later``; each
            once.
        hangs: whether it says nothing at all.
        mails: mails that it took, with their recipients.
        logins: user names and passwords.
        secure: for each mail, whether it came by TLS.
    """

    tls: ssl.SSLContext | None = None
    replies: dict[str, str] = attrs.field(factory=dict)
    hangs: bool = False
    mails: list[tuple[tuple[str, ...], Message]] = attrs.field(factory=list)
    logins: list[tuple[str, str]] = attrs.field(factory=list)
    secure: list[bool] = attrs.field(factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            if self.hangs:
                await asyncio.sleep(60)
            writer.write(b"220 here\r\n")
            to: list[str] = []
            while line := (await reader.readline()).decode().strip():
                if not await self._obey(line, to, reader, writer):
                    return
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _obey(
        self, line: str, to: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        verb, secure = line.split(maxsplit=1)[0].upper(), bool(writer.get_extra_info("ssl_object"))
        answer = self.replies.pop(verb, None)
        if answer is None:
            answer = self._usual(verb, line, to, secure=secure)
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        if verb == "STARTTLS" and answer.startswith("220"):
            await writer.start_tls(self.tls)
        if verb == "DATA" and answer.startswith("354"):
            body = await reader.readuntil(b"\r\n.\r\n")
            self.mails.append((tuple(to), message_from_bytes(body[:-3])))
            self.secure.append(secure)
            writer.write(b"250 taken\r\n")
        return verb != "QUIT"

    def _usual(self, verb: str, line: str, to: list[str], *, secure: bool) -> str:
        if verb == "EHLO":
            offers = ["here", "AUTH PLAIN"]
            offers += ["STARTTLS"] if self.tls is not None and not secure else []
            return "\r\n".join(f"250-{each}" for each in offers) + "\r\n250 SIZE"
        if verb == "AUTH":
            _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
            self.logins.append((user, password))
            return "235 welcome"
        if verb == "RCPT":
            to.append(line.partition(":")[2].strip("<>"))
        return {"DATA": "354 go on", "STARTTLS": "220 go on", "QUIT": "221 bye"}.get(verb, "250 ok")


@asynccontextmanager
async def mailing(**changes: Any) -> AsyncIterator[MailServer]:
    """A server of mail."""
    wrapped = changes.pop("wrapped", None)
    server = MailServer(**changes)
    async with listening(server.serve, **({"ssl": wrapped} if wrapped else {})) as server.port:
        yield server


@attrs.frozen
class Certificate:
    """A certificate for this machine.

    Attributes:
        server: what a server shows.
        trusting: makes what a client checks it by.
    """

    server: ssl.SSLContext
    trusting: Callable[[], ssl.SSLContext]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate that signs itself."""
    # Neither the plugin nor the core needs it; where the host is installed, it is there.
    pytest.importorskip("cryptography", reason="no certificate can be made without cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file: Path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(file)
    return Certificate(server, lambda: ssl.create_default_context(cafile=file))


@asynccontextmanager
async def notifying(
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context, **settings: Any
) -> AsyncIterator[Notify]:
    """The plugin between its start and its end."""
    context = PluginContext("notify", "1", {}, SystemClock(), Path())
    made = Notify(context, NotifySettings(**settings), tls)
    await made.ion_startup()
    try:
        yield made
    finally:
        await made.ion_shutdown()


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for something to come true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  what comes about in sockets and threads has no event
            await asyncio.sleep(0.005)


@pytest.fixture
def post() -> Any:
    """Receivers, the plugin, and what tests need of both."""
    return SimpleNamespace(
        receiving=receiving,
        mailing=mailing,
        notifying=notifying,
        notice=make_notice,
        until=until,
    )
