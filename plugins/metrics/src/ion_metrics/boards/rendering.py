"""The files that are made of widgets and alerts: ``python -m ion_metrics.boards.rendering FOLDER``.

They are kept beside the code; a test sees to it that they are what this makes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from textwrap import fill

from ion_metrics.boards import cloud, grafana
from ion_metrics.boards.alerts import THRESHOLDS, Alert, burn_alerts, recorded

_HEAD = "# Made by `python -m ion_metrics.boards.rendering`; change ion_metrics/boards instead.\n"


def files() -> dict[str, str]:
    """The text of each file by its path inside the distribution."""
    budget = _group("ion-error-budget-series", _records()) + _group(
        "ion-error-budget", map(_alert, burn_alerts())
    )
    return {
        "dashboards/grafana.json": _json(grafana.dashboard()),
        "dashboards/cloud-monitoring.json": _json(cloud.dashboard()),
        "rules/thresholds.yml": _rules(_group("ion-thresholds", map(_alert, THRESHOLDS))),
        "rules/error-budget.yml": _rules(budget),
    }


def main(folder: Path) -> None:
    """Write the files.

    Args:
        folder: the folder of the distribution.
    """
    for path, text in files().items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _rules(groups: str) -> str:
    return f"{_HEAD}groups:\n{groups}"


def _group(name: str, rules: Iterable[str]) -> str:
    return f"  - name: {name}\n    rules:\n" + "".join(rules)


def _records() -> list[str]:
    return [
        f"      - record: {name}\n        expr: |-\n{_folded(expr)}"
        for name, expr in recorded().items()
    ]


def _alert(alert: Alert) -> str:
    return (
        f"      - alert: {alert.name}\n"
        f"        expr: |-\n{_folded(alert.expr)}"
        f"        for: {alert.lasts}\n"
        f"        labels:\n          severity: {alert.severity}\n"
        f"        annotations:\n"
        f"          summary: {json.dumps(alert.summary)}\n"
        f"          runbook: |-\n{_folded(fill(alert.runbook, 86))}"
    )


def _folded(text: str) -> str:
    return "".join(f"            {line}\n" for line in text.splitlines())


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
