"""One regular expression for many fixed texts, as a prefix tree.

An alternation of hundreds of words is tried word by word at every position. The tree branches
on the next character instead, and finds the longest text that matches.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

OPTIONAL_APOSTROPHE = frozenset("tmv")
"""What may follow an apostrophe that hurried writers leave out (``dont``, ``im``, ``ive``).

Not ``s``, ``l``, ``r`` and ``d``: *lets*, *well*, *were* and *id* are words of their own.
"""


@attrs.define
class _Node:
    children: dict[str, _Node] = attrs.field(factory=dict)
    ending: str | None = None


def trie_pattern(texts: Mapping[str, str], space: str) -> str:
    """The expression that matches the longest of the texts.

    Args:
        texts: the texts, each with the expression that must hold behind it (may be empty).
        space: the expression for a space inside a text.
    """
    root = _Node()
    for text, ending in texts.items():
        node = root
        for character in text:
            node = node.children.setdefault(character, _Node())
        node.ending = ending
    return _written(root, space)


def _written(node: _Node, space: str) -> str:
    branches = [
        _character(character, child, space) + _written(child, space)
        for character, child in sorted(node.children.items())
    ]
    if node.ending is not None:
        # Last, so that a longer text goes first.
        branches.append(node.ending)
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"


def _character(character: str, child: _Node, space: str) -> str:
    if character == " ":
        return space
    if character == "'" and child.children.keys() <= OPTIONAL_APOSTROPHE:
        return "'?"
    return re.escape(character)
