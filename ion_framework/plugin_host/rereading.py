"""Reading the manifest of a data-only persona again, while the old one answers."""

from __future__ import annotations

from hashlib import sha256

import attrs

from ion_framework.domain.persona import Persona
from ion_framework.errors import ManifestError
from ion_framework.jsonable import to_json
from ion_framework.manifest.model import Manifest
from ion_framework.manifest.reading import read_manifest
from ion_framework.plugin_host.record import PluginRecord

_DIGEST_CHARS = 12


def reread(record: PluginRecord, first: Persona, *, is_later: bool = False) -> PluginRecord:
    """The record with the manifest as it stands in the file now.

    A persona that changed under its old version gets a digest behind it (``1.2.0+3f9a2c1d0b7e``),
    so that no answer is served that the old one gave.

    Args:
        record: a data-only persona from a folder.
        first: the persona as it was when the process began.
        is_later: whether it may have been another before that, under the same version.

    Raises:
        ManifestError: the file is wrong, or says that the plugin is another; names file and key.
    """
    folder, old = record.candidate.folder, record.manifest
    assert folder is not None  # noqa: S101  the caller has looked
    assert old is not None  # noqa: S101  as above
    new = read_manifest(folder, record.version)
    for key in ("name", "provides"):
        if getattr(new, key) != getattr(old, key):
            raise ManifestError(
                f"{folder}: {key}: changed from {_shown(old, key)} to {_shown(new, key)}, which "
                "takes a restart"
            )
    assert new.persona is not None  # noqa: S101  what provides a persona has one
    if (is_later or new.persona != first) and new.persona.version == first.version:
        persona = attrs.evolve(new.persona, version=f"{first.version}+{_digest(new.persona)}")
        new = attrs.evolve(new, persona=persona)
    return attrs.evolve(record, manifest=new)


def _digest(persona: Persona) -> str:
    return sha256(to_json(persona).encode()).hexdigest()[:_DIGEST_CHARS]


def _shown(manifest: Manifest, key: str) -> str:
    value = getattr(manifest, key)
    return value if isinstance(value, str) else ", ".join(value)
