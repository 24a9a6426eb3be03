"""The running summary of a conversation: what was said, in a few bullets, without a model."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ion_framework.domain.conversation import Message, Role


@attrs.frozen
class SummaryLimits:
    """The size of a running summary.

    Attributes:
        bullets: at most so many bullets.
        characters: at most so many characters in all.
        line: a bullet's text is cut after so many characters, with ``…``.
    """

    bullets: int = attrs.field(default=8, validator=attrs.validators.ge(1))
    characters: int = attrs.field(default=800, validator=attrs.validators.ge(1))
    line: int = attrs.field(default=160, validator=attrs.validators.ge(2))


_MARK = {Role.USER: "U", Role.ASSISTANT: "A"}


def update_summary(
    current: str, messages: Iterable[Message], limits: SummaryLimits | None = None
) -> str:
    """Add messages to a running summary.

    A message becomes the bullet ``- U: text`` or ``- A: text``, white space collapsed. A bullet
    that says the same as an earlier one (case and spacing aside) replaces it at the later place.
    The oldest bullets go first when the limits are passed.

    Args:
        current: the summary so far, empty at first.
        messages: what was said since, oldest first.
        limits: 8 bullets, 800 characters and 160 a line by default.
    """
    limits = limits or SummaryLimits()
    bullets = [line for line in current.splitlines() if line.strip()]
    bullets += [_bullet(message, limits.line) for message in messages if message.content.strip()]
    kept = _without_repeats(bullets)[-limits.bullets :]
    while len(kept) > 1 and len("\n".join(kept)) > limits.characters:
        del kept[0]
    return "\n".join(kept)[: limits.characters]


def _bullet(message: Message, line: int) -> str:
    text = " ".join(message.content.split())
    if len(text) > line:
        text = text[: line - 1].rstrip() + "…"
    return f"- {_MARK[message.role]}: {text}"


def _without_repeats(bullets: list[str]) -> list[str]:
    latest: dict[str, str] = {}
    for bullet in bullets:
        same = " ".join(bullet.casefold().split())
        latest.pop(same, None)
        latest[same] = bullet
    return list(latest.values())
