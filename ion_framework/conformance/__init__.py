"""The conformance kit: how good a plugin is, from bronze to gold, and what is missing.

::

    from pathlib import Path
    from ion_framework.conformance import Grade, check_path

    report = check_path(Path("my-persona"))
    assert report.grade is Grade.GOLD, report.told()

``ion persona check`` and ``ion plugins check`` print such a report; the contract classes of
`ion_framework.testing` hold a plugin to a grade with it. `ion_framework.conformance.catalogue`
has every finding with its sentences. The static part imports nothing of the plugin; its code runs
in a process of its own, within limits.

The kit is there against accidents and not against deceit: a plugin that sets out to look better
than it is can do so, and whoever installs it trusts its author.
"""

from ion_framework.conformance.checking import check_installed, check_path
from ion_framework.conformance.findings import Finding, Grade, Level
from ion_framework.conformance.report import Report

__all__ = ["Finding", "Grade", "Level", "Report", "check_installed", "check_path"]
