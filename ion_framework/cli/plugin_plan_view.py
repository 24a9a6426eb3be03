"""The plan for people."""

from __future__ import annotations

from ion_framework.cli.output import Output
from ion_framework.cli.plugin_plan import Plan, Stage
from ion_framework.cli.remarks import show_remarks
from ion_framework.cli.tables import Table
from ion_framework.settings.model import Trust


def show_plan(plan: Plan, output: Output) -> None:
    """Write a plan as tables: personas, hooks in the order of a turn, and what is left out."""
    if plan.personas:
        rows = tuple((p.name, str(p.rank), p.distribution) for p in plan.personas)
        output.table(Table(("persona", "rank", "distribution"), rows))
        output.line()
    if plan.stages:
        output.table(_stages(plan.stages))
        if not all(step.certain for stage in plan.stages for step in stage.steps):
            output.line("(may): whether it has this hook is known once it is imported", "quiet")
        output.line()
    output.line("hosts: " + (", ".join(plan.hosts) or "none"))
    if plan.trust is Trust.PINNED:
        output.line(f"trust: only what is pinned in {plan.pins}")
    if plan.left_out:
        output.line()
        rows = tuple((item.plugin, item.status.value, item.reason) for item in plan.left_out)
        output.table(Table(("left out", "status", "reason"), rows))
    show_remarks(output, plan.stops, plan.warnings)


def _stages(stages: tuple[Stage, ...]) -> Table:
    rows = tuple(
        (
            stage.hook if place == 1 else "",
            stage.family.value if place == 1 else "",
            f"{place}. {step.plugin}" + ("" if step.certain else " (may)"),
            step.distribution,
            step.why,
        )
        for stage in stages
        for place, step in enumerate(stage.steps, 1)
    )
    return Table(("hook", "family", "plugin", "distribution", "why there"), rows)
