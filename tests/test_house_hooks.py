"""hookspecs.py is the map of the system, so every hook is documented whole."""

import ast
import inspect
import re
from collections.abc import Callable
from textwrap import dedent

import pytest

from ion_framework.pipeline import hookspecs
from ion_framework.pipeline.markers import Family, rules_of

HOOKS = {name: value for name, value in vars(hookspecs).items() if name.startswith("ion_")}
EVERY_HOOK = pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)


def sections(hook: Callable[..., object]) -> dict[str, str]:
    """The parts of a hook's documentation by heading; what stands under none is joined."""
    text, name = {"": ""}, ""
    for line in (inspect.getdoc(hook) or "").splitlines():
        heading = re.fullmatch(r"(Args|Returns|Example)::?", line)
        if heading:
            name = heading[1]
        elif line and not line.startswith(" "):
            name = ""
        text[name] = text.get(name, "") + line + "\n"
    return text


def example(hook: Callable[..., object]) -> ast.FunctionDef | ast.AsyncFunctionDef:
    """The implementation that a hook's documentation shows."""
    body = sections(hook)["Example"].partition("\n")[2]
    found = [
        node
        for node in ast.walk(ast.parse(dedent(body)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == hook.__name__
    ]
    assert len(found) == 1
    return found[0]


@EVERY_HOOK
def test_hooks_say_when_they_are_called(hook: Callable[..., object]):
    """A hook of the turn stands in the module's map; the others say when they are called."""
    mapped = f"\n    {hook.__name__} " in (hookspecs.__doc__ or "")

    assert mapped or "Called " in sections(hook)[""]


def test_the_map_is_in_the_order_of_the_file():
    """The map at the top of the module lists the hooks of the turn in the order of the file."""
    listed = re.findall(r"^    (ion_\w+) ", hookspecs.__doc__ or "", re.MULTILINE)

    assert [name for name in HOOKS if name in listed] == listed
    assert {name for name in HOOKS if "turn" in inspect.signature(HOOKS[name]).parameters} <= set(
        listed
    )


@EVERY_HOOK
def test_hooks_document_every_argument(hook: Callable[..., object]):
    """``Args`` documents exactly the hook's arguments, in order."""
    documented = re.findall(r"^    (\w+): ", sections(hook).get("Args", ""), re.MULTILINE)

    assert list(inspect.signature(hook).parameters) == documented


@EVERY_HOOK
def test_hooks_document_what_they_return(hook: Callable[..., object]):
    """Where a hook returns something, ``Returns`` or its first sentence says what."""
    returns = inspect.signature(hook).return_annotation not in (None, "None")
    provides = rules_of(hook).family is Family.PROVIDE and sections(hook)[""].startswith("Provide ")

    assert returns == ("Returns" in sections(hook) or provides)


@EVERY_HOOK
def test_hooks_document_a_failure(hook: Callable[..., object]):
    """A hook says what becomes of an implementation that fails."""
    assert re.search(r"\bfail(s|ed|ure)?\b|\braises\b", sections(hook)[""])


@EVERY_HOOK
def test_hooks_show_an_example(hook: Callable[..., object]):
    """The example is valid Python, marked with ``@hookimpl``, and takes arguments of the hook."""
    shown = example(hook)
    taken = [argument.arg for argument in shown.args.args]

    assert [ast.unparse(decorator) for decorator in shown.decorator_list] == ["hookimpl"]
    assert taken[0] == "self"
    assert set(taken[1:]) <= set(inspect.signature(hook).parameters)
