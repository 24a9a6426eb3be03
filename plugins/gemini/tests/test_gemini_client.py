"""The SDK's client: made late, once, off the loop, by our settings and by nothing else."""

import asyncio
import subprocess
import sys
import threading
from contextlib import asynccontextmanager

import pytest
from ion_gemini.client import ClientKeeper, Clients, make_clients
from ion_gemini.settings import GeminiSettings

from ion_framework.testing import FakeGemini

KEY = "AIza-S3CRET-key"
TRAPS = {
    "GOOGLE_API_KEY": "another-key",
    "GEMINI_API_KEY": "another-key",
    "GOOGLE_GENAI_USE_VERTEXAI": "true",
    "GOOGLE_GENAI_USE_ENTERPRISE": "true",
    "GOOGLE_CLOUD_PROJECT": "another-project",
    "GOOGLE_CLOUD_LOCATION": "another-location",
    "GOOGLE_GENAI_API_VERSION": "v9",
    "GOOGLE_GEMINI_BASE_URL": "https://another.example",
    "GOOGLE_VERTEX_BASE_URL": "https://another.example",
    "GOOGLE_GENAI_HTTP_CLIENT": "httpx2",
    "GOOGLE_GENAI_CLIENT_MODE": "replay",
    "GOOGLE_GENAI_REPLAY_ID": "any/any/mldev",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "http_proxy": "http://127.0.0.1:1",
}


