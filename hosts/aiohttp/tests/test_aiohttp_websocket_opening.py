"""``GET /api/v2/ws``: who may connect, and what it costs."""

from __future__ import annotations

import pytest
from aiohttp import WSServerHandshakeError
from ion_host_aiohttp.streaming.places import Places
from ion_host_aiohttp.streaming.state import Streaming

from ion_framework.settings.model import Settings
from ion_framework.settings.serving import CorsSettings

WS = "/api/v2/ws"


class TestOpening:
    """Who may connect."""

    async def test_it_is_no_handshake(self, hosting):
        """A plain GET is told what the address is for."""
        async with hosting() as host, host.session.get(WS) as response:
            assert response.status == 426
            assert response.headers["Upgrade"] == "websocket"
            assert (await response.json())["error"]["code"] == "UPGRADE_REQUIRED"

    async def test_other_protocols(self, hosting):
        """A caller that names other subprotocols only is refused, and its token is not logged."""
        async with hosting() as host:
            with pytest.raises(WSServerHandshakeError) as caught:
                await host.session.ws_connect(WS, protocols=("bearer.secret",))
            assert caught.value.status == 400
            assert "secret" not in host.log.getvalue()

    @pytest.mark.parametrize(
        ("origin", "status"),
        [
            ("https://app.example", 101),
            ("{own}", 101),
            ("https://evil.example", 403),
            ("null", 403),
        ],
    )
    async def test_origins(self, hosting, origin, status):
        """Only pages of the host and of listed origins connect."""
        settings = Settings(cors=CorsSettings(origins=("https://app.example",)))
        async with hosting(settings=settings) as host:
            headers = {"Origin": origin.format(own=host.url)}
            if status == 101:
                async with host.session.ws_connect(WS, headers=headers) as socket:
                    await socket.send_json({"type": "ping"})
                    assert (await socket.receive_json())["type"] == "pong"
            else:
                with pytest.raises(WSServerHandshakeError) as caught:
                    await host.session.ws_connect(WS, headers=headers)
                assert caught.value.status == status

    async def test_places(self, hosting, talk):
        """One caller has a bounded number of connections."""
        bounds = Streaming(sockets=Places(2, 1))
        async with hosting(streaming=bounds) as host:
            async with talk.connected(host):
                with pytest.raises(WSServerHandshakeError) as caught:
                    await host.session.ws_connect(WS)
                assert caught.value.status == 429
            await talk.until(lambda: bounds.sockets.open == 0)

    async def test_each_turn_is_charged(self, hosting, meter, talk):
        """The opening and every turn count as one request each."""

        class Door(meter):
            async def spend(self, caller, cost, *, runs_turns, paid=0):
                assert runs_turns == bool(self.costs)
                return await super().spend(caller, cost, runs_turns=True, paid=paid)

        door = Door(3)
        async with hosting(door=door) as host, talk.connected(host) as socket:
            for number in range(3):
                await talk.ask(socket, type="turn", id=str(number), text=f"hi {number}")
                found = await talk.hear_all(socket)
            assert found[-1]["data"]["error"]["code"] == "RATE_LIMITED"
            assert door.costs == [1, 1, 1, 1]

    async def test_no_compression(self, hosting, talk):
        """Compression that a caller offers is not taken up."""
        async with hosting() as host, talk.connected(host, compress=15) as socket:
            assert "Sec-WebSocket-Extensions" not in socket._response.headers


class TestCredentials:
    """What callers present."""

    async def test_a_token_among_the_subprotocols(self, hosting, meter, talk):
        """A page's token is taken from the subprotocols at the opening and at every turn."""
        presented = []

        class Door(meter):
            async def identify(self, credentials, address):
                presented.append((credentials.bearer, credentials.key))
                return await super().identify(credentials, address)

            async def spend(self, caller, cost, *, runs_turns, paid=0):
                return await super().spend(caller, cost, runs_turns=True, paid=paid)

        async with (
            hosting(door=Door()) as host,
            talk.connected(host, protocols=("ion.v2", "bearer.a.b-c_d")) as socket,
        ):
            assert socket.protocol == "ion.v2"
            await talk.ask(socket, type="turn", id="1", text="hi")
            await talk.hear_all(socket)
        assert presented == [("a.b-c_d", None)] * 2

    async def test_a_key_that_is_revoked(self, hosting, meter, talk):
        """Credentials that no longer hold are refused at the next turn."""
        from ion_host_aiohttp.access.refusals import not_valid
        from ion_host_aiohttp.errors.failure import RequestFailed

        class Door(meter):
            revoked = False

            async def identify(self, credentials, address):
                if self.revoked:
                    raise RequestFailed(not_valid())
                return await super().identify(credentials, address)

            async def spend(self, caller, cost, *, runs_turns, paid=0):
                return await super().spend(caller, cost, runs_turns=True, paid=paid)

        door = Door()
        async with hosting(door=door) as host, talk.connected(host) as socket:
            door.revoked = True
            await talk.ask(socket, type="turn", id="1", text="hi")
            told = await talk.hear(socket)
            assert told["data"]["error"]["code"] == "CREDENTIALS_REFUSED"
