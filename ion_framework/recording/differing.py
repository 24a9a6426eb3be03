"""How two prompts or two answers differ, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import unified_diff

from ion_framework.jsonable import to_json
from ion_framework.recording.model import RecordedPrompt

CONTEXT_LINES = 2


def difference(before: str, after: str) -> list[str]:
    """The lines that differ, with what stands around them; none where the texts are the same."""
    lines = unified_diff(
        before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=CONTEXT_LINES
    )
    return list(lines)


def prompt_difference(before: RecordedPrompt, after: RecordedPrompt) -> list[str] | None:
    """How two prompts differ; None where one of them was kept by its digest alone."""
    if before.text is None or after.text is None:
        return None
    return difference(_written(before.text), _written(after.text))


def _written(parts: Mapping[str, object]) -> str:
    """A prompt for people: each part under its name."""
    pieces = []
    for name, value in parts.items():
        text = value if isinstance(value, str) else to_json(value, indent=2)
        if text not in _EMPTY:
            pieces.append(f"[{name}]\n{text}")
    return "\n\n".join(pieces)


_EMPTY = frozenset({"", "[]", "{}", "null"})
