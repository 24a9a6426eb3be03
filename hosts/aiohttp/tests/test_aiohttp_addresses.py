"""Whose address a request counts for, whatever the caller writes into its headers."""

from __future__ import annotations

import random

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given, settings
from hypothesis import strategies as st
from ion_host_aiohttp.rates.addresses import ClientAddresses, counted
from multidict import CIMultiDict

PEER = "10.0.0.5"
PROXIES = ("10.0.0.0/8", "fd00::/8")


def request(*forwarded, peer=PEER, proto=()):
    """A request from a peer with these lines of X-Forwarded-For."""
    fields = [("X-Forwarded-For", line) for line in forwarded]
    fields += [("X-Forwarded-Proto", line) for line in proto]
    return make_mocked_request("GET", "/", headers=CIMultiDict(fields)).clone(remote=peer)


class TestOf:
    """The address."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:4711", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"),
            ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("::1", "::/64"),
            ("", ""),
            ("unknown", ""),
            ("_hidden", ""),
            ("203.0.113.700", ""),
            ("0x7f.1", ""),
            ("١.1.1.1", ""),
        ],
    )
    def test_an_address_has_one_form(self, text, expected):
        """Every way to write an address counts as the same, and what is none as nothing."""
        assert counted(text) == expected

    def test_nobody_is_believed_by_default(self):
        """Without trusted proxies the header says nothing."""
        assert ClientAddresses().of(request("1.2.3.4", peer="203.0.113.7")) == "203.0.113.7"

    @pytest.mark.parametrize(
        ("hops", "lines", "expected"),
        [
            (1, ["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
            (1, ["6.6.6.6", "203.0.113.7"], "203.0.113.7"),
            (2, ["6.6.6.6, 203.0.113.7, 35.191.0.1"], "203.0.113.7"),
            (2, ["6.6.6.6", "203.0.113.7,35.191.0.1"], "203.0.113.7"),
            (2, ["203.0.113.7"], PEER),
            (1, [], PEER),
            (1, ["203.0.113.7,"], PEER),
            (1, ["203.0.113.7, nonsense"], PEER),
            (1, ["203.0.113.7, 2001:db8::1%eth0"], "2001:db8::/64"),
        ],
    )
    def test_hops_are_counted_from_the_right(self, hops, lines, expected):
        """Of so many proxies the entry so far from the right counts; without it, the proxy."""
        assert ClientAddresses(PROXIES, hops).of(request(*lines)) == expected

    def test_others_are_not_believed_though_proxies_are(self):
        """A peer outside of the trusted networks counts as itself, whatever it writes."""
        addresses = ClientAddresses(PROXIES)
        assert addresses.of(request("1.2.3.4", peer="203.0.113.7")) == "203.0.113.7"
        assert addresses.of(request("1.2.3.4", peer="::ffff:10.1.1.1")) == "1.2.3.4"
        assert addresses.of(request("1.2.3.4", peer=None)) == ""

    @settings(max_examples=300)
    @given(st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0")))
    def test_what_stands_left_changes_nothing(self, garbage):
        """Whatever a caller writes, the entry of the trusted proxy counts."""
        addresses = ClientAddresses(PROXIES)
        assert addresses.of(request(garbage, "203.0.113.7")) == "203.0.113.7"
        assert addresses.of(request(f"{garbage},203.0.113.7")) == "203.0.113.7"


class TestHttps:
    """Whether the caller used HTTPS."""

    @pytest.mark.parametrize(
        ("peer", "proto", "expected"),
        [
            (PEER, ["https"], True),
            (PEER, ["HTTPS"], True),
            (PEER, ["http"], False),
            (PEER, [], False),
            (PEER, ["https, http"], False),
            (PEER, ["http", "https"], True),
            ("203.0.113.7", ["https"], False),
        ],
    )
    def test_trusted_proxies_say_it(self, peer, proto, expected):
        """X-Forwarded-Proto counts where a trusted proxy sent it, and there the last entry."""
        assert ClientAddresses(PROXIES).is_https(request(peer=peer, proto=proto)) is expected


async def test_a_thousand_made_up_addresses_are_one_caller(hosting, limiting):
    """A thousand requests of one peer, each with another leftmost address, pass thirty times."""
    source = random.Random(7)  # noqa: S311  no secret is chosen
    found = []
    async with limiting() as (rates, _), hosting(rates=rates) as host:
        for _ in range(1000):
            made_up = ".".join(str(source.randrange(256)) for _ in range(4))
            fields = {"X-Forwarded-For": f"{made_up}, 6.6.6.6", "Forwarded": f"for={made_up}"}
            async with host.session.get("/api/v2/personas", headers=fields) as response:
                found.append(response.status)
    assert [found.count(200), found.count(429)] == [30, 970]
