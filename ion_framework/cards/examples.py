"""Example conversations of cards: blocks behind ``<START>``, lines that name who speaks."""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

_START = re.compile(r"<start>", re.IGNORECASE)


@attrs.frozen
class Examples:
    """What an example text shows.

    Attributes:
        pairs: what a user says and the character answers.
        rest: blocks of another form, as they stand.
    """

    pairs: tuple[tuple[str, str], ...]
    rest: tuple[str, ...]


def read_examples(text: str, name: str) -> Examples:
    """Take an example text apart.

    Args:
        text: the text.
        name: the character's name, with which a line may begin as with ``{{char}}``.
    """
    pairs: list[tuple[str, str]] = []
    rest = []
    for block in filter(str.strip, _START.split(text)):
        found = _pairs(block, name)
        pairs += found
        if not found:
            rest.append(block.strip("\r\n"))
    return Examples(tuple(pairs), tuple(rest))


def example_text(pairs: Iterable[tuple[str, str]], rest: Iterable[str] = ()) -> str:
    """Examples as a card has them.

    Args:
        pairs: what a user says and the character answers.
        rest: blocks of another form.
    """
    exchanges = (f"{{{{user}}}}: {user}\n{{{{char}}}}: {reply}" for user, reply in pairs)
    return "\n".join(f"<START>\n{block}" for block in (*exchanges, *rest))


def _pairs(block: str, name: str) -> list[tuple[str, str]]:
    """The exchanges of a block; none where it is not made of exchanges throughout."""
    turns: list[tuple[bool, list[str]]] = []
    speaker = re.compile(
        rf"\s*(?:(\{{\{{user\}}\}}|<user>)|\{{\{{char\}}\}}|<char>|<bot>|{re.escape(name)})\s*:\s?(.*)",
        re.IGNORECASE,
    )
    for line in block.strip().splitlines():
        match = speaker.fullmatch(line)
        if match is None:
            if not turns:
                return []
            turns[-1][1].append(line)
        elif turns and turns[-1][0] == bool(match[1]):
            turns[-1][1].append(match[2])
        else:
            turns.append((bool(match[1]), [match[2]]))
    said = [(is_user, "\n".join(lines).strip()) for is_user, lines in turns]
    if len(said) % 2 or not all(text for _, text in said) or not said or not said[0][0]:
        return []
    return [(said[i][1], said[i + 1][1]) for i in range(0, len(said), 2)]
