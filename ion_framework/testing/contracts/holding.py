"""What a test session does with the contracts in it: none goes uncollected, none is dropped."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from ion_framework.errors import PluginError
from ion_framework.plugin_host.source_tree import source_tree_of
from ion_framework.testing.contracts.guarding import (
    SWITCHES,
    ContractError,
    contract_tests,
    is_contract,
    refuse_changes,
    waived_by,
)

SLOW = pytest.StashKey[pytest.Mark]()
"""The mark with which the kit itself skips a test that takes long."""

_BY_HAND = ("-k", "-m", "--deselect", "--lf", "--last-failed", "--sw", "--stepwise", "--ff", "--nf")


def check_place(found: object, name: str, module: object, *, is_collected: bool) -> None:
    """Look at where a contract's subclass stands.

    Args:
        found: anything in a test module.
        name: its name there.
        module: the module.
        is_collected: whether pytest takes it for tests, by its name.

    Raises:
        ContractError: nothing would collect it, or it tests the plugin of another distribution.
    """
    if not isinstance(found, type) or not is_contract(found) or not hasattr(found, "plugin"):
        return
    if found.__module__ != getattr(module, "__name__", ""):
        return
    where = f"{found.__module__}.{found.__qualname__}"
    others = [
        item for item in vars(module).values() if isinstance(item, type) and item is not found
    ]
    if not is_collected and not any(issubclass(item, found) for item in others):
        raise ContractError(
            f"{where}: pytest does not collect a class of the name {name}, so that its contract is "
            f"never tested; call it Test{name}"
        )
    named = _plugins_beside(found)
    plugin = str(found.plugin)
    if named and plugin not in named and "plugin" not in waived_by(found):
        raise ContractError(
            f"{where}: plugin = {plugin!r} is not the plugin of this project, which is "
            f"{', '.join(named)}; test that one, or write "
            'waived = {"plugin": "why"}'
        )


def _plugins_beside(contract: type) -> Sequence[str]:
    """The plugins of the project whose tests a class is one of."""
    file = getattr(sys.modules.get(contract.__module__), "__file__", None)
    if not file:
        return ()
    try:
        return tuple(source_tree_of(Path(file).parent).entry_points)
    except PluginError:
        return ()


def contract_items(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Those of the collected tests that are a contract's own."""
    return [item for item in items if of_contract(item)]


def check_kept(config: pytest.Config, before: list[pytest.Item], after: list[pytest.Item]) -> None:
    """Look at what has become of the tests of contracts since they were collected.

    Whoever runs pytest may choose; a file that is always there may not.

    Args:
        config: pytest's.
        before: tests of contracts, as they were collected.
        after: all tests, as they are going to run.

    Raises:
        pytest.UsageError: some were dropped or switched off, and not by the command line.
    """
    for contract in dict.fromkeys(getattr(item, "cls", None) for item in before):
        if isinstance(contract, type):
            _unchanged(contract)
    kept = set(after)
    dropped = [item for item in before if item not in kept and not is_waived(item)]
    if dropped and not _chosen_by_hand(config):
        raise pytest.UsageError(
            f"{_told(dropped)}: a test of a contract was deselected by a conftest.py or a setting "
            'of pytest; leave it in, or name it in the class: waived = {"test_name": "why"}'
        )
    switched = [item for item in before if item in kept and _is_switched_off(item)]
    if switched:
        raise pytest.UsageError(
            f"{_told(switched)}: a test of a contract is marked as skipped or as expected to fail; "
            'take the mark away, or name it in the class: waived = {"test_name": "why"}'
        )


def _unchanged(contract: type) -> None:
    try:
        refuse_changes(contract)
    except ContractError as error:
        raise pytest.UsageError(str(error)) from error


def _told(items: Sequence[pytest.Item]) -> str:
    more = f" and {len(items) - 1} more" if len(items) > 1 else ""
    return f"{items[0].nodeid}{more}"


def of_contract(item: pytest.Item) -> bool:
    """Whether a collected test is a contract's own."""
    contract = getattr(item, "cls", None)
    name = getattr(item, "originalname", item.name)
    return isinstance(contract, type) and is_contract(contract) and name in contract_tests(contract)


def is_waived(item: pytest.Item) -> bool:
    """Whether the class of a test says that it does without it, and why."""
    contract = getattr(item, "cls", None)
    name = getattr(item, "originalname", item.name)
    return isinstance(contract, type) and name in waived_by(contract)


def _is_switched_off(item: pytest.Item) -> bool:
    """Whether a mark that is neither the kit's own nor a waiver keeps a test from counting."""
    own = {id(mark) for mark in own_marks(item)} | {id(item.stash.get(SLOW, None))}
    return not is_waived(item) and any(
        mark.name in SWITCHES and id(mark) not in own for mark in item.iter_markers()
    )


def own_marks(item: pytest.Item) -> Sequence[pytest.Mark]:
    """The marks that stand at a test's function and its parameters, not at what is around it.

    Args:
        item: a collected test.
    """
    function: Sequence[pytest.Mark] = getattr(getattr(item, "function", None), "pytestmark", ())
    call = getattr(item, "callspec", None)
    return (*function, *(call.marks if call is not None else ()))


def _chosen_by_hand(config: pytest.Config) -> bool:
    """Whether whoever called pytest asked for a part of the tests."""
    if hasattr(config, "workerinput"):
        # A process beside others is not told what stood on the command line.
        options = (config.option.keyword, config.option.markexpr, config.option.deselect)
        return any(options) or getattr(config.option, "lf", False)
    words = [
        *map(str, config.invocation_params.args),
        *os.environ.get("PYTEST_ADDOPTS", "").split(),
    ]
    return any(word.startswith(_BY_HAND) or "::" in word for word in words)
