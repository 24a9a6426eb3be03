"""Keeping the values of secret settings out of what people read of a plugin's failures.

An HTTP library writes the address into its exception, key and all; from there it would reach
receipts, events and responses. The core knows the values, so it hides them where it takes an
exception's text over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, quote_plus

from ion_framework.manifest.model import Manifest, SettingType

HIDDEN = "***"


def secret_texts(manifest: Manifest | None, settings: Mapping[str, object]) -> tuple[str, ...]:
    """Every text by which a plugin's secrets could be read, longest first.

    Args:
        manifest: its manifest, which says which settings are secret.
        settings: its settings.
    """
    specs = manifest.settings if manifest else {}
    texts: set[str] = set()
    for name, value in settings.items():
        spec = specs.get(name)
        if spec is not None and spec.type is SettingType.SECRET and isinstance(value, str):
            # As it is, within an address, within a form, and as Python shows it.
            texts.update((value, quote(value, safe=""), quote_plus(value), repr(value)[1:-1]))
    return tuple(sorted(filter(None, texts), key=lambda text: (-len(text), text)))


def redact(text: str, secrets: Sequence[str]) -> str:
    """The text with every secret hidden."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text
