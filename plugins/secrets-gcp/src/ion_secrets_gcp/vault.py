"""Asking Secret Manager for one secret."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ion_secrets_gcp.settings import VaultSettings

if TYPE_CHECKING:
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient


class DamagedSecretError(Exception):
    """A secret did not arrive as it was sent, or is no text."""


class Vault:
    """A source of secrets; thread-safe.

    The client is made at the first question, so that a host whose secrets are all in variables
    neither imports Google's library nor asks for credentials.

    Args:
        settings: where the secrets lie.
    """

    def __init__(self, settings: VaultSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._client: SecretManagerServiceClient | None = None

    def get(self, name: str) -> str | None:
        """The secret of this name, without surrounding space; None where there is none.

        Takes up to the settings' ``timeout_s``, and waits for a network.

        Raises:
            DamagedSecretError: its checksum is wrong, or it is no text.
            google.api_core.exceptions.GoogleAPICallError: the service refused or failed.
            google.auth.exceptions.GoogleAuthError: there are no credentials.
        """
        resource = self._settings.resource(name)
        if resource is None:
            return None
        client = self._opened()
        from google.api_core.exceptions import NotFound

        try:
            version = client.access_secret_version(
                name=resource, timeout=self._settings.timeout_s, retry=None
            )
        except NotFound:
            return None
        return _text(version.payload.data, version.payload.data_crc32c)

    def _opened(self) -> SecretManagerServiceClient:
        with self._lock:
            if self._client is None:
                self._client = _client(self._settings)
            return self._client


def _client(settings: VaultSettings) -> SecretManagerServiceClient:
    # About 0.8 s and 60 MB, which only who looks a secret up pays.
    import google.auth
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient
    from google.cloud.secretmanager_v1.services.secret_manager_service.transports.rest import (
        SecretManagerServiceRestTransport,
    )

    credentials, _ = google.auth.default(scopes=[_SCOPE])
    # REST: gRPC would add threads to the host that stay for its whole life.
    return SecretManagerServiceClient(
        transport=SecretManagerServiceRestTransport(
            host=settings.host, url_scheme=settings.scheme, credentials=credentials
        )
    )


_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def _text(data: bytes, checksum: int) -> str | None:
    import google_crc32c

    if checksum and int(google_crc32c.value(data)) != checksum:
        raise DamagedSecretError("the checksum of the secret is wrong")
    try:
        return data.decode().strip() or None
    except UnicodeDecodeError:
        # Not chained: the text of that error shows a byte of the secret.
        raise DamagedSecretError("the secret is not UTF-8 text") from None
