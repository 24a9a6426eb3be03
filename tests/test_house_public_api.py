"""The names that `ion_framework` promises."""

import ast
import importlib

import pytest

import ion_framework
from tests.support.repository import ROOT


@pytest.mark.parametrize("module", ["ion_framework", "ion_framework.testing"])
def test_public_names_exist_and_are_sorted(module: str):
    """Every name in ``__all__`` can be imported, and the list is sorted."""
    loaded = importlib.import_module(module)

    assert sorted(loaded.__all__) == list(loaded.__all__)
    assert not [name for name in loaded.__all__ if not hasattr(loaded, name)]


def test_type_checkers_see_the_same_names():
    """The names that type checkers see are the names that exist at run time."""
    module = ast.parse((ROOT / "ion_framework" / "__init__.py").read_text("utf-8"))
    seen = [
        alias.asname
        for node in ast.walk(module)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    ]

    assert ion_framework.__all__ == sorted(filter(None, seen))


def test_unknown_names_are_refused():
    """A name that is not public raises AttributeError and names the module."""
    with pytest.raises(AttributeError, match="ion_framework"):
        _ = ion_framework.no_such_name  # type: ignore[attr-defined]  the point of the test
