"""Findings around the package: licence, README, tests, typing, and what a wheel would hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from ion_framework.conformance.catalogue import found
from ion_framework.conformance.findings import Finding
from ion_framework.conformance.subject import Subject
from ion_framework.manifest.model import MANIFEST_NAME
from ion_framework.plugin_host.source_tree import PYPROJECT, SourceTree, package_name_of

_NOWHERE = (
    *(".invalid", ".test", ".example", ".localhost"),
    *(".example.com", ".example.net", ".example.org"),
)
"""Ends of hosts that nobody has: they are kept for examples (RFC 2606)."""

README_CHARS = 200
"""A README that is shorter explains nothing."""


def package_findings(subject: Subject) -> Iterator[Finding]:
    """What a distribution lacks around its package."""
    papers = subject.papers
    if papers is None:
        return
    metadata = PYPROJECT if subject.tree else "METADATA"
    if not papers.licence:
        yield found("licence-missing", metadata)
    elif papers.is_expression and not _is_known(papers.licence):
        yield found("licence-unknown", metadata, licence=papers.licence)
    if papers.licence and not papers.has_licence_text:
        yield found("licence-text-missing", metadata, licence=papers.licence)
    if len(papers.readme.strip()) < README_CHARS:
        yield found("readme-missing", "README")
    yield from _issues(subject.candidate.issues_url, metadata)
    folder = subject.candidate.folder
    if subject.has_code and folder and not (folder / "py.typed").is_file():
        yield found("typing-missing", folder.name)
    yield from _tests(subject)
    if subject.tree and "version" not in (
        *subject.tree.project,
        *subject.tree.project.get("dynamic", ()),
    ):
        yield found("version-missing", PYPROJECT)
    if subject.tree and folder:
        yield from _wheel(subject.tree, folder)


def _is_known(licence: str) -> bool:
    """Whether a licence is an expression of SPDX identifiers (PEP 639)."""
    try:
        canonicalize_license_expression(licence)
    except InvalidLicenseExpression:
        return False
    return True


def _issues(url: str, where: str) -> Iterator[Finding]:
    try:
        host = f".{urlsplit(url).hostname or ''}".lower()
    except ValueError:
        host = _NOWHERE[0]  # what is no address leads nowhere either
    if not url:
        yield found("issues-url-missing", where)
    elif host.endswith(_NOWHERE):
        yield found("issues-url-placeholder", where, url=url)


def _tests(subject: Subject) -> Iterator[Finding]:
    if subject.tree is None:
        yield found("tests-unseen", subject.candidate.distribution)
        return
    package = subject.candidate.package
    tests, contracts = _tests_in(subject.tree.folder)
    if not tests and not contracts:
        yield found("tests-missing", "tests", package=package)
    elif not contracts:
        contract = "PersonaContract" if subject.persona else "PluginContract"
        name = subject.candidate.name
        yield found("contract-missing", "tests", package=package, contract=contract, name=name)


def _tests_in(folder: Path) -> tuple[int, int]:
    """How many test functions, and how many subclasses of contracts, a project has."""
    kinds = ("test_*.py", "*_test.py")
    places = (folder / name for name in ("tests", "test", "src"))
    files = {file for place in places for kind in kinds for file in place.rglob(kind)}
    nodes = [node for file in files for node in _nodes(file)]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    bases = [
        ast.unparse(base) for node in nodes if isinstance(node, ast.ClassDef) for base in node.bases
    ]
    return (
        sum(function.name.startswith("test_") for function in functions),
        sum(base.endswith("Contract") for base in bases),
    )


def _nodes(file: Path) -> list[ast.AST]:
    """What pytest can see of a file: nothing that only stands inside a function."""
    try:
        return list(_seen(ast.parse(file.read_bytes())))
    except (SyntaxError, ValueError, RecursionError):
        return []  # pytest says more about it than could be said here


def _seen(node: ast.AST) -> Iterator[ast.AST]:
    for below in ast.iter_child_nodes(node):
        yield below
        if not isinstance(below, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _seen(below)


def _wheel(tree: SourceTree, package: Path) -> Iterator[Finding]:
    """What the build settings say of the manifest; a build tool that is not known is believed."""
    backend = str(_at(tree.document, "build-system").get("build-backend", "setuptools"))
    if backend.startswith("hatchling"):
        reason, fix = _hatch(tree, package)
    elif backend.startswith("setuptools"):
        reason, fix = _setuptools(tree, package)
    else:
        return
    if reason:
        yield found("wheel-lacks-manifest", PYPROJECT, reason=reason, fix=fix)


def _hatch(tree: SourceTree, package: Path) -> tuple[str, str]:
    build = _at(tree.document, "tool", "hatch", "build")
    wheel = {**build, **_at(tree.document, "tool", "hatch", "build", "targets", "wheel")}
    place = package.relative_to(tree.folder).as_posix()
    fix = f'packages = ["{place}"] under [tool.hatch.build.targets.wheel]'
    manifest = f"{place}/{MANIFEST_NAME}"
    excluding = [str(item) for item in wheel.get("exclude", ()) if _covers(str(item), manifest)]
    if excluding:
        return f"exclude names it by {excluding[0]!r}", "leave it out of exclude"
    if "force-include" in wheel:
        return "", ""  # a layout of its author's own
    for key in ("packages", "only-include", "include"):
        if key in wheel:
            taken = any(_covers(str(item), manifest) for item in wheel[key])
            return ("", "") if taken else (f"{key} does not name {place}", fix)
    usual = package_name_of(tree.name)
    if place in (usual, f"src/{usual}"):
        return "", ""
    return f"the build tool looks for a package {usual} and not for {place}", fix


def _setuptools(tree: SourceTree, package: Path) -> tuple[str, str]:
    settings = _at(tree.document, "tool", "setuptools")
    data = _at(settings, "package-data")
    patterns = [*data.get(package.name, ()), *data.get("*", ())]
    if any(fnmatch(MANIFEST_NAME, str(pattern)) for pattern in patterns):
        return "", ""
    listed = tree.folder / "MANIFEST.in"
    included = listed.read_text("utf-8", "replace") if listed.is_file() else ""
    if settings.get("include-package-data", True) and MANIFEST_NAME in included:
        return "", ""
    fix = f'{package.name} = ["**/*"] under [tool.setuptools.package-data]'
    return f"package-data does not name {MANIFEST_NAME}", fix


def _covers(pattern: str, path: str) -> bool:
    """Whether a pattern of build settings, in the manner of gitignore, names a path."""
    plain = pattern.strip("/")
    name = path.rpartition("/")[2]
    return (
        path == plain
        or path.startswith(f"{plain}/")
        or fnmatch(path, plain)
        or ("/" not in plain and fnmatch(name, plain))
    )


def _at(table: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    for key in keys:
        step = table.get(key)
        table = step if isinstance(step, Mapping) else {}
    return table
