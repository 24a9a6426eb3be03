"""Writing down what is installed: every distribution that brings a plugin, and the core."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import attrs

from ion_framework.manifest.model import MANIFEST_NAME
from ion_framework.plugin_host.discovery import Candidate, canonical
from ion_framework.plugin_host.trust_files import (
    Inventory,
    digest_of,
    origin_of,
    start_files,
    take_inventory,
)
from ion_framework.plugin_host.trust_pins import FORMAT, CorePin, Pin, Pins

CORE = "ion-framework"
CORE_FOLDER = Path(__file__).parents[1]


@attrs.frozen
class Taken:
    """One distribution with what was found of it.

    Attributes:
        pin: what is written down.
        inventory: its files.
        starters: its files that Python runs at every start.
    """

    pin: CorePin | Pin
    inventory: Inventory
    starters: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """The distribution and its version, for people."""
        return f"{self.pin.distribution} {self.pin.version}"


@attrs.frozen
class Frozen:
    """What there is to write down, and to say about it.

    Attributes:
        pins: the content of the file.
        problems: files that are not as they were installed; with these nothing should be pinned.
        remarks: what cannot be verified, and what runs before anything can be.
    """

    pins: Pins
    problems: tuple[str, ...]
    remarks: tuple[str, ...]


def freeze(candidates: Iterable[Candidate]) -> Frozen:
    """Take down every plugin and the core; nothing is imported.

    Args:
        candidates: the plugins; those that live in this process only are left out.
    """
    core, taken = take_core(), [take(c) for c in candidates if c.manifest is None]
    everything = [*filter(None, (core,)), *taken]
    return Frozen(
        Pins(
            FORMAT,
            core.pin if core and isinstance(core.pin, CorePin) else None,
            tuple(item.pin for item in taken if isinstance(item.pin, Pin)),
        ),
        tuple(
            dict.fromkeys(
                f"{item.who}: {problem.message}"
                for item in everything
                for problem in item.inventory.problems
            )
        ),
        tuple(dict.fromkeys(text for item in everything for text in _remarks(item))),
    )


def take(candidate: Candidate) -> Taken:
    """What is installed of one plugin."""
    found = distribution_of(candidate.distribution)
    inventory = (
        take_inventory(found, candidate.folder)
        if found
        else Inventory(unverifiable="its distribution is not installed")
    )
    pin = Pin(
        name=candidate.name,
        distribution=candidate.distribution,
        version=candidate.version,
        files=inventory.digest,
        manifest=manifest_digest(candidate.folder),
        editable=inventory.editable,
    )
    return Taken(pin, inventory, start_files(found) if found else ())


def take_core() -> Taken | None:
    """What is installed of the core; None where it runs from a folder and is not installed."""
    found = distribution_of(CORE)
    if found is None:
        return None
    inventory = take_inventory(found, CORE_FOLDER)
    pin = CorePin(CORE, found.version, inventory.digest, inventory.editable)
    return Taken(pin, inventory, start_files(found))


def manifest_digest(folder: Path | None) -> str:
    """The digest of the manifest in a package's folder, empty where there is none."""
    try:
        return digest_of(folder / MANIFEST_NAME) if folder else ""
    except OSError:
        return ""


def distribution_of(name: str) -> Distribution | None:
    """An installed distribution, None where there is none of this name."""
    try:
        return distribution(name)
    except (PackageNotFoundError, ValueError):
        return None


def requirement_lines(pins: Pins) -> tuple[str, ...]:
    """The pins as lines for pip; each with the hash of its wheel where the installer noted it.

    Only who installs from a file or an address leaves that hash behind (``direct_url.json``). Of
    what came from an index the hash of the wheel is not known afterwards, and is not made up.
    """
    items: list[CorePin | Pin] = [*filter(None, (pins.core,)), *pins.plugin]
    return tuple(dict.fromkeys(_requirement(item) for item in items))


def _requirement(pin: CorePin | Pin) -> str:
    name = canonical(pin.distribution)
    if pin.editable:
        return f"# {name} {pin.version} is a source tree, installed in place: no version to name"
    found = distribution_of(pin.distribution)
    hashes = sorted(_wheel_hashes(found)) if found else []
    if not hashes:
        return f"{name}=={pin.version}  # hash not known: it was not installed from a file"
    return " ".join((f"{name}=={pin.version}", *(f"--hash={item}" for item in hashes)))


def _wheel_hashes(found: Distribution) -> Iterator[str]:
    archive = origin_of(found).get("archive_info")
    hashes = archive.get("hashes") if isinstance(archive, dict) else None
    for algorithm, digest in hashes.items() if isinstance(hashes, dict) else ():
        if algorithm in ("sha256", "sha384", "sha512") and str(digest).isalnum():
            yield f"{algorithm}:{digest}"


def _remarks(item: Taken) -> Iterator[str]:
    if item.pin.editable:
        yield (
            f"{item.who} is a source tree, installed in place (editable): its digest is that of "
            "the files as they are now, and changes with every edit"
        )
    if item.inventory.unverifiable:
        yield f"{item.who} cannot be verified: {item.inventory.unverifiable}"
    for file in item.starters:
        yield (
            f"{item.who} brings {file}, which Python runs at every start, before ION can verify "
            "anything; read it"
        )