def test_nothing_of_google_is_imported_with_the_plugin():
    """Importing the plugin's module loads neither the SDK nor an HTTP client."""
    code = (
        "import sys, ion_gemini.plugin; "
        "print([name for name in ('google', 'google.genai', 'httpx2', 'aiohttp') "
        "if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_client_needs_no_aiohttp():
    """Where aiohttp is not installed the client is made all the same, over httpx2."""
    code = (
        "import sys; sys.modules['aiohttp'] = None; "
        "from ion_gemini.client import make_clients; "
        "from ion_gemini.settings import GeminiSettings; "
        "made = make_clients(GeminiSettings(model='m', api_key='k')); "
        "print(made.genai._api_client._async_httpx_client is made.http, type(made.http).__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[0] == "True"
    assert done.stdout.split()[1].startswith("httpx2")


class Counted:
    """Makes clients, and remembers in which threads."""

    def __init__(self, fake, failures=0):
        self.threads = []
        self._failures = failures
        self._settings = GeminiSettings(model="m", api_key=KEY, base_url=fake.base_url)

    def make(self) -> Clients:
        """Make them, or fail for so many times."""
        self.threads.append(threading.get_ident())
        if len(self.threads) <= self._failures:
            raise OSError("no certificates")
        return make_clients(self._settings)


@asynccontextmanager
async def left_by_its_first_caller(failures=0):
    """A keeper whose first caller is cancelled while the client is made, and what it makes."""
    async with FakeGemini() as fake:
        counted = Counted(fake, failures)
        keeper = ClientKeeper(counted.make)
        first = asyncio.create_task(keeper.get())
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait({first})
        try:
            yield fake, counted, keeper
        finally:
            await keeper.close()


async def test_concurrent_first_calls_make_one_client():
    """Fifty callers at once get the same client, made once and outside the loop's thread."""
    async with FakeGemini() as fake:
        counted = Counted(fake)
        keeper = ClientKeeper(counted.make)
        made = await asyncio.gather(*(keeper.get() for _ in range(50)))
        await keeper.close()

    assert len({id(one) for one in made}) == len(counted.threads) == 1
    assert counted.threads[0] != threading.get_ident()


async def test_a_caller_that_leaves_does_not_spoil_the_client():
    """If the first caller is cancelled while the client is made, the next gets that client."""
    async with left_by_its_first_caller() as (_, counted, keeper):
        await keeper.get()

    assert len(counted.threads) == 1


async def test_a_failure_is_not_kept():
    """After a failure to make the client the next call tries anew."""
    async with FakeGemini() as fake:
        counted = Counted(fake, failures=1)
        keeper = ClientKeeper(counted.make)
        with pytest.raises(OSError, match="no certificates"):
            await keeper.get()
        await keeper.get()
        await keeper.close()

    assert len(counted.threads) == 2


async def test_a_failure_that_nobody_waited_for_is_not_kept_either():
    """If the client cannot be made after its only caller left, the next call tries anew."""
    async with left_by_its_first_caller(failures=1) as (fake, counted, keeper):
        await fake.until(lambda: len(asyncio.all_tasks()) == 1)
        await keeper.get()

    assert len(counted.threads) == 2


async def test_a_client_can_be_begun_without_waiting_for_it():
    """What startup begins is what the first turn gets, and it is made once."""
    async with FakeGemini() as fake:
        counted = Counted(fake)
        keeper = ClientKeeper(counted.make)
        begun = keeper.begin()
        await fake.until(begun.done)
        made = await keeper.get()
        await keeper.close()

    assert made is begun.result()
    assert len(counted.threads) == 1


async def test_startup_has_the_client_made_and_does_not_wait(service):
    """The plugin's startup leaves a task behind, which makes the client for the first turn."""
    async with service() as asked:
        await asked.gemini.ion_shutdown()
        before = asyncio.all_tasks()
        await asked.gemini.ion_startup()
        assert asyncio.all_tasks() == before
        await asked.fake.until(lambda: asyncio.all_tasks() - before)
        (making,) = asyncio.all_tasks() - before
        assert making is asked.gemini._clients.begin()
        text, _ = await asked.ask()

    assert text == "Hello from the fake."


async def test_a_process_that_asks_nobody_makes_no_client():
    """A shutdown that follows at once upon startup has nothing to wait for."""
    keeper = ClientKeeper(lambda: pytest.fail("made for nothing"))
    keeper.begin_soon()
    await keeper.close()
    await asyncio.sleep(0.7)


async def test_shutdown_waits_for_a_client_in_the_making_and_closes_it():
    """A client that is just being made is closed too, and a later call makes another."""
    async with FakeGemini() as fake:
        counted = Counted(fake)
        keeper = ClientKeeper(counted.make)
        caller = asyncio.create_task(keeper.get())
        await asyncio.sleep(0)
        await keeper.close()
        assert (await caller).http.is_closed
        assert not (await keeper.get()).http.is_closed
        await keeper.close()


async def test_shutdown_without_any_call_is_nothing():
    """A plugin that was never asked has nothing to close."""
    await ClientKeeper(lambda: pytest.fail("made for nothing")).close()


async def test_the_environment_decides_nothing(service, monkeypatch):
    """Variables that the SDK reads change neither key, nor mode, nor address, nor version."""
    for name, value in TRAPS.items():
        monkeypatch.setenv(name, value)
    async with service() as asked:
        await asked.ask()
        (request,) = asked.fake.requests

    assert request.path == "/v1/models/gemini-test-1:streamGenerateContent"
    assert request.headers["x-goog-api-key"] == "AIza-S3CRET-key"


async def test_express_mode_uses_vertex_with_the_key(service, monkeypatch):
    """With vertex = true and a key the path is Vertex AI's without a project."""
    for name, value in TRAPS.items():
        monkeypatch.setenv(name, value)
    async with service(vertex=True) as asked:
        await asked.ask()
        (request,) = asked.fake.requests

    method = "streamGenerateContent"
    assert request.path == f"/v1beta1/publishers/google/models/gemini-test-1:{method}"
    assert request.headers["x-goog-api-key"] == "AIza-S3CRET-key"


async def test_a_project_uses_vertex_with_googles_login(service, monkeypatch):
    """With a project the path names project and location, and the credentials make the header."""
    from google.oauth2.credentials import Credentials

    for name, value in TRAPS.items():
        monkeypatch.setenv(name, value)
    credentials = Credentials(token="AIza-S3CRET-key")
    place = {"vertex_project": "my-project", "vertex_location": "europe-west4"}
    async with service(**place, options={"credentials": credentials}) as asked:
        await asked.ask()
        (request,) = asked.fake.requests

    assert request.path == (
        "/v1beta1/projects/my-project/locations/europe-west4/publishers/google/models/"
        "gemini-test-1:streamGenerateContent"
    )
    assert request.headers["authorization"] == "Bearer AIza-S3CRET-key"
    assert "x-goog-api-key" not in request.headers


async def test_a_login_that_fails_is_told(service):
    """Credentials that cannot be renewed are denied, in words that say what to look at."""
    from google.auth.credentials import AnonymousCredentials

    options = {"credentials": AnonymousCredentials()}
    async with service(vertex_project="p", options=options) as asked:
        error = await asked.failure()

    assert error.cause == "denied"
    assert "application default credentials" in str(error)


async def test_the_api_version_is_as_set(service):
    """A version in the settings goes into the path."""
    async with service(api_version="v1beta") as asked:
        await asked.ask()
        assert asked.fake.requests[0].path.startswith("/v1beta/models/")


@pytest.mark.parametrize("mode", ["record", "replay", "auto"])
async def test_the_sdk_never_records(service, monkeypatch, tmp_path, capfd, mode):
    """The SDK's variables for tests write no prompt into a file and no key into the output."""
    monkeypatch.setenv("GOOGLE_GENAI_CLIENT_MODE", mode)
    monkeypatch.setenv("GOOGLE_GENAI_REPLAYS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("GOOGLE_GENAI_REPLAY_ID", "module/function/mldev")
    for stream in (True, False):
        async with service(stream=stream) as asked:
            assert (await asked.ask())[0] == "Hello from the fake."

    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr().out == ""
