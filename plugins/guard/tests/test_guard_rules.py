"""The rules for texts: their file, their short cuts, and the forms in which they look."""

from __future__ import annotations

import re
from urllib.parse import unquote

import attrs
import pytest
from ion_guard.normalizing import BARE, COMPACT, DECODED, PLAIN, forms_of, forms_of_message
from ion_guard.rules import CLASSES, all_rules

RULES = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)


@RULES
def test_rules_are_written_alike(rule):
    """A rule has a class, a weight from 1 to 5 and a pattern that captures nothing."""
    assert rule.family in CLASSES
    assert 1 <= rule.weight <= 5
    assert rule.pattern.groups == 0
    assert rule.pattern.flags & ~re.UNICODE == 0


@RULES
def test_no_pattern_nests_repetitions_without_bound(rule):
    """Nowhere does an unbounded repetition stand, so no text makes a pattern try for ever."""
    outside_classes = re.sub(r"\[\^?(?:\\.|[^\]\\])*\]", "c", rule.pattern.pattern)

    assert not re.findall(r"(?<!\\)[*+](?![?+])|\{\d+,\}", outside_classes)


@RULES
def test_every_rule_matches_something(rule, table):
    """Of the attacks each rule finds one, or it is of no use."""
    texts = [row["text"] for row in table("attacks")] + ["x' having 2=2", "1' order by 3"]
    texts += ["select name from users", "x%2520y", "a --", "-moz-binding: url(x)", "'"]

    assert any(rule.matches(forms_of(text)) for text in texts)


@RULES
def test_needles_are_only_a_short_cut(rule, table):
    """A rule without its needles finds exactly the same."""
    slow = attrs.evolve(rule, needles=())
    texts = [row["text"] for name in ("attacks", "teaching", "ordinary") for row in table(name)]
    differing = [
        text for text in texts if slow.matches(forms_of(text)) != rule.matches(forms_of(text))
    ]

    assert differing == []


@pytest.mark.parametrize(
    ("form", "given", "expected"),
    [
        (DECODED, "%2527", "'"),
        (DECODED, "..%c0%af", "../"),
        (DECODED, "%u003cx", "<x"),
        (DECODED, "\uff1cx\uff1e", "<x>"),
        (DECODED, "un\u200bion", "union"),
        (PLAIN, "a \t\n b", "a b"),
        (PLAIN, "&#60;x", "<x"),
        (PLAIN, "\\u003cx \\x3e", "<x >"),
        (BARE, "union/**/select", "union select"),
        (BARE, "/*!50000union*/ select", " union select"),
        (BARE, "c'a't \\x", "cat x"),
        (COMPACT, "java script :", "javascript:"),
    ],
)
def test_what_hides_a_pattern_is_taken_away(form, given, expected):
    """Encodings, blanks, comments and quotes do not hide anything."""
    assert forms_of(given)[form] == expected


def test_messages_are_not_decoded():
    """Nobody undoes the encoding of a message, so neither does the guard."""
    assert forms_of_message("%3Cscript%3E &lt;b&gt;")[PLAIN] == "%3cscript%3e &lt;b&gt;"


def test_every_attack_is_readable_in_its_table(table):
    """The tables hold what they say: three columns, and nothing twice."""
    attacks = table("attacks")

    assert {tuple(row) for row in attacks} == {("class", "place", "text")}
    assert len({(row["place"], row["text"]) for row in attacks}) == len(attacks)
    assert all(unquote(row["text"]) for row in attacks)
