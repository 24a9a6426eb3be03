"""Where a secret comes from: a variable, a file, or a source that a plugin provides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ion_framework.errors import SettingsError

Source = Callable[[str], str | None]
"""Tells a secret by its name; None where it does not have it."""

LARGEST_BYTES = 65_536
"""Bytes of a file that holds a secret: a key or a certificate is smaller."""


class Secrets:
    """Finds secrets by name, the nearest source first.

    The variable of that name goes before the file that ``<name>_FILE`` names, and that before the
    sources of plugins (``ion_provide_secrets``).

    Args:
        environ: the environment.
        source: further sources, asked last.
    """

    def __init__(self, environ: Mapping[str, str], source: Source | None = None) -> None:
        self._environ = environ
        self._source = source

    def find(self, name: str) -> str | None:
        """The secret of this name, without surrounding space; None where nobody has it.

        Raises:
            SettingsError: its file cannot be read; names the variable and the file.
        """
        value = self._environ.get(name, "").strip()
        if value:
            return value
        file = self._environ.get(f"{name}_FILE", "").strip()
        if file:
            return read_secret(f"{name}_FILE", Path(file))
        return self._source(name) if self._source else None

    def __repr__(self) -> str:
        return "Secrets()"


def read_secret(variable: str, path: Path) -> str:
    """The secret that a file holds, without surrounding space.

    Args:
        variable: what names the file, for errors.
        path: the file.

    Raises:
        SettingsError: it cannot be read, or holds no secret.
    """
    try:
        with path.expanduser().open("rb") as file:
            found = file.read(LARGEST_BYTES + 1)
        text = found.decode().strip()
    except (OSError, RuntimeError) as error:
        raise SettingsError(f"{variable}: {path} cannot be read: {error}") from None
    except UnicodeDecodeError:  # its own text shows a byte of the secret
        raise SettingsError(f"{variable}: {path} is not UTF-8 text") from None
    if not text or len(found) > LARGEST_BYTES:
        raise SettingsError(
            f"{variable}: {path} must hold one secret, 1 to {LARGEST_BYTES} bytes of text"
        )
    return text
