"""Which addresses of services are refused, in every spelling."""

import pytest

from ion_framework.resilience.service_address import address_problem, ip_problem

LINK_LOCAL = "169.254.169.254 is no address of a model server"


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[::169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
    ],
)
def test_an_address_of_a_link_local_network_is_refused_however_it_is_written(host):
    """IPv6 addresses that stand for an IPv4 address are what they stand for."""
    assert address_problem(f"https://{host}/v1") == LINK_LOCAL


@pytest.mark.parametrize(
    "host",
    [
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[fd00:ec2::254]",
        "168.63.129.16",
        "[::ffff:168.63.129.16]",
        "100.100.100.200",
        "0.0.0.0",
        "[::]",
        "[ff02::1]",
    ],
)
def test_addresses_that_no_server_has_are_refused(host):
    """Metadata services of clouds, unspecified and multicast addresses are refused over TLS too."""
    assert "no address of a model server" in address_problem(f"https://{host}/v1")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("https://metadata.google.internal/", "hand out credentials"),
        ("https://METADATA.google.internal./", "hand out credentials"),
        ("https://metadata/", "hand out credentials"),
        ("https://h/..", "a segment '.' or '..'"),
        ("https://h/a/../v1", "a segment '.' or '..'"),
        ("https://h/./v1", "a segment '.' or '..'"),
        ("https://h/%2e%2E/v1", "a segment '.' or '..'"),
        ("https://h/a%2f..%2fv1", "a segment '.' or '..'"),
        ("https://169\u3002254\u3002169\u3002254/", "plain ASCII"),
        ("https://%31%36%39.254.169.254/", "plain ASCII"),
        ("https://2852039166/", "no usual IP address"),
        ("http://[64:ff9b::808:808]/v1", "8.8.8.8 is a public address"),
    ],
)
def test_what_leads_elsewhere_is_refused(text, problem):
    """Names of metadata services, paths that lead upwards and disguised hosts are refused."""
    assert problem in address_problem(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://llm.example/v1.2/a..b",
        "https://10.0.0.1/v1",
        "http://[::1]:8000",
        "http://[::ffff:127.0.0.1]:8000",
        "https://[2001:db8::1]/v1",
        "https://xn--exmple-cua.org/",
        "http://[64:ff9b::a00:1]/v1",
    ],
)
def test_addresses_of_ones_own_and_public_ones_over_tls_are_taken(text):
    """What may be talked to has no problem."""
    assert address_problem(text) == ""


def test_public_addresses_are_talked_to_over_tls_alone():
    """The same address is refused without TLS and taken with it."""
    assert "https only" in ip_problem("203.0.113.7", secure=False)
    assert ip_problem("203.0.113.7", secure=True) == ""
