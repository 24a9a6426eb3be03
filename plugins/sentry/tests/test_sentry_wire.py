"""The way to Sentry: one connection that is kept, certificates that are checked, proxies."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import zlib
from contextlib import contextmanager, nullcontext, suppress

import pytest
from ion_sentry.wire import UNREACHABLE, wire_to
from sentry_sdk.utils import Dsn

from ion_framework.testing import FakeCollector
from ion_framework.testing.network.certificates import OPENSSL, self_signed
from ion_framework.testing.network.ports import free_port

KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
BODY = zlib.compress(b"an envelope", 5, wbits=31)
LONG = b"x" * 4_000_000 + BODY
"""More than the buffers of a socket hold."""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
IDLE = b"HTTP/1.1 408 Request Time-out\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
NEEDS_OPENSSL = pytest.mark.skipif(
    OPENSSL is None, reason="no openssl on PATH to make a certificate with"
)
LINGER_NOT = struct.pack("ii", 1, 0)
"""Makes a socket that is closed reset its connection."""


@contextmanager
def server(*connections, context=None, part=lambda link: None):
    """A server that answers on each connection as often as it has answers; gives heads and port.

    After its last answer it does ``part`` and closes a connection without having said so.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    heads = []

    def serve():
        for answers in connections:
            with suppress(OSError):
                plain = listener.accept()[0]
                plain.settimeout(30)
                with context.wrap_socket(plain, server_side=True) if context else plain as link:
                    for answer in answers:
                        heads.append(request_head(link))
                        link.sendall(answer)
                    part(link)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield heads, listener.getsockname()[1]
    finally:
        listener.close()
        thread.join(30)


def request_head(link):
    """The head of a request, whose body has been read."""
    data = bytearray()
    while not data.endswith(BODY):
        part = link.recv(65536)
        if not part:
            raise ConnectionError
        data += part
    return data.partition(b"\r\n\r\n")[0].decode()


def wire(port, scheme="http", host="127.0.0.1"):
    """A way to a server."""
    return wire_to(Dsn(f"{scheme}://{KEY}@{host}:{port}/7"), 30)


def tls(certificate):
    """What a server of TLS speaks with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for ``localhost`` that signs itself, and its key."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(certificate, monkeypatch):
    """What a server speaks with whose certificate is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    return tls(certificate)


def test_one_connection_serves_all_envelopes():
    """Three envelopes come over one connection, each with the key and its own length."""
    with server([OK] * 3) as (heads, port):
        way = wire(port)
        answers = [way.post(BODY).status for _ in range(3)]
        way.close()

    assert answers == [200] * 3
    assert heads[0].splitlines()[:2] == [
        "POST /api/7/envelope/ HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
    ]
    assert f"Content-Length: {len(BODY)}" in heads[2].splitlines()
    assert f"sentry_key={KEY}" in heads[2]


@pytest.mark.parametrize("first", [OK, LAST])
def test_a_connection_that_sentry_closed_is_opened_again(first):
    """Whether it said so or not, the next envelope goes over a new connection."""
    with server([first], [OK]) as (heads, port):
        way = wire(port)
        answers = [way.post(BODY).status for _ in range(2)]
        way.close()

    assert answers == [200, 200]
    assert len(heads) == 2


@pytest.mark.parametrize("scheme", ["http", pytest.param("https", marks=NEEDS_OPENSSL)])
@pytest.mark.parametrize("last_words", [b"", IDLE])
def test_an_idle_connection_that_was_given_up_is_not_used(scheme, last_words, request):
    """Whether it just ended or a proxy told of it (408), the next envelope goes over another."""
    answered, given_up = threading.Event(), threading.Event()

    def part(link):
        answered.wait(30)
        link.sendall(last_words)
        link.shutdown(socket.SHUT_RDWR)
        given_up.set()

    context = request.getfixturevalue("trusted") if scheme == "https" else None
    with server([OK], [OK], context=context, part=part) as (heads, port):
        way = wire(port, scheme, "localhost")
        answers = [way.post(BODY).status]
        answered.set()
        assert given_up.wait(30)
        answers.append(way.post(BODY).status)
        way.close()

    assert answers == [200, 200]
    assert len(heads) == 2


@pytest.mark.parametrize("scheme", ["http", pytest.param("https", marks=NEEDS_OPENSSL)])
def test_an_envelope_whose_connection_breaks_is_sent_again(scheme, request):
    """A kept connection that is reset in the midst of an envelope costs no event."""

    def part(link):
        # The next envelope follows at once; after the last one nothing does.
        link.settimeout(5)
        link.recv(1)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)

    context = request.getfixturevalue("trusted") if scheme == "https" else None
    with server([OK], [OK], context=context, part=part) as (heads, port):
        way = wire(port, scheme, "localhost")
        answers = [way.post(BODY).status, way.post(LONG).status]
        way.close()

    assert answers == [200, 200]
    assert f"Content-Length: {len(LONG)}" in heads[1].splitlines()


@NEEDS_OPENSSL
def test_one_connection_of_tls_serves_all_envelopes(trusted):
    """What TLS itself has sent, such as tickets, is not taken for the end of a connection."""
    with server([OK] * 3, context=trusted) as (heads, port):
        way = wire(port, "https", "localhost")
        answers = [way.post(BODY).status for _ in range(3)]
        way.close()

    assert answers == [200] * 3
    assert len(heads) == 3


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9"]
)
def test_what_is_no_answer_is_told_as_unreachable(answer):
    """A connection that breaks, or says what is no HTTP, is tried a second time and no third."""
    with server([answer], [answer]) as (heads, port):
        way = wire(port)
        with pytest.raises(UNREACHABLE):
            way.post(BODY)
        way.close()

    assert len(heads) == 2


def test_nobody_there_is_told_as_unreachable():
    """A port on which nobody listens raises one of the errors that are counted."""
    with pytest.raises(UNREACHABLE):
        wire(free_port()).post(BODY)


@NEEDS_OPENSSL
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_certificates_are_checked(host, certificate, monkeypatch):
    """A certificate counts where it is trusted and names the host, and else nothing is sent."""
    context = tls(certificate)
    with server([OK], context=context) as (heads, port), pytest.raises(UNREACHABLE):
        wire(port, "https", "localhost").post(BODY)
    assert not heads

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with server([OK], context=context) as (heads, port):
        way = wire(port, "https", host)
        with nullcontext() if host == "localhost" else pytest.raises(UNREACHABLE):
            assert way.post(BODY).status == 200
        way.close()
    assert len(heads) == (host == "localhost")


def test_a_proxy_of_the_environment_is_asked(monkeypatch):
    """With a proxy for HTTP the envelope goes there, and names its address as a whole."""
    with FakeCollector() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        way = wire(9, host="sentry.invalid")
        answer = way.post(BODY)
        way.close()

    assert (answer.status, answer.limits, answer.retry_after) == (200, "", "")
    assert proxy.paths == ["http://sentry.invalid:9/api/7/envelope/"]
    assert proxy.bodies == [b"an envelope"]
