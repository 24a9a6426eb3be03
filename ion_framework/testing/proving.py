"""A test of a contract proves something, fails, or says aloud why it could not run.

What no hook of pytest sees stays possible: a module that is never collected (``collect_ignore``,
``--ignore``), a hook of a ``conftest.py`` that changes reports after this one or runs no test, and
a test that a fixture replaces while it runs. Such a project does it on purpose.
"""

from __future__ import annotations

import ast
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from ion_framework.testing.contracts.holding import SLOW, is_waived, of_contract

_REASON = "ion_cannot_run"
"""The attribute of a report that holds the reason; processes side by side pass it on."""


class CannotRun(pytest.skip.Exception):  # type: ignore[name-defined, misc]  # made by pytest as it runs
    """What a test needs is not on this machine."""


def cannot_run(reason: str) -> NoReturn:
    """End a test, or a fixture, that needs what this machine lacks.

    The one way in which a test of a contract may be skipped without being waived: it is counted,
    and every run lists it with its reason.

    Args:
        reason: what is missing, and how to get it.

    Raises:
        CannotRun: always.
    """
    raise CannotRun(reason)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a test of a contract fail that was skipped by anybody but the kit."""
    report = yield
    if not report.skipped or not of_contract(item):
        return report
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, CannotRun):
        setattr(report, _REASON, str(error))
    elif not is_waived(item) and SLOW not in item.stash:
        report.outcome = "failed"
        report.longrepr = (
            f"{item.nodeid}: a test of a contract was skipped ({_first_line(error)}); where this "
            "machine lacks something call ion_framework.testing.cannot_run(reason), where the "
            'plugin does without the test write waived = {"test_name": "why"}'
        )
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let a module fail that skips itself, and a contract with it."""
    report = yield
    if report.outcome != "skipped" or not isinstance(collector, pytest.Module):
        return report
    names = list(_contracts_in(collector.path))
    if names:
        report.outcome = "failed"
        report.longrepr = (
            f"{collector.nodeid}: the module skips itself, and its contracts {', '.join(names)} "
            "with it; let a fixture call ion_framework.testing.cannot_run(reason) instead"
        )
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell which tests of contracts could not run here, and why."""
    reports = terminalreporter.stats.get("skipped", ())
    missing: dict[str, list[str]] = {}
    for report in reports:
        reason = getattr(report, _REASON, None)
        if reason is not None:
            missing.setdefault(reason, []).append(report.nodeid)
    if missing:
        terminalreporter.section("tests of contracts that could not run here", yellow=True)
    for reason, nodes in missing.items():
        terminalreporter.write_line(f"{len(nodes)} tests, because {reason}:")
        for node in nodes:
            terminalreporter.write_line(f"  {node}")


def _contracts_in(file: Path) -> Iterator[str]:
    """The classes of a module whose text says that they are contracts."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            bases = (ast.unparse(base) for base in node.bases)
            if any(base.endswith("Contract") for base in bases):
                yield node.name


def _first_line(error: BaseException | None) -> str:
    return next(iter(str(error).splitlines()), "no reason") if error else "no reason"
