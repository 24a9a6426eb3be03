"""Whether what is installed fits together: Python, the core, what each distribution requires."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

from ion_framework.cli.checks.finding import Finding, error, ok, warning
from ion_framework.plugin_host.discovery import issues_url_of
from ion_framework.plugin_host.record import PluginRecord

CORE = "ion-framework"


def check_core() -> list[Finding]:
    """The core's own distribution: its version, the Python that it needs, what it requires."""
    try:
        core = distribution(CORE)
    except PackageNotFoundError:
        return [
            warning(
                "core",
                f"{CORE} runs from a folder and is not installed, so its version and its "
                "requirements are not known",
                fix=f"install it: python -m pip install {CORE}",
            )
        ]
    issues = issues_url_of(core)
    return [_python(core), ok("core", f"{CORE} {core.version}"), *unmet("core", core, issues)]


def core_issues_url() -> str:
    """Where problems with the core are reported, empty where its metadata does not say."""
    try:
        return issues_url_of(distribution(CORE))
    except PackageNotFoundError:
        return ""


def check_requirements(records: Iterable[PluginRecord]) -> list[Finding]:
    """What the distribution of every plugin requires, against what is installed."""
    findings: list[Finding] = []
    seen: set[str] = set()
    for record in records:
        if record.distribution in seen:
            continue
        seen.add(record.distribution)
        try:
            found = distribution(record.distribution)
        except PackageNotFoundError:
            continue  # a plugin without a distribution requires nothing that could be missing
        check = f"requirements of {record.distribution}"
        lacking = list(unmet(check, found, record.candidate.issues_url))
        findings += lacking or [ok(check, "installed as required")]
    return findings


def _python(core: Distribution) -> Finding:
    running = platform.python_version()
    wanted = core.metadata["Requires-Python"] or ""
    if SpecifierSet(wanted).contains(running, prereleases=True):
        return ok("python", f"Python {running}")
    return error(
        "python",
        f"Python {running} does not fit: {CORE} needs Python {wanted}",
        fix=f"make a virtual environment with Python {wanted} and install there",
    )


def unmet(check: str, found: Distribution, issues_url: str) -> Iterator[Finding]:
    """An error for every requirement that is missing or of another version.

    Args:
        check: what the findings are called.
        found: the distribution that requires.
        issues_url: where problems with it are reported, empty where that is not known.
    """
    waiting: list[tuple[Distribution, str]] = [(found, "")]
    seen: set[tuple[str, str]] = set()
    while waiting:
        owner, extra = waiting.pop()
        for line in owner.requires or ():
            try:
                needed = Requirement(line)
            except InvalidRequirement as failure:
                yield warning(
                    check,
                    f"the requirement {line!r} cannot be read: {failure}",
                    fix=f"install another version of {owner.name}, whose author can correct it",
                    report=issues_url,
                )
                continue
            if not _applies(needed, extra):
                continue
            installed, problem = _installed(needed)
            if problem:
                yield error(check, problem, fix=_install(needed), report=issues_url)
            for wanted in needed.extras if installed else ():
                if installed and (needed.name, wanted) not in seen:
                    seen.add((needed.name, wanted))
                    waiting.append((installed, wanted))


def _applies(needed: Requirement, extra: str) -> bool:
    """Whether a requirement counts here; with an extra, only what that extra adds."""
    if needed.marker is None:
        return not extra
    with_extra = needed.marker.evaluate({"extra": extra})
    return with_extra and not (extra and needed.marker.evaluate({"extra": ""}))


def _installed(needed: Requirement) -> tuple[Distribution | None, str]:
    try:
        found = distribution(needed.name)
    except PackageNotFoundError:
        return None, f"needs {needed.name}{needed.specifier}, which is not installed"
    try:
        fits = needed.specifier.contains(found.version, prereleases=True)
    except (InvalidVersion, InvalidSpecifier):
        fits = True  # a version outside the standard cannot be compared; pip has let it in
    if fits:
        return found, ""
    return found, f"needs {needed.name}{needed.specifier}, but {found.version} is installed"


def _install(needed: Requirement) -> str:
    extras = f"[{','.join(sorted(needed.extras))}]" if needed.extras else ""
    return f'python -m pip install "{needed.name}{extras}{needed.specifier}"'
