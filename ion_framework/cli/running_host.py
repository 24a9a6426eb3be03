"""Asking a running host by its API, with the standard library alone."""

from __future__ import annotations

import http.client
import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import attrs
import click

from ion_framework.cli.texts import locale_language
from ion_framework.domain.language import Language
from ion_framework.settings.secrets import Secrets, read_secret

PATIENCE_S = 30.0
"""Seconds that a host may take for its answer: a plugin's start and all its workers included."""

MOST_BYTES = 16 * 1024 * 1024
KEY = "ION_API_KEY"


@attrs.frozen(kw_only=True)
class RunningHost:
    """A host.

    Attributes:
        url: its address, without the path of the API.
        key_file: the file with the API key; None where ``ION_API_KEY`` has it, if anything does.
        language: language in which it is to answer, by default that of the locale.
        scope: what the API key has to grant for what is asked.
    """

    url: str
    key_file: Path | None = None
    language: Language = attrs.field(factory=lambda: locale_language(os.environ))
    scope: str = "admin"

    def ask(self, method: str, *path: str, body: object = None) -> dict[str, Any]:
        """What the host answers.

        Args:
            method: HTTP method.
            path: the parts of the path, as they are.
            body: sent as JSON, unless it is None.

        Raises:
            click.UsageError: the address is none.
            click.ClickException: the host cannot be reached, or refuses; says why.
            SettingsError: the file with the key cannot be read.
        """
        with closing(self._connection()) as connection:
            try:
                status, text = self._exchange(connection, method, path, body)
            except (OSError, http.client.HTTPException) as error:
                raise click.ClickException(
                    f"{self.url}: the host cannot be reached: {error!r}"
                ) from None
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        if status != http.client.OK or not isinstance(document, dict):
            raise click.ClickException(f"{self.url}: {_refused(status, document, self.scope)}")
        return document

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: tuple[str, ...],
        body: object,
    ) -> tuple[int, bytes]:
        headers = {"Accept": "application/json", "Accept-Language": self.language.value}
        key = self._key()
        if key:
            headers["Authorization"] = f"Bearer {key}"
        sent = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            sent = json.dumps(body).encode()
        prefix = urlsplit(self.url).path.rstrip("/")
        address = prefix + "".join(f"/{quote(part, safe='')}" for part in path)
        connection.request(method, address, sent, headers)
        response = connection.getresponse()
        return response.status, response.read(MOST_BYTES)

    def _key(self) -> str | None:
        if self.key_file is not None:
            return read_secret("--key-file", self.key_file)
        return Secrets(os.environ).find(KEY)

    def _connection(self) -> http.client.HTTPConnection:
        problem = (
            "--url: give the address of the host, as http://127.0.0.1:8080; a key goes into "
            f"{KEY} or --key-file"
        )
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError:
            raise click.UsageError(problem) from None
        kind = _SCHEMES.get(parts.scheme)
        if kind is None or not parts.hostname or parts.username is not None:
            raise click.UsageError(problem)
        return kind(parts.hostname, port, timeout=PATIENCE_S)


_SCHEMES: dict[str, type[http.client.HTTPConnection]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}

_ADVICE = {
    401: f"; give an API key with the scope {{scope}} in {KEY} or --key-file",
    403: "; the API key needs the scope {scope}",
}


def _refused(status: int, document: object, scope: str) -> str:
    error = document.get("error") if isinstance(document, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    if not message:
        return (
            f"the answer ({status}) is none of this API; the host is of an older version, or "
            "something else serves at this address"
        )
    return f"{message}{_ADVICE.get(status, '').format(scope=scope)}"
