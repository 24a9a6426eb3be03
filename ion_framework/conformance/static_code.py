"""Findings in the code of a package, by its syntax trees; nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from ion_framework.conformance.catalogue import found
from ion_framework.conformance.dependencies import dependency_findings
from ion_framework.conformance.findings import Finding
from ion_framework.conformance.import_effects import effects_at_import
from ion_framework.conformance.imports import (
    aliases,
    dotted,
    imported,
    running_nodes,
)
from ion_framework.conformance.powers import (
    ENDING,
    FileUse,
    file_use,
    network_module,
    unsafe_import,
    unsafe_use,
)
from ion_framework.conformance.reading import (
    constants_of,
    own_data,
    variables_read,
    variables_unnamed,
)
from ion_framework.conformance.shipping import running_modules
from ion_framework.conformance.subject import Subject
from ion_framework.manifest.model import Capabilities, FileAccess, Kind, Manifest
from ion_framework.plugin_host.inspection import PARAMETERS, nearest_hook
from ion_framework.settings.plugin_values import variables_of


@attrs.frozen
class Module:
    """One module of the package.

    Attributes:
        place: its path, for people.
        tree: its syntax tree.
        names: what its imported names stand for.
    """

    place: str
    tree: ast.Module = attrs.field(repr=False)
    names: Mapping[str, str] = attrs.field(repr=False)

    def at(self, line: int) -> str:
        """A line of it, for people."""
        return f"{self.place}:{line}"


def code_findings(subject: Subject) -> Iterator[Finding]:
    """What the code of a distribution says against it."""
    parsed = {file: _parsed(file, subject.shown(file)) for file in subject.modules}
    yield from (module for module in parsed.values() if isinstance(module, Finding))
    modules = {file: module for file, module in parsed.items() if isinstance(module, Module)}
    running = _running(subject, modules)
    needed = [modules[file] for file in modules if subject.modules[file] in running]
    yield from dependency_findings(subject, [(module.place, module.tree) for module in needed])
    for file, module in modules.items():
        if subject.modules[file] not in running:
            continue  # a tool of its author's: no plugin that runs imports it
        yield from _hooks(module)
        yield from _unsafe(module, owns_process=_owns_process(subject))
        for use, line in effects_at_import(module.tree, module.names):
            yield found("import-side-effect", module.at(line), use=use)
        if subject.manifest is not None:
            yield from _powers(module, subject.manifest)


def _running(subject: Subject, modules: Mapping[Path, Module]) -> frozenset[str]:
    """The dotted names of the modules that may run in a host."""
    names = subject.modules
    trees = {names[file]: module.tree for file, module in modules.items()}
    packages = frozenset(names[file] for file in modules if file.name == "__init__.py")
    commands = subject.manifest.commands.values() if subject.manifest else ()
    targets = (subject.candidate.target, *(command.run for command in commands))
    return running_modules(trees, packages, frozenset(item.partition(":")[0] for item in targets))


def _parsed(file: Path, place: str) -> Module | Finding:
    try:
        tree = ast.parse(file.read_bytes(), filename=place)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None) or 1
        return found("syntax-error", f"{place}:{line}", reason=getattr(error, "msg", error))
    return Module(place, tree, aliases(tree))


_MARKERS = ("ion_framework.hookimpl", "ion_framework.pipeline.markers.hookimpl")


def _hooks(module: Module) -> Iterator[Finding]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not any(dotted(item, module.names) in _MARKERS for item in node.decorator_list):
            continue
        where = module.at(node.lineno)
        if node.name not in PARAMETERS:
            yield found("hook-unknown", where, hook=node.name, hint=nearest_hook(node.name))
            continue
        valid = PARAMETERS[node.name]
        arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        for argument in arguments:
            if argument.arg not in (*valid, "self", "cls"):
                yield found(
                    "hook-arguments",
                    where,
                    hook=node.name,
                    argument=argument.arg,
                    valid=", ".join(valid) or "self",
                )


def _owns_process(subject: Subject) -> bool:
    """Whether the plugin is a host, or brings commands: both have a process of their own."""
    manifest = subject.manifest
    return manifest is not None and (Kind.HOST in manifest.provides or bool(manifest.commands))


def _unsafe(module: Module, *, owns_process: bool) -> Iterator[Finding]:
    for name, line in imported(running_nodes(module.tree)):
        fix = unsafe_import(name)
        if fix:
            use = name.partition(".")[0]
            yield found("unsafe-code", module.at(line), use=use, fix=fix)
    for node in running_nodes(module.tree):
        if isinstance(node, ast.Call):
            use, fix = unsafe_use(node, module.names)
            if use and not (owns_process and use in ENDING):
                yield found("unsafe-code", module.at(node.lineno), use=use, fix=fix)


_ACCESS = (FileAccess.NONE, FileAccess.READ, FileAccess.WRITE)


def _powers(module: Module, manifest: Manifest) -> Iterator[Finding]:
    """What the code can do beyond computing, against what the manifest declares."""
    declared = manifest.capabilities
    if not declared.network:
        yield from _network(module)
    yield from _files(module, declared)
    yield from _environment(module, manifest)


def _network(module: Module) -> Iterator[Finding]:
    nodes = [node for node in running_nodes(module.tree) if isinstance(node, ast.Attribute)]
    used = frozenset(dotted(node, module.names) for node in nodes)
    for name, line in imported(running_nodes(module.tree)):
        opens = network_module(name, used)
        if opens:
            yield found("capability-network", module.at(line), module=opens)


def _environment(module: Module, manifest: Manifest) -> Iterator[Finding]:
    known = {
        *manifest.capabilities.environment,
        *(name for spec in manifest.settings.values() for name in variables_of(spec)),
    }
    constants = constants_of(module.tree)
    for node in running_nodes(module.tree):
        where = module.at(getattr(node, "lineno", 1))
        for variable in variables_read(node, module.names, constants):
            if variable not in known:
                yield found("capability-environment", where, variable=variable)
        use = variables_unnamed(node, module.names, constants)
        if use:
            yield found("capability-environment-open", where, use=use)


def _files(module: Module, declared: Capabilities) -> Iterator[Finding]:
    own = own_data(module.tree)
    for node in running_nodes(module.tree):
        use: FileUse | None = file_use(node, module.names, own)
        if use and _ACCESS.index(use.access) > _ACCESS.index(declared.files):
            yield found(
                "capability-files",
                module.at(use.line),
                use=use.what,
                declared=declared.files.value,
                wanted=use.access.value,
            )
