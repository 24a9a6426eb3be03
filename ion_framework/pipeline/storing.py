"""Whether an answer may be kept for others."""

from __future__ import annotations

from ion_framework.pipeline.chunks import FinishReason
from ion_framework.pipeline.generation import Generation
from ion_framework.pipeline.receipt import Outcome
from ion_framework.pipeline.reply_writing import Answer
from ion_framework.pipeline.trace import Trace


def why_not_stored(answer: Answer, generation: Generation, trace: Trace) -> str:
    """Why an answer is not stored, empty where it is: only a complete, first-rate one is."""
    if answer.finish_reason is not FinishReason.STOP:
        return f"the answer ended as {answer.finish_reason.value}"
    if answer.degraded:
        return "the answer is degraded"
    if not generation.by_first:
        return f"the answer is that of a stand-in, {answer.generator}"
    for item in trace.participations:
        if item.hook == "ion_transform_stream" and item.outcome is Outcome.FAILED:
            return f"the transformation {item.plugin} failed"
    return ""
