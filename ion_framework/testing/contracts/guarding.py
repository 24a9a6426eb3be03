"""Contracts hold: nobody switches one of their tests off without saying so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pytest

_KIT = "ion_framework.testing."
SWITCHES = frozenset({"skip", "skipif", "xfail"})
"""Marks of pytest that keep a test from counting."""

_CONTRACTS = f"{_KIT}contracts."
_FREE = frozenset(
    {
        *("companions", "environ", "kind", "plugin", "settings", "waived"),
        *("lost", "reach", "written"),
    }
)
"""What a subclass says of itself."""


_MADE: dict[type, Mapping[str, object]] = {}
"""What each class of the kit held when it was made, to see whether somebody changed it since."""


class ContractError(TypeError):
    """A subclass of a contract takes one of the contract's tests away."""


def refuse_overrides(contract: type) -> None:
    """Refuse a subclass that redefines or switches off a test of its contract.

    Args:
        contract: the subclass; its ``waived`` names the tests that it does without, and why.

    Raises:
        ContractError: it does so with a test that it does not waive, or waives what is no test.
    """
    for base in contract.__mro__:
        if _of_kit(base):
            _MADE.setdefault(base, dict(vars(base)))
    problems = list(_problems(contract))
    if problems:
        raise ContractError("; ".join(problems))


def refuse_changes(contract: type) -> None:
    """Refuse what a statement has put into, or taken out of, a class of the kit itself.

    Args:
        contract: a subclass.

    Raises:
        ContractError: a class that it builds on is not as the kit made it.
    """
    for base in contract.__mro__:
        now, made = vars(base), _MADE.get(base, {})
        for name in dict.fromkeys((*now, *made)) if made else ():
            if not name.startswith("__") and now.get(name) is not made.get(name):
                raise ContractError(
                    f"{base.__qualname__}.{name} of the kit was replaced from outside, which "
                    f"changes every contract; take that out, or write in a subclass of your own: "
                    f'waived = {{"{name}": "why"}}'
                )


def is_contract(found: object) -> bool:
    """Whether something is a contract's subclass outside of the kit."""
    return isinstance(found, type) and not _of_kit(found) and bool(contract_tests(found))


def contract_tests(contract: type) -> Mapping[str, object]:
    """The tests of the kit that a subclass inherits, by name."""
    return {
        name: value
        for base in reversed(contract.__mro__)
        if _of_kit(base)
        for name, value in vars(base).items()
        if name.startswith("test_")
    }


def waived_by(contract: type) -> Mapping[str, str]:
    """The tests and helpers of the kit that a subclass does without, with the reasons."""
    waived: Mapping[str, str] = getattr(contract, "waived", {})
    return waived


def check_collected(found: object) -> None:
    """Look at a class as pytest finds it: decorators and statements may have changed it since.

    Args:
        found: anything in a test module.

    Raises:
        ContractError: it is a contract's subclass that takes a test away, or is marked as skipped
            or as expected to fail.
    """
    if not isinstance(found, type) or not is_contract(found):
        return
    refuse_overrides(found)
    refuse_changes(found)
    for base in found.__mro__:
        marked = () if _of_kit(base) else vars(base).get("pytestmark", ())
        for mark in marked if isinstance(marked, list | tuple) else (marked,):
            if mark.name in SWITCHES:
                raise ContractError(
                    f"{found.__module__}.{found.__qualname__} is marked {mark.name}, which takes "
                    "its whole contract away; take the mark away, or name each test and the "
                    'reason: waived = {"test_name": "why"}'
                )


def skip_waived(items: Iterable[pytest.Item]) -> None:
    """Skip what is waived, with the reason, unless the class has a test of its own in its place.

    Args:
        items: the collected tests.
    """
    for item in items:
        contract = getattr(item, "cls", None)
        if not isinstance(contract, type) or not is_contract(contract):
            continue
        reason = waived_by(contract).get(getattr(item, "originalname", item.name))
        if reason and not _is_own(contract, getattr(item, "originalname", item.name)):
            item.add_marker(pytest.mark.skip(reason=f"waived: {reason}"))


def told_waivers(items: Iterable[pytest.Item]) -> list[str]:
    """A line for each test of a contract that somebody does without.

    Args:
        items: the collected tests.
    """
    classes = dict.fromkeys(getattr(item, "cls", None) for item in items)
    return [
        f"waived of the contract: {contract.__name__}.{name}: {reason}"
        for contract in classes
        if isinstance(contract, type) and is_contract(contract)
        for name, reason in waived_by(contract).items()
    ]


def _of_kit(found: type) -> bool:
    return found.__module__.startswith(_KIT)


def _problems(contract: type) -> Iterator[str]:
    tests, waived = contract_tests(contract), waived_by(contract)
    where = f"{contract.__module__}.{contract.__qualname__}"
    for name, reason in waived.items():
        if name not in {*tests, *_helpers(contract), "plugin"}:
            yield f"{where}: waived names {name!r}, which is no test of its contract"
        elif not str(reason).strip():
            yield f"{where}: waived gives no reason for {name!r}"
    for name in tests:
        if _is_own(contract, name) and name not in waived:
            yield (
                f"{where}: {name} is a test of the contract and cannot be redefined; give the new "
                f'one another name, or write waived = {{"{name}": "why"}}'
            )
    for name in _helpers(contract):
        if _is_own(contract, name) and name not in waived:
            yield (
                f"{where}: {name} is what the tests of the contract build on and is not to be "
                f'redefined; where it has to be, write waived = {{"{name}": "why"}}'
            )
    if getattr(contract, "__test__", True) is False:
        yield f"{where}: __test__ = False takes the whole contract away; delete the class instead"


def _helpers(contract: type) -> Iterator[str]:
    """What the tests of a contract build on, by name."""
    for base in contract.__mro__:
        if base.__module__.startswith(_CONTRACTS):
            for name in vars(base):
                if not name.startswith(("test_", "__")) and name not in _FREE:
                    yield name


def _is_own(contract: type, name: str) -> bool:
    """Whether what a subclass has under a name is not the kit's."""
    owner = next(base for base in contract.__mro__ if name in vars(base))
    return not _of_kit(owner)
