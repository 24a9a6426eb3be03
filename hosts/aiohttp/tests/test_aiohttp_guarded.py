"""A host that was guarded when it started stays so, and knows who can reach it."""

from __future__ import annotations

import io
import os
import socket

import pytest
from aiohttp.test_utils import make_mocked_request
from ion_host_aiohttp.access import keys_work
from ion_host_aiohttp.access.authentication import authenticates, make_authenticator
from ion_host_aiohttp.access.caller import Credentials
from ion_host_aiohttp.access.key_record import KeyTerms
from ion_host_aiohttp.access.key_table import FRESH_S
from ion_host_aiohttp.browser.origins import Origins
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.rates.making import make_limiter
from ion_host_aiohttp.run.addresses import BindError, bind, is_loopback, is_of_this_machine
from ion_host_aiohttp.run.composition import opened_service
from ion_host_aiohttp.run.connection_places import ConnectionPlaces
from ion_host_aiohttp.run.logs import make_logger
from ion_host_aiohttp.workers.office import Office

from ion_framework import Ion
from ion_framework.errors import SettingsError
from ion_framework.settings.loading import CommandLine
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.secrets import Secrets
from ion_framework.settings.serving import AuthSettings, KeyMode, RateSettings, ServerSettings
from ion_framework.testing import VirtualClock

OWN_NAMES = ["127.0.0.1", "localhost", "LOCALHOST", "127.1", "0x7f000001"]
PROXIED = ServerSettings(trusted_proxies=("10.0.0.1",))


def logger(stream=None):
    """A logger."""
    return make_logger(stream or io.StringIO(), LogSettings())


@pytest.fixture
def settings(tmp_path):
    """Settings with a folder of their own."""
    return Settings(data_dir=tmp_path / "data")


async def status(door, key=None):
    """200, or the status with which somebody is refused."""
    try:
        await door.identify(Credentials(key=key), "")
    except RequestFailed as failed:
        return failed.failure.status
    return 200


class TestVerdict:
    """What was found before the host was bound holds to its end."""

    async def test_file_that_vanished_before_the_opening_opens_nothing(self, settings):
        """With the file gone everybody is told 503 until it is back, and then its keys are good."""
        key, path = keys_work.create(settings, KeyTerms()).key, settings.folder() / "keys.sqlite3"
        guarded, clock, log = authenticates(settings), VirtualClock(), io.StringIO()
        path.rename(path.with_name("away"))
        door = await make_authenticator(settings, Secrets({}), logger(log), clock, guarded=guarded)
        try:
            assert door.required
            assert [503, 503] == [await status(door), await status(door, key)]
            path.with_name("away").rename(path)
            clock.advance(FRESH_S)
            assert [401, 200] == [await status(door), await status(door, key)]
        finally:
            await door.close()
        assert "nobody is let in" in log.getvalue()

    async def test_another_file_without_keys_opens_nothing(self, settings):
        """A file in which no key was ever created lets nobody in where there had been one."""
        keys_work.create(settings, KeyTerms())
        path = settings.folder() / "keys.sqlite3"
        keys_work.key_file.create(path.with_name("other.sqlite3"))
        path.with_name("other.sqlite3").replace(path)
        door = await make_authenticator(settings, Secrets({}), logger(), guarded=True)
        try:
            assert 401 == await status(door)
        finally:
            await door.close()

    async def test_the_service_gets_it(self, settings):
        """The parts of a host that was guarded let nobody in, though no file of keys is there."""
        async with (
            Ion(settings, source=tuple, environ={}) as ion,
            opened_service(ion, settings, logger(), guarded=True, address="0.0.0.0") as service,
        ):
            assert service.authenticator.required
            assert not service.origins.on_loopback

    @pytest.mark.parametrize(
        ("mode", "expected"), [("auto", True), ("required", True), ("off", False)]
    )
    def test_workers_get_it(self, tmp_path, mode, expected):
        """A respawned worker is told that the host was guarded, unless keys were turned off."""
        environ = {"ION_DATA_DIR": str(tmp_path), "ION_AUTH_KEYS": mode}
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))
            office = Office(CommandLine(), environ, reserved, insecure=False, guarded=True)
            assert expected is office.desired().guarded

    async def test_keys_that_are_off_are_asked_for_nowhere(self, settings):
        """A host that never was guarded stays open without a file of keys, as its user wants it."""
        open_one = Settings(data_dir=settings.data_dir, auth=AuthSettings(keys=KeyMode.OFF))
        door = await make_authenticator(open_one, Secrets({}), logger(), guarded=False)
        assert 200 == await status(door)
        await door.close()


