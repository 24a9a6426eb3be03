"""The full reason why, from a reply's receipt: for people, and as JSON."""

from __future__ import annotations

from ion_framework.cli.output import Output
from ion_framework.cli.tables import Cell, Table
from ion_framework.domain.persona import Persona
from ion_framework.pipeline.receipt import Outcome, Receipt
from ion_framework.pipeline.reply import Reply

_MOODS = {Outcome.FAILED: "bad", Outcome.REFUSED: "bad", Outcome.PASSED: "quiet"}


def document_of(reply: Reply, persona: Persona) -> dict[str, object]:
    """The object that ``ion chat --json`` writes; its keys are those of ``POST /chat``."""
    resonance, decision = reply.resonance, reply.decision
    return {
        "content": reply.content,
        "persona_used": persona.shown_name(),
        "resonance_key": resonance.key,
        "confidence": decision.confidence,
        "metadata": {
            "rhythm": resonance.rhythm,
            "tone": resonance.tone,
            "intent": resonance.intent,
            "routing": decision,
            "language": reply.language,
            "cache": reply.receipt.cache.status,
            "degraded": bool(reply.degraded),
            "degraded_reason": reply.degraded or None,
            "finish_reason": reply.finish_reason,
            "usage": reply.usage,
            "generator": reply.generator,
            "model": reply.model,
            "plugins": reply.metadata,
            "receipt": reply.receipt,
        },
    }


def show_why(reply: Reply, output: Output) -> None:
    """Write the whole receipt."""
    receipt = reply.receipt
    output.line(f"{reply.persona} for {receipt.key}, confidence {receipt.confidence.normalize():f}")
    for reason in receipt.reasons:
        output.line(f"  {reason}")
    if reply.degraded:
        output.line(f"  second best: {reply.degraded}", "notice")
    for table in (
        _scores(receipt),
        _evidence(receipt),
        _attempts(receipt),
        _plugins(receipt),
        _stages(receipt),
    ):
        if table.rows:
            output.line()
            output.table(table)
    output.line()
    output.line(f"cache: {_cache(receipt)}")
    output.line(f"prompt: {receipt.prompt}; request: {receipt.request_id}")


def _scores(receipt: Receipt) -> Table:
    rows = tuple((name, f"{score.normalize():f}") for name, score in receipt.scores.items())
    return Table(("persona", "score"), rows)


def _evidence(receipt: Receipt) -> Table:
    return Table(("evidence",), tuple((item,) for item in receipt.evidence))


def _attempts(receipt: Receipt) -> Table:
    rows = tuple(
        (
            f"{item.plugin}@{item.model}" if item.model else item.plugin,
            Cell("answered", "good") if item.succeeded else Cell("failed", "bad"),
            "" if item.first_token_ms is None else f"{item.first_token_ms:.1f} ms",
            f"{item.duration_ms:.1f} ms",
            item.error,
        )
        for item in receipt.attempts
    )
    return Table(("generator", "outcome", "first piece", "all", "error"), rows)


def _plugins(receipt: Receipt) -> Table:
    rows = tuple(
        (
            item.hook,
            item.plugin,
            f"{item.distribution} {item.version}".strip(),
            Cell(item.outcome.value, _MOODS.get(item.outcome, "good")),
            f"{item.duration_ms:.1f} ms",
            item.detail,
        )
        for item in receipt.plugins
    )
    return Table(("hook", "plugin", "distribution", "outcome", "took", "detail"), rows)


def _stages(receipt: Receipt) -> Table:
    rows = tuple(
        (item.stage, f"{item.start_ms:.1f} ms", f"{item.duration_ms:.1f} ms")
        for item in receipt.stages
    )
    return Table(("stage", "began at", "took"), rows)


def _cache(receipt: Receipt) -> str:
    cache = receipt.cache
    age = "" if cache.age_s is None else f", {cache.age_s:.0f} s old"
    stored = ", stored" if cache.stored else ""
    reason = f" ({cache.reason})" if cache.reason else ""
    return f"{cache.status.value}{age}{stored}{reason}"
