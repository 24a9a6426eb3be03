"""Findings in what a distribution imports, against what it says that it depends on."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution, requires

from packaging.requirements import InvalidRequirement, Requirement

from ion_framework.conformance.catalogue import found
from ion_framework.conformance.findings import Finding
from ion_framework.conformance.imports import imported, required_nodes
from ion_framework.conformance.subject import Subject
from ion_framework.plugin_host.discovery import canonical

_HOST = "ion_framework"
"""Whatever loads a plugin brings it."""


class Declared:
    """What a distribution may import by what it declares.

    Only the declared distributions are asked for their modules: a list of all that is installed
    takes seconds.

    Args:
        requirements: its dependencies and those of its extras, as they are written.
    """

    def __init__(self, requirements: Sequence[str]) -> None:
        self._names: set[str] = set()
        self._modules: set[str] = set()
        self._unknown = False
        for requirement in requirements:
            self._add(requirement)

    def covers(self, module: str) -> bool:
        """Whether a module is one of a declared distribution, or may be.

        Args:
            module: name of a top-level module.
        """
        known = module in self._modules or canonical(module) in self._names
        return known or self._unknown

    def _add(self, text: str) -> None:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            self._unknown = True
            return
        name = canonical(requirement.name)
        self._names.add(name)
        if name == canonical(_HOST) and not requirement.extras:
            return
        try:
            modules = frozenset(_modules_of(distribution(name)))
        except PackageNotFoundError:
            modules = frozenset()
        self._modules |= modules
        # Of what is not installed here, or only linked, nobody can say what it would bring.
        self._unknown = self._unknown or not (modules or name == canonical(_HOST))
        for extra in requirement.extras:
            self._add_extra(name, extra)

    def _add_extra(self, name: str, extra: str) -> None:
        try:
            items = map(Requirement, requires(name) or ())
            chosen = [
                item
                for item in items
                if item.marker
                and item.marker.evaluate({"extra": extra})
                and not item.marker.evaluate({"extra": ""})
            ]
        except (PackageNotFoundError, InvalidRequirement):
            self._unknown = True
            return
        for item in chosen:
            self._add(item.name)


def dependency_findings(subject: Subject, trees: Sequence[tuple[str, ast.Module]]) -> list[Finding]:
    """What a plugin imports that nobody would install along with it.

    Args:
        subject: the plugin.
        trees: its modules that may run, each with its place for people.
    """
    requirements = subject.requirements
    if requirements is None:
        return []
    declared, own = (
        Declared(requirements),
        {name.split(".")[0] for name in subject.modules.values()},
    )
    findings: dict[str, Finding] = {}
    for place, tree in trees:
        for module, line in _foreign(tree, own):
            if module not in findings and not declared.covers(module):
                where = f"{place}:{line}"
                findings[module] = found("dependency-undeclared", where, module=module)
    return list(findings.values())


def _foreign(tree: ast.Module, own: set[str]) -> Iterator[tuple[str, int]]:
    for name, line in imported(required_nodes(tree)):
        module = name.partition(".")[0]
        if module not in {*own, _HOST} and module not in sys.stdlib_module_names:
            yield module, line


def _modules_of(item: Distribution) -> Iterator[str]:
    """The top-level modules that an installed distribution recorded."""
    yield from (item.read_text("top_level.txt") or "").split()
    for file in item.files or ():
        top = file.parts[0]
        if len(file.parts) > 1 and not top.endswith((".dist-info", ".data")) and top != "..":
            yield top
        elif file.suffix in {".py", ".so", ".pyd"}:
            yield top.partition(".")[0]
