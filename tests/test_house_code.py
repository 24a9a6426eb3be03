"""How every Python file of the repository is written."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import is_test, python_files, relative

pytestmark = pytest.mark.once

FILE_LINES = 400
FUNCTION_LINES = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@functools.cache
def tree(file: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(file.read_text("utf-8"))


def public(scope: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    """The public classes, functions and methods of a module, without what is inside functions."""
    for node in scope.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


def functions(file: Path) -> Iterator[Function]:
    """Every function and method of a file."""
    return (node for node in ast.walk(tree(file)) if isinstance(node, Function))


def is_overload(node: Definition) -> bool:
    """Whether a definition is one signature of several, documented at the last."""
    return any(ast.unparse(decorator).endswith("overload") for decorator in node.decorator_list)


def test_everything_public_is_documented():
    """Every module with code, public class, function and method has a docstring."""
    missing = []
    for file in python_files():
        module = tree(file)
        if module.body and not ast.get_docstring(module):
            missing.append(relative(file))
        missing += [
            f"{relative(file)}:{node.lineno}: {node.name}"
            for node in public(module)
            if not is_overload(node) and not ast.get_docstring(node)
        ]

    assert not missing


def test_every_test_states_its_fact():
    """Every test's docstring is one sentence: one paragraph that ends with a full stop."""
    wrong = []
    for file in filter(is_test, python_files()):
        for node in functions(file):
            text = ast.get_docstring(node) or ""
            stated = text.endswith(".") and "\n\n" not in text
            if node.name.startswith("test_") and not stated:
                wrong.append(f"{relative(file)}:{node.lineno}: {node.name}")

    assert not wrong


def test_no_error_is_swallowed():
    """No handler catches everything by a bare ``except`` or does nothing with what it caught."""
    wrong = [
        f"{relative(file)}:{node.lineno}"
        for file in python_files()
        for node in ast.walk(tree(file))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or all(isinstance(step, ast.Pass) for step in node.body))
    ]

    assert not wrong


def test_files_hold_one_idea():
    """No Python file is longer than 400 lines."""
    lengths = {relative(file): file.read_text("utf-8").count("\n") for file in python_files()}

    assert not {file: lines for file, lines in lengths.items() if lines > FILE_LINES}


def test_functions_are_one_step():
    """No function is longer than 60 lines, its docstring not counted."""
    long = {}
    for file in python_files():
        for node in functions(file):
            first = node.body[0]
            documented = ast.get_docstring(node) is not None
            start = (first.end_lineno or 0) + 1 if documented else node.lineno
            lines = (node.end_lineno or 0) - start + 1
            if lines > FUNCTION_LINES:
                long[f"{relative(file)}:{node.lineno}: {node.name}"] = lines

    assert not long
