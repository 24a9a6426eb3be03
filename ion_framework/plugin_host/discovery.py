"""Finding plugins through entry points, without importing any of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import attrs

if TYPE_CHECKING:
    from ion_framework.manifest.model import Manifest
    from ion_framework.plugin_host.context import PluginContext

GROUP = "ion.plugins"

Factory: TypeAlias = "Callable[[PluginContext], object]"


@attrs.frozen
class Candidate:
    """Something that says it is a plugin.

    Attributes:
        name: name of its entry point.
        target: what the entry point names: ``package`` or ``package.module:factory``.
        distribution: name of the distribution.
        version: version of the distribution.
        folder: the package's folder, None where it was not found.
        problem: why the folder was not found, empty otherwise.
        issues_url: where problems are reported, empty where the distribution does not say.
        manifest: the manifest of a plugin that lives in this process only.
        factory: its factory.
        read: the manifest of its folder, where it was read before; None where it is still to be.
    """

    name: str
    target: str
    distribution: str
    version: str
    folder: Path | None = None
    problem: str = ""
    issues_url: str = ""
    manifest: Manifest | None = None
    factory: Factory | None = None
    read: Manifest | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def package(self) -> str:
        """The top-level package."""
        return self.target.partition(":")[0].strip().partition(".")[0]

    @property
    def has_code(self) -> bool:
        """Whether there is a factory to call."""
        return ":" in self.target or self.factory is not None

    @property
    def first_party(self) -> bool:
        """Whether the distribution belongs to this project."""
        return canonical(self.distribution) in first_party_distributions()


Source: TypeAlias = Callable[[], Iterable[Candidate]]
"""Where candidates come from; the seam through which tests bring their own."""


def installed() -> tuple[Candidate, ...]:
    """The candidates of every installed distribution, by name and distribution.

    Reads entry points and the location of packages; imports nothing.
    """
    try:
        found = [_candidate(point) for point in entry_points(group=GROUP)]
    except Exception:  # noqa: BLE001  metadata that cannot be read; told below, by distribution
        found = [item for each in distributions() for item in _candidates_of(each)]
    return tuple(sorted(found, key=lambda c: (c.name, c.distribution)))


def _candidates_of(distribution: Distribution) -> Iterator[Candidate]:
    """The candidates of one distribution; itself, with the problem, where it cannot be read."""
    name, version, issues_url = _provenance(distribution)
    try:
        yield from map(_candidate, distribution.entry_points.select(group=GROUP))
    except Exception as error:  # noqa: BLE001  whatever it is, only this distribution suffers
        problem = f"its entry points cannot be read: {error}; reinstall the distribution"
        yield Candidate(name, "", name, version, None, problem, issues_url)


def inline(manifest: Manifest, factory: Factory | None = None) -> Candidate:
    """A plugin that lives in this process only, without a distribution.

    Args:
        manifest: its manifest.
        factory: its factory; None for a data-only persona.
    """
    return Candidate(
        name=manifest.name,
        target="",
        distribution=f"(inline {manifest.name})",
        version="0",
        manifest=manifest,
        factory=factory,
    )


def canonical(name: str) -> str:
    """A distribution's name in the normal form of the packaging standards (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def first_party_distributions() -> frozenset[str]:
    """The distributions that this project publishes."""
    return frozenset(Path(__file__).with_name("first-party.txt").read_text("utf-8").split())


def _candidate(point: EntryPoint) -> Candidate:
    name, version, issues_url = _provenance(point.dist)
    folder, problem = _folder(point.value.partition(":")[0].strip().partition(".")[0])
    return Candidate(
        name=point.name,
        target=point.value,
        distribution=name,
        version=version,
        folder=folder,
        problem=problem,
        issues_url=issues_url,
    )


_ISSUE_LABELS = ("issues", "tracker", "bug tracker", "issue tracker", "bugs")


def _provenance(distribution: Distribution | None) -> tuple[str, str, str]:
    name, version, issues_url = "(unknown)", "0", ""
    for field, value in _headers(distribution):
        if field == "name":
            name = value
        elif field == "version":
            version = value
        elif field == "project-url":
            label, _, url = value.partition(",")
            if label.strip().lower() in _ISSUE_LABELS:
                issues_url = url.strip()
    return name, version, issues_url


def issues_url_of(distribution: Distribution) -> str:
    """Where problems with a distribution are reported, empty where it does not say."""
    return _provenance(distribution)[2]


_METADATA = ("METADATA", "PKG-INFO")


def _headers(distribution: Distribution | None) -> Iterator[tuple[str, str]]:
    """The fields at the head of a distribution's metadata.

    Read by hand: the parser of e-mail that the standard library takes for it is made for much
    more, and takes a listing of twenty plugins five of its milliseconds.
    """
    try:
        # The second name is that of distributions in development, which setuptools writes.
        texts = (distribution.read_text(name) for name in _METADATA) if distribution else ()
        text = next(filter(None, texts), "")
    except Exception:  # noqa: BLE001  an uninstallation that was cut off leaves no metadata behind
        return
    for line in text.partition("\n\n")[0].splitlines():
        field, colon, value = line.partition(":")
        if colon and not field[:1].isspace() and value.strip():
            yield field.lower(), value.strip()


def _folder(package: str) -> tuple[Path | None, str]:
    try:
        spec: ModuleSpec | None = find_spec(package)
    except Exception as error:  # noqa: BLE001  a finder of somebody else's may raise anything
        return None, f"its package {package!r} cannot be located: {error!r}"
    if spec is None:
        return None, f"its package {package!r} is not installed; reinstall the distribution"
    if spec.submodule_search_locations is None or spec.origin is None:
        return None, (
            f"{package!r} is not a regular package; make it a folder with an __init__.py that has "
            "the manifest beside it"
        )
    return Path(spec.origin).parent, ""
