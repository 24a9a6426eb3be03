"""What is wrong on this side of the wire is told as such, and the service is not blamed."""

import asyncio
import os
import subprocess
import sys
import threading
import tomllib
from importlib.resources import files

import pytest
from ion_gemini.client import ClientKeeper
from ion_gemini.failures import client_failure
from ion_gemini.settings import GeminiSettings
from ion_gemini.upstream import GeminiUpstream

from ion_framework.errors import FailureCause, GenerationError
from ion_framework.resilience import BreakerState
from ion_framework.testing.model_servers.faults import Answer

pytestmark = pytest.mark.outage

ELSEWHERE = "https://service.invalid/"
NEUTRAL = {
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_GENAI_API_VERSION",
    "GOOGLE_GENAI_HTTP_CLIENT",
}
"""What the SDK reads although nothing comes of it, as the tests of the client show."""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks5h://127.0.0.1:9"),
        ("HTTPS_PROXY", "ftp://x:1"),
        ("SSL_CERT_FILE", "no/such/file"),
    ],
)
async def test_variables_that_cannot_work_are_named(service, monkeypatch, name, value):
    """A client that cannot be made is misconfigured, asked once, and the text names variables."""
    monkeypatch.setenv(name, value)
    async with service(base_url=ELSEWHERE, breaker_failures=1, breaker_after_s=0.0) as asked:
        errors = [await asked.failure() for _ in range(3)]
        (guard,) = asked.gemini.answers.guards
        assert guard.state is BreakerState.CLOSED

    assert {error.cause for error in errors} == {FailureCause.MISCONFIGURED}
    assert all(name in str(error) for error in errors)


def test_an_sdk_that_is_missing_says_what_to_do():
    """If google-genai cannot be imported the error says what to install."""
    missing = ModuleNotFoundError("No module named 'google.genai'", name="google.genai")
    cause, said = client_failure(missing)

    assert cause is FailureCause.MISCONFIGURED
    assert "install ion-gemini again" in said


async def test_a_full_pool_is_busy_and_blames_nobody(service):
    """A request that gets no connection in time names the setting, and opens no breaker."""
    slow = Answer(first_delay_s=30.0)
    async with service(
        slow, max_connections=1, connect_s=0.1, breaker_failures=1, breaker_after_s=0.0
    ) as asked:
        waiting = asyncio.create_task(asked.ask())
        await asked.fake.until(lambda: len(asked.fake.requests) == 1)
        errors = [await asked.failure() for _ in range(3)]
        (guard,) = asked.gemini.answers.guards
        assert guard.state is BreakerState.CLOSED
        waiting.cancel()
        await asyncio.wait({waiting})

    assert {(error.cause, error.tries) for error in errors} == {(FailureCause.BUSY, 1)}
    assert all("max_connections" in str(error) for error in errors)


async def test_a_client_in_the_making_is_not_waited_for_until_the_service_is_blamed(make_prompt):
    """A client that takes half the time for a first word makes the turn busy, without a try."""
    go_on = threading.Event()

    def make():
        go_on.wait()
        raise OSError("not needed any more")

    keeper = ClientKeeper(make)
    upstream = GeminiUpstream(GeminiSettings(model="m", connect_s=0.1, first_token_s=0.2), keeper)
    try:
        with pytest.raises(GenerationError) as caught:
            await anext(upstream.stream("m", make_prompt()))
    finally:
        go_on.set()
        await keeper.close()

    assert (caught.value.cause, caught.value.tries) == (FailureCause.BUSY, 0)


_READS = """
import asyncio, os
read = set()
plain = type(os.environ).__getitem__
def noted(environ, name):
    read.add(name)
    return plain(environ, name)
type(os.environ).__getitem__ = noted
from ion_gemini.client import make_clients
from ion_gemini.settings import GeminiSettings
make_clients(GeminiSettings(model="m", api_key="k"))
clients = make_clients(GeminiSettings(model="m", vertex_project="p"))
try:
    asyncio.run(clients.genai.aio.models.generate_content(model="m", contents="x"))
except Exception:
    pass
print(*read)
"""


def test_the_manifest_lists_the_variables_that_are_read():
    """Every variable of proxies, certificates and Google's login that is read is declared."""
    environ = {"PATH": os.environ["PATH"], "NO_GCE_CHECK": "true"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", _READS],
        capture_output=True,
        text=True,
        check=True,
        env=environ,
    )
    manifest = tomllib.loads((files("ion_gemini") / "ion-plugin.toml").read_text("utf-8"))
    declared = set(manifest["capabilities"]["environment"])
    kinds = ("GOOGLE_", "GCE_", "CLOUDSDK_CON", "SSL", "REQUESTS_", "CURL_", "NETRC", "NO_")
    read = {name for name in done.stdout.split() if name.startswith(kinds)}

    assert {"SSL_CERT_FILE", "SSL_CERT_DIR", "GOOGLE_APPLICATION_CREDENTIALS"} <= read
    assert read - NEUTRAL <= declared
    assert {"ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"} <= declared