class TestReach:
    """Who can reach the host."""

    @pytest.mark.parametrize("name", OWN_NAMES)
    def test_a_name_counts_by_its_addresses(self, name):
        """However loopback is written, a page cannot make its own name mean this host."""
        request = make_mocked_request("GET", "/", headers={"Host": "evil.example"})
        origins = Origins.of(Settings(server=ServerSettings(host=name)))

        assert is_of_this_machine(name)
        assert not origins.answers_to(request)

    def test_the_bound_address_counts_before_the_name(self):
        """Once there is a socket, its address decides, and not what the setting says."""
        request = make_mocked_request("GET", "/", headers={"Host": "evil.example"})
        there, here = Settings(server=ServerSettings(host="192.0.2.1")), Settings()

        assert not Origins.of(there, "127.0.0.1").answers_to(request)
        assert Origins.of(here, "192.0.2.1").answers_to(request)

    @pytest.mark.parametrize(
        ("address", "expected"),
        [
            ("127.9.9.9", True),
            ("::1", True),
            ("::ffff:127.0.0.1", True),
            ("0.0.0.0", False),
            ("::", False),
            ("::ffff:10.0.0.1", False),
            ("fe80::1%eth0", False),
        ],
    )
    def test_loopback_is_judged_in_one_place(self, address, expected):
        """IPv4 inside of IPv6 counts as what it stands for."""
        assert expected is is_loopback(address)

    def test_trusted_proxies_mean_that_others_come(self):
        """Loopback behind a proxy is refused without authentication, with why and the ways out."""
        with pytest.raises(BindError, match=r"trusted_proxies.*no authentication") as caught:
            bind("127.0.0.1", 0, insecure=False, proxied=True)
        bind("127.0.0.1", 0, insecure=True, proxied=True).close()

        for cure in ("ion keys create", "leave that setting empty", "--insecure-no-auth"):
            assert cure in str(caught.value)

    async def test_trusted_proxies_need_a_limit(self):
        """Without a rate limit a host behind a proxy does not start, and says why."""
        settings = Settings(server=PROXIED, rate=RateSettings(limit="off"))
        with pytest.raises(SettingsError, match=r"trusted_proxies.*30/minute"):
            await make_limiter(settings, logger())


class TestPlaces:
    """Connections on a socket of both families."""

    def test_ipv4_inside_of_ipv6_counts_as_ipv4(self):
        """On ``::`` callers of IPv4 each have a bound of their own, and proxies are known."""
        places = ConnectionPlaces(most=100, per_address=2, proxies=("10.0.0.0/8",))
        taken = [places.take(f"::ffff:203.0.113.{number}") for number in (1, 1, 2, 2, 1)]

        assert taken == [True, True, True, True, False]
        assert not places.take("203.0.113.2")
        assert all(places.take("::ffff:10.1.2.3") for _ in range(5))
        places.give_back("203.0.113.1")
        assert places.take("::ffff:203.0.113.1")


@pytest.mark.parametrize("path", ["/health", "/api/v2/health"])
async def test_health_costs_nothing(hosting, limiting, path):
    """Whoever watches over the host may ask as often as it likes."""
    async with limiting(limit="1/minute") as (rates, _), hosting(rates=rates) as host:
        found = [(await host.session.get(path)).status for _ in range(40)]

    assert set(found) == {200}


@pytest.mark.skipif(os.name != "posix", reason="files have other rights there")
class TestRights:
    """Who could put a key into the file."""

    @pytest.mark.parametrize(
        ("mode", "refused"), [(0o777, True), (0o775, True), (0o1777, False), (0o755, False)]
    )
    def test_folder_that_others_can_write(self, settings, mode, refused):
        """A folder in which others can exchange the file stops the start, unless it is sticky."""
        keys_work.create(settings, KeyTerms())
        settings.folder().chmod(mode)
        if refused:
            with pytest.raises(SettingsError, match=r"can write its folder.*chmod go-w"):
                authenticates(settings)
        else:
            assert authenticates(settings)

    @pytest.mark.skipif(
        os.name != "posix" or os.geteuid() != 0, reason="only root gives files away"
    )
    def test_file_of_somebody_else(self, settings):
        """A file that belongs neither to this user nor to root is not used."""
        keys_work.create(settings, KeyTerms())
        os.chown(settings.folder() / "keys.sqlite3", 12345, 12345)

        with pytest.raises(SettingsError, match=r"belongs to the user 12345.*chown"):
            authenticates(settings)
