"""The SDK's client: made off the event loop, once, while the process starts.

Its import takes half a second and making it tens of milliseconds, which neither a listing of
plugins nor the turns of a process should wait for.

The HTTP client is chosen here, not by what else is installed: google-genai takes aiohttp where it
finds it, with timeouts that mean the whole answer instead of one read, and a hidden second try
after a random wait of up to ten seconds. httpx2 is what google-genai itself depends on, so that it
is always there. It is given explicitly, follows no redirect, and none of its timeouts is a policy:
`ion_framework.resilience.streaming` has those, and this client's are back-stops behind them.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from ion_gemini.settings import GeminiSettings

if TYPE_CHECKING:
    import httpx2
    from google import genai
    from google.auth.credentials import Credentials

_BACK_STOP_S = 5.0
"""Seconds after the end of an answer's time at which HTTP itself gives up."""


_MOST_IDLE = 16
"""Idle connections that are kept. httpx2 looks at each of them for every request: after a burst,
256 of them would nearly double what a call costs."""


_SOON_S = 0.5
"""Seconds after startup at which the client is made although nobody wants it yet."""


@attrs.frozen(eq=False)
class Clients:
    """The SDK's client and what it sends with.

    Attributes:
        genai: the SDK's client.
        http: the HTTP client below it, which the SDK leaves to its owner to close.
    """

    genai: genai.Client
    http: httpx2.AsyncClient

    async def close(self) -> None:
        """Close the connections."""
        await self.genai.aio.aclose()
        await self.http.aclose()
        self.genai.close()


class ClientKeeper:
    """Makes the clients once they are wanted, and keeps them. It belongs to one event loop.

    Args:
        make: makes them; runs in a thread.
    """

    def __init__(self, make: Callable[[], Clients]) -> None:
        self._make = make
        self._made: asyncio.Task[Clients] | None = None
        self._soon: asyncio.TimerHandle | None = None

    def begin_soon(self) -> None:
        """Begin to make them unless this is over at once, as a command is that asks nobody."""
        self._soon = asyncio.get_running_loop().call_later(_SOON_S, self.begin)

    def begin(self) -> asyncio.Task[Clients]:
        """Begin to make them, unless they are made; whoever does not wait may go on."""
        if self._made is None or _has_failed(self._made):
            self._made = asyncio.create_task(asyncio.to_thread(self._make))
            # A failure that nobody waited for is met, and told, by whoever asks next.
            self._made.add_done_callback(_has_failed)
        return self._made

    async def get(self) -> Clients:
        """The clients; a caller that leaves does not disturb the others.

        Raises:
            Exception: whatever making them raised; the next call tries anew.
        """
        return await asyncio.shield(self.begin())

    async def close(self) -> None:
        """Close them, also if they are just being made; a later call makes new ones."""
        if self._soon is not None:
            self._soon.cancel()
        made, self._made = self._made, None
        if made is None:
            return
        await asyncio.wait({made})
        if not _has_failed(made):
            await made.result().close()


def _has_failed(made: asyncio.Task[Clients]) -> bool:
    return made.done() and (made.cancelled() or made.exception() is not None)


def make_clients(settings: GeminiSettings, credentials: Credentials | None = None) -> Clients:
    """Import the SDK and make its client.

    Every choice is made here in so many words, because the SDK would otherwise take it from
    variables such as GOOGLE_API_KEY or GOOGLE_GENAI_USE_VERTEXAI. GOOGLE_GENAI_CLIENT_MODE would
    even make it write prompts into files.

    Args:
        settings: where and as whom.
        credentials: of a Vertex AI project; by default those that Google's login finds.
    """
    from google import genai  # half a second, see above
    from google.genai import types
    from google.genai.client import DebugConfig

    _expect_new_reasons()
    http = _http_client(settings)
    in_project = settings.vertex_project is not None
    client = genai.Client(
        vertexai=settings.uses_vertex,
        api_key=None if in_project else settings.api_key,
        credentials=credentials if in_project else None,
        project=settings.vertex_project,
        location=settings.vertex_location if in_project else None,
        debug_config=DebugConfig(client_mode=None, replays_directory=None, replay_id=None),
        http_options=types.HttpOptions(
            base_url=settings.url,
            api_version=settings.version,
            timeout=round((settings.total_s + _BACK_STOP_S) * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            httpx_async_client=http,
        ),
    )
    return Clients(client, http)


def _http_client(settings: GeminiSettings) -> httpx2.AsyncClient:
    import httpx2  # comes with the SDK, see above

    async def bound_connecting(request: httpx2.Request) -> None:
        """The SDK gives one timeout for everything; connecting has its own."""
        limits = request.extensions["timeout"]
        limits["connect"] = limits["pool"] = settings.connect_s

    return httpx2.AsyncClient(
        follow_redirects=False,
        trust_env=not settings.is_local,
        limits=httpx2.Limits(
            max_connections=settings.max_connections,
            max_keepalive_connections=min(_MOST_IDLE, settings.max_connections),
            keepalive_expiry=60.0,
        ),
        event_hooks={"request": [bound_connecting]},
    )


def _expect_new_reasons() -> None:
    """The service may name reasons that the SDK does not know yet; `Reading` deals with them.

    The SDK warns of each. The filter is as narrow as the warning: its module, class and words.
    """
    warnings.filterwarnings(
        "ignore",
        message=r".* is not a valid (FinishReason|BlockedReason)",
        category=UserWarning,
        module=r"google\.genai\._common",
    )
