"""A finding: what was looked at, how it stands, and what to do."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit

import attrs


class Severity(StrEnum):
    """How bad a finding is. Only an error makes ``ion doctor`` fail."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


def reportable(url: str) -> str:
    """An address where something can be reported; empty for one that leads nowhere.

    Names under ``.invalid`` are placeholders by definition (RFC 2606).
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return "" if host.rstrip(".").rpartition(".")[2] == "invalid" else url


@attrs.frozen
class Finding:
    """The outcome of one check.

    Attributes:
        check: what was looked at (``plugin offline``).
        severity: how it stands.
        message: what was found, one sentence.
        cause: why it is so, empty where the message says it.
        fix: what to do, empty where there is nothing to do.
        report: where to report it, empty where that is not known or not needed.
    """

    check: str
    severity: Severity
    message: str
    cause: str = ""
    fix: str = ""
    report: str = attrs.field(default="", converter=reportable)


def ok(check: str, message: str) -> Finding:
    """A finding that needs no action."""
    return Finding(check, Severity.OK, message)


def warning(
    check: str, message: str, *, cause: str = "", fix: str = "", report: str = ""
) -> Finding:
    """A finding that somebody should look at; everything works all the same."""
    return Finding(check, Severity.WARNING, message, cause, fix, report)


def error(check: str, message: str, *, cause: str = "", fix: str = "", report: str = "") -> Finding:
    """A finding that keeps something from working."""
    return Finding(check, Severity.ERROR, message, cause, fix, report)
