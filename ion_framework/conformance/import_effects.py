"""What a module does merely by being imported, as its text shows it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from ion_framework.conformance.imports import dotted, not_run

_EXACT = frozenset(
    {
        *("asyncio.run", "exec", "input", "locale.setlocale", "logging.basicConfig", "open"),
        *("os.chdir", "os.getenv", "os.putenv", "os.umask", "print", "signal.signal"),
        *("sqlite3.connect", "sys.exit", "threading.Thread", "threading.Timer", "time.sleep"),
        *("warnings.filterwarnings", "warnings.simplefilter", "webbrowser.open"),
    }
)
_GROUPS = (
    *("subprocess.", "requests.", "httpx.", "urllib.request.", "shutil.", "socket.create_"),
    *("os.makedirs", "os.mkdir", "os.remove", "os.system", "os.environ.", "sys.path."),
    *("socket.socket", "urllib3.", "http.client.", "smtplib.", "tempfile.mk"),
)
_METHODS = frozenset({"write_text", "write_bytes", "mkdir", "unlink", "touch", "urlopen"})

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def effects_at_import(module: ast.Module, names: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """What runs at import and should not, with its line: input, output, the process itself.

    Args:
        module: the syntax tree.
        names: what its imported names stand for.
    """
    for node in _at_import(module):
        if isinstance(node, ast.Call):
            name = dotted(node.func, names)
            method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if name in _EXACT or name.startswith(_GROUPS) or method in _METHODS:
                yield f"{name or method}()", node.lineno
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
            for target in _targets(node):
                if isinstance(target, ast.Subscript):
                    name = dotted(target.value, names)
                    if name in ("os.environ", "sys.modules"):
                        yield f"{name}[…] = …", node.lineno


def _targets(node: ast.Assign | ast.AugAssign | ast.Delete) -> list[ast.expr]:
    return [node.target] if isinstance(node, ast.AugAssign) else node.targets


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that is evaluated when the module is imported."""
    yield node
    for child in _evaluated(node):
        yield from _at_import(child)


def _evaluated(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.Lambda | ast.GeneratorExp):
        return []
    if isinstance(node, _Function):
        return [*node.decorator_list, *node.args.defaults]
    if isinstance(node, ast.If) and not_run(node.test):
        return list(node.orelse)
    return list(ast.iter_child_nodes(node))
