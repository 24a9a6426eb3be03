"""The settings of the plugin, checked."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

import attrs

from ion_framework import PluginContext
from ion_framework.errors import SettingsError

_ID = re.compile(r"[A-Za-z0-9_-]{0,200}")
_PROJECT = re.compile(r"[a-z0-9][a-z0-9.:-]{0,99}")
_VERSION = re.compile(r"[A-Za-z0-9_-]{1,63}")
_LOCATION = re.compile(r"[a-z0-9-]{0,40}")


@attrs.frozen
class VaultSettings:
    """Where the secrets lie.

    Attributes:
        project: id or number of the project.
        prefix: what the ids of secrets begin with.
        version: version of every secret.
        location: location of regional secrets, empty for global ones.
        host: host and port of the service.
        scheme: ``https``, or ``http`` on this machine.
        timeout_s: seconds for one secret.
    """

    project: str
    prefix: str
    version: str
    location: str
    host: str
    scheme: str
    timeout_s: float

    @classmethod
    def read(cls, context: PluginContext) -> VaultSettings:
        """The settings of a plugin.

        Raises:
            SettingsError: one cannot be used; says what is valid.
        """
        values = {key: str(context.settings[key] or "") for key in _FORMS}
        for key, (form, valid) in _FORMS.items():
            if not form.fullmatch(values[key]):
                raise SettingsError(f"plugin.{context.name}.{key}: must be {valid}")
        host, scheme = _endpoint(context.name, str(context.settings["endpoint"] or ""), values)
        timeout_s = float(str(context.settings["timeout_s"]))
        return cls(**values, host=host, scheme=scheme, timeout_s=timeout_s)

    def resource(self, name: str) -> str | None:
        """The name of a secret's version in the service; None where no secret can be called so."""
        secret = self.prefix + name
        if not name or not _ID.fullmatch(secret):
            return None
        place = f"/locations/{self.location}" if self.location else ""
        return f"projects/{self.project}{place}/secrets/{secret}/versions/{self.version}"


_FORMS = {
    "project": (_PROJECT, "the id or number of a Google Cloud project"),
    "prefix": (_ID, "letters, digits, - and _"),
    "version": (_VERSION, "the number or alias of a version, or latest"),
    "location": (_LOCATION, "a location such as europe-west3, or empty"),
}


def _endpoint(plugin: str, text: str, values: dict[str, str]) -> tuple[str, str]:
    if not text:
        location = values["location"]
        host = f"secretmanager.{location}.rep.googleapis.com" if location else _GLOBAL
        return host, "https"
    parts = urlsplit(text)
    bare = parts.path in {"", "/"} and not parts.query and not parts.fragment
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname or ""))
    if parts.netloc and bare and safe and "@" not in parts.netloc:
        return parts.netloc, parts.scheme
    raise SettingsError(
        f"plugin.{plugin}.endpoint: must be https:// and a host, or http:// and an address of this "
        "machine, without a path"
    )


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_GLOBAL = "secretmanager.googleapis.com"
