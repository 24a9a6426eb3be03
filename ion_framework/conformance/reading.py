"""What code reads from outside, as its text shows it: files and environment variables."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from ion_framework.conformance.imports import dotted

_LISTING = frozenset({"glob.glob", "glob.iglob", "os.listdir", "os.scandir", "os.walk"})
_PATH_READS = frozenset({"glob", "iterdir", "read_bytes", "read_text", "rglob", "walk"})
_PATHS = frozenset({"pathlib.Path", "pathlib.PosixPath", "pathlib.WindowsPath"})

_ENVIRON = "os.environ"
_ONE_VARIABLE = frozenset(
    {"os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault"}
)
_COPIES = frozenset({"dict", "frozenset", "list", "repr", "set", "sorted", "str", "tuple"})
_ALL_VARIABLES = frozenset({"copy", "items", "keys", "popitem", "values"})


def own_data(module: ast.Module) -> frozenset[str]:
    """The names of a module that stand for places inside its own package."""
    known: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and is_own(node.value, frozenset(known)):
            known |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return frozenset(known)


def is_own(node: ast.AST, known: frozenset[str]) -> bool:
    """Whether an expression names a place inside the package.

    Args:
        node: the expression.
        known: names that stand for such places.
    """
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id in {"__file__", *known}:
            return True
        called = part.func if isinstance(part, ast.Call) else None
        if isinstance(called, ast.Name | ast.Attribute):
            name = called.id if isinstance(called, ast.Name) else called.attr
            if name in {"files", "as_file"}:
                return True
    return False


def reads_files(call: ast.Call, names: Mapping[str, str]) -> str:
    """The function by which a call reads files or folders that it names; empty for another call.

    A method of an object that comes from somewhere else tells nothing; what it does is seen when it
    runs.

    Args:
        call: the call.
        names: what imported names stand for.
    """
    name = dotted(call.func, names)
    if name in _LISTING:
        return name
    if isinstance(call.func, ast.Attribute) and call.func.attr in _PATH_READS:
        made = [part for part in ast.walk(call.func.value) if isinstance(part, ast.Call)]
        if any(dotted(part.func, names).rpartition(".")[0] in _PATHS for part in made) or any(
            dotted(part.func, names) in _PATHS for part in made
        ):
            return f"Path.{call.func.attr}"
    return ""


def variables_read(
    node: ast.AST, names: Mapping[str, str], constants: Mapping[str, str]
) -> Iterator[str]:
    """The environment variables that a node reads by a name that stands in the text.

    Args:
        node: the node.
        names: what imported names stand for.
        constants: the module's names for texts.
    """
    wanted = _variable(node, names)
    text = _text(wanted, constants)
    if text is not None:
        yield text


def variables_unnamed(node: ast.AST, names: Mapping[str, str], constants: Mapping[str, str]) -> str:
    """How a node reads variables that the text does not name; empty where it does not.

    Args:
        node: the node.
        names: what imported names stand for.
        constants: the module's names for texts.
    """
    wanted = _variable(node, names)
    if wanted is not None:
        return "" if _text(wanted, constants) is not None else ast.unparse(node)
    if isinstance(node, ast.Call):
        name = dotted(node.func, names)
        owner, _, method = name.rpartition(".")
        whole = owner == _ENVIRON and method in _ALL_VARIABLES
        spread = [word.value for word in node.keywords if word.arg is None]
        given = [*spread, *(node.args if name in _COPIES else ())]
        if whole or any(_is_environ(item, names) for item in given):
            return ast.unparse(node)
    looped = isinstance(node, ast.For | ast.comprehension) and _is_environ(node.iter, names)
    merged = isinstance(node, ast.BinOp) and (
        _is_environ(node.left, names) or _is_environ(node.right, names)
    )
    copied = isinstance(node, ast.Dict) and any(
        key is None and _is_environ(value, names)
        for key, value in zip(node.keys, node.values, strict=True)
    )
    return _ENVIRON if looped or merged or copied else ""


def constants_of(module: ast.Module) -> Mapping[str, str]:
    """The names of a module that stand for one text each."""
    return {
        target.id: node.value.value
        for node in module.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _variable(node: ast.AST, names: Mapping[str, str]) -> ast.expr | None:
    """What says which environment variable a node reads, None where it reads none."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        return node.slice if _is_environ(node.value, names) else None
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
        return node.left if _is_environ(node.comparators[0], names) else None
    if isinstance(node, ast.Call) and node.args:
        return node.args[0] if dotted(node.func, names) in _ONE_VARIABLE else None
    return None


def _is_environ(node: ast.expr, names: Mapping[str, str]) -> bool:
    return dotted(node, names) == _ENVIRON


def _text(node: ast.expr | None, constants: Mapping[str, str]) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return constants.get(node.id) if isinstance(node, ast.Name) else None
