"""The source of secrets, with Google's own client against a service on a socket."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.api_core.exceptions import GoogleAPICallError, RetryError
from ion_secrets_gcp.settings import VaultSettings
from ion_secrets_gcp.vault import DamagedSecretError, Vault

from ion_framework import PluginContext
from ion_framework.clock import SystemClock
from ion_framework.errors import SettingsError

DEFAULTS = {
    "project": "shop",
    "prefix": "",
    "version": "latest",
    "location": "",
    "endpoint": "",
    "timeout_s": 2.0,
}


def settings(**changes):
    """The settings with some of them changed."""
    return VaultSettings.read(
        PluginContext("secrets-gcp", "0", DEFAULTS | changes, SystemClock(), Path())
    )


@pytest.fixture
def vault(service, credentials):
    """A function that makes a vault before the service."""
    return lambda **changes: Vault(settings(endpoint=service.url, **changes))


def test_a_secret_is_read(service, vault):
    """A secret of the project comes back without surrounding space, asked for with credentials."""
    service.keep("ION_KEY", b" s3cret\n")

    assert vault().get("ION_KEY") == "s3cret"
    ((path, bearer),) = service.asked
    assert path == "/v1/projects/shop/secrets/ION_KEY/versions/latest:access"
    assert bearer == "Bearer t0ken"


def test_a_secret_that_is_not_there_is_none(service, vault):
    """A name that the project does not know has no secret."""
    assert vault().get("ION_KEY") is None
    assert len(service.asked) == 1


@pytest.mark.parametrize("name", ["", "a b", "a/b", "../x", "ㅋ", "x" * 300])
def test_a_name_that_cannot_be_an_id_is_not_asked_for(service, vault, name):
    """What is no id of a secret is not there, and the service hears nothing of it."""
    assert vault().get(name) is None
    assert service.asked == []


def test_prefix_and_location_are_part_of_the_name(service, vault):
    """Secrets are looked up under the prefix and in the location of the settings."""
    service.keep("prod-ION_KEY", b"far", "projects/shop/locations/europe-west3")

    assert vault(prefix="prod-", location="europe-west3").get("ION_KEY") == "far"


def test_an_empty_secret_is_none(service, vault):
    """A secret without text counts as not there."""
    service.keep("ION_KEY", b" \n")

    assert vault().get("ION_KEY") is None


def test_a_damaged_secret_raises(service, vault):
    """A secret whose checksum is wrong is not used, and its text is not in the error."""
    service.damaged.add(service.keep("ION_KEY", b"s3cret"))

    with pytest.raises(DamagedSecretError) as caught:
        vault().get("ION_KEY")
    assert "s3cret" not in str(caught.value)


def test_a_secret_that_is_no_text_raises(service, vault):
    """Bytes that are not UTF-8 are no secret, and the error leads to none of them."""
    service.keep("ION_KEY", b"\xff\xfe")

    with pytest.raises(DamagedSecretError) as caught:
        vault().get("ION_KEY")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_a_refusal_raises_once(service, vault, status):
    """What the service refuses is an error of Google's library, without a second try."""
    service.refused[service.keep("ION_KEY", b"s3cret")] = status

    with pytest.raises(GoogleAPICallError):
        vault().get("ION_KEY")
    assert len(service.asked) == 1


def test_a_slow_service_is_not_waited_for(service, vault):
    """The settings bound the time of one secret."""
    service.keep("ION_KEY", b"s3cret")
    service.slow_s = 5.0

    with pytest.raises((GoogleAPICallError, RetryError, TimeoutError, OSError)):
        vault(timeout_s=0.2).get("ION_KEY")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"project": "a/b"}, "project: must be the id"),
        ({"prefix": "a b"}, "prefix: must be letters"),
        ({"version": "../1"}, "version: must be the number"),
        ({"location": "x/y"}, "location: must be a location"),
        ({"endpoint": "http://vault.example"}, "endpoint: must be https://"),
        ({"endpoint": "https://user@vault.example"}, "endpoint: must be https://"),
        ({"endpoint": "https://vault.example/v1"}, "endpoint: must be https://"),
    ],
)
def test_a_wrong_setting_is_an_error(changes, words):
    """The error of a setting names it and says what is valid."""
    with pytest.raises(SettingsError, match=words):
        settings(**changes)


def test_the_address_follows_from_the_location():
    """Regional secrets are asked of the region's own service, over https."""
    found = settings(location="europe-west3")

    assert (found.scheme, found.host) == (
        "https",
        "secretmanager.europe-west3.rep.googleapis.com",
    )
