"""What a module's names stand for, from its imports alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping


def aliases(module: ast.Module) -> Mapping[str, str]:
    """What each imported name of a module stands for, as a dotted path."""
    names: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def dotted(node: ast.expr, names: Mapping[str, str]) -> str:
    """The dotted path that an expression names, imports resolved; empty where it names none."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])


def imported(nodes: Iterator[ast.AST]) -> Iterator[tuple[str, int]]:
    """Every module that nodes import, as a dotted path, with its line."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def modules_imported(module: ast.Module, package: str) -> Iterator[str]:
    """Every module that a module may import, relative names resolved; a name may be no module.

    A text counts that is the name of one: ``import_module("package.part")`` takes it.

    Args:
        module: the syntax tree.
        package: the package that it lies in, or that it is.
    """
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base_of(node, package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            yield f"{package}{text}" if text.startswith(".") else text


def _base_of(node: ast.ImportFrom, package: str) -> str:
    """The module that a ``from`` names."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    above = ".".join(parts[: len(parts) - node.level + 1])
    return f"{above}.{node.module}" if node.module else above


def running_nodes(module: ast.Module) -> Iterator[ast.AST]:
    """Every node of a module but those that only type checkers see, and those of a program.

    What stands under ``if __name__ == "__main__"`` is the author's own tool.
    """
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += _children(node)


def required_nodes(module: ast.Module) -> Iterator[ast.AST]:
    """The nodes of a module that run, without those that do without what they cannot import."""
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.Try) and any(map(_is_import_error, node.handlers)):
            waiting += [*node.handlers, *node.orelse, *node.finalbody]
        else:
            waiting += _children(node)


def _is_import_error(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {ast.unparse(item) for item in caught if item is not None}
    return bool(names & {"ImportError", "ModuleNotFoundError"})


def _children(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.If) and not_run(node.test):
        return list(node.orelse)
    return list(ast.iter_child_nodes(node))


def is_program(module: ast.Module) -> bool:
    """Whether a module is meant to be run by ``python -m``."""
    return any(isinstance(node, ast.If) and _is_main(node.test) for node in module.body)


def not_run(test: ast.expr) -> bool:
    """Whether a condition never holds in a plugin that runs."""
    return _is_main(test) or ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _is_main(test: ast.expr) -> bool:
    return ast.unparse(test) in {"__name__ == '__main__'", "'__main__' == __name__"}
