"""``ion analyze --from-feedback``: what users corrected, as an evaluation file.

Tab-separated, without quoting, for ``python -m perf.analysis``: the message with the tone, intent
and persona that it should have been read as. Where the tone or the intent is corrected, or a good
rating confirms both, what is not corrected was read rightly, so that its label is the reading in
the receipt. Where only the persona is corrected nobody knows whether the reading was to blame, so
that the persona is the one label. Feedback with nothing but a bad rating or a comment
does not say which part of the reading was wrong, and makes no row.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import attrs
import click

from ion_framework.cli.conversations_store import opened_store
from ion_framework.cli.output import Output
from ion_framework.conversations.model import Feedback
from ion_framework.domain.blank import is_blank
from ion_framework.domain.key import ResonanceKey
from ion_framework.domain.language import detect_language
from ion_framework.errors import ResonanceKeyError
from ion_framework.settings.model import Settings

COLUMNS = ("text", "lang", "tone", "intent", "persona", "source", "basis")
GOOD = 4
"""The least rating that confirms the reading of a message."""
_SOURCE = "feedback"
_NEITHER = "say nothing of the reading"
_NO_MESSAGE = "have no message"
_NO_KEY = "have no reading to complete the correction"


@attrs.frozen
class Labelled:
    """One row of the file.

    Attributes:
        text: the message on one line.
        lang: its language, as detected.
        tone: the tone that it has, empty where only the persona was corrected.
        intent: the intent that it has, likewise.
        persona: who should have answered, empty where nobody said so.
        source: where the row is from.
        basis: ``corrected``, or ``confirmed`` where a good rating says that nothing was wrong.
    """

    text: str
    lang: str
    tone: str
    intent: str
    persona: str
    source: str
    basis: str


async def export(settings: Settings, file: Path | None, output: Output) -> None:
    """Write the evaluation file of everything that the store holds.

    Args:
        settings: choose the store.
        file: where it goes, None for standard output.
        output: standard output.

    Raises:
        click.ClickException: no store runs, or the file cannot be written.
    """
    async with opened_store(settings) as store:
        found = [item async for item in store.feedback()]
    rows, left_out = labelled(found)
    lines = ["\t".join(COLUMNS), *("\t".join(attrs.astuple(row)) for row in rows)]
    if file is None:
        for line in lines:
            output.line(line)
    else:
        _write(file, lines)
    click.echo(_told(rows, left_out), err=True)


def labelled(feedback: Iterable[Feedback]) -> tuple[tuple[Labelled, ...], Counter[str]]:
    """The rows of feedback, and how many make none by the reason.

    Args:
        feedback: what users said.
    """
    rows, left_out = [], Counter[str]()
    for item in feedback:
        row = _row(item)
        if isinstance(row, str):
            left_out[row] += 1
        else:
            rows.append(row)
    return tuple(rows), left_out


def _row(item: Feedback) -> Labelled | str:
    """The row of a feedback, or why it makes none."""
    is_corrected = any((item.tone, item.intent, item.persona))
    if not is_corrected and (item.rating or 0) < GOOD:
        return _NEITHER
    text = " ".join(item.message.split())
    if is_blank(text):
        return _NO_MESSAGE
    tone, intent = "", ""
    if item.tone or item.intent or not item.persona:
        key = _reading(item.receipt)
        tone = item.tone or (key.tone.value if key else "")
        intent = item.intent or (key.intent.value if key else "")
        if not (tone and intent):
            return _NO_KEY
    return Labelled(
        text=text,
        lang=detect_language(text).value,
        tone=tone,
        intent=intent,
        persona=item.persona or "",
        source=_SOURCE,
        basis="corrected" if is_corrected else "confirmed",
    )


def _reading(receipt: str) -> ResonanceKey | None:
    """The key in a receipt, None where there is none."""
    document = json.loads(receipt)
    key = document.get("key") if isinstance(document, dict) else None
    try:
        return ResonanceKey.parse(key) if isinstance(key, str) else None
    except ResonanceKeyError:
        return None


def _write(file: Path, lines: Iterable[str]) -> None:
    try:
        file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be written: {error.strerror}") from error


def _told(rows: tuple[Labelled, ...], left_out: Counter[str]) -> str:
    told = f"{len(rows)} labelled messages"
    if left_out:
        reasons = "; ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
        told += f"; left out: {reasons}"
    return told
