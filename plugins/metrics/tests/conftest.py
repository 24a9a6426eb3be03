"""As much of PromQL as rules and dashboards use: they are tried without Prometheus."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from itertools import pairwise
from typing import Any

import attrs
import pytest
from ion_metrics.ledger import Ledger

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)(?![a-z\d])|(?P<name>[A-Za-z_:][\w:]*)"
    r"|(?P<range>\[\d+[smhd]\])|(?P<text>\"[^\"]*\")|(?P<op>=~|!~|!=|[-+*/><(){},=]))"
)
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
FUNCTIONS = {"rate", "increase", "absent", "histogram_quantile", "vector"}
AGGREGATES = {"sum", "count"}
LEVELS = (("or",), ("and",), (">", "<"), ("+", "-"), ("*", "/"))


@attrs.frozen
class Selector:
    """A selector of series."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]
    window_s: float | None


class Parser:
    """Reads an expression into nested tuples; raises ValueError where it cannot."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            found = TOKEN.match(text, at)
            if found is None:
                raise ValueError(f"unreadable: {text[at : at + 20]!r}")
            self.tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
            at = found.end()
        self.at = 0

    def whole(self) -> Any:
        """The expression, which ends where the text does."""
        tree = self.binary(0)
        if self.at < len(self.tokens):
            raise ValueError(f"too much: {self.tokens[self.at]}")
        return tree

    def peek(self) -> str:
        """The next token."""
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> tuple[str, str]:
        """The next token, which has to be the one that is wanted."""
        if self.at >= len(self.tokens) or (wanted and self.peek() != wanted):
            raise ValueError(f"{wanted or 'more'} expected, not {self.peek()!r}")
        self.at += 1
        return self.tokens[self.at - 1]

    def binary(self, level: int) -> Any:
        """Operators by rising precedence, each from the left."""
        if level == len(LEVELS):
            return self.atom()
        tree = self.binary(level + 1)
        while self.peek() in LEVELS[level]:
            tree = (self.take()[1], tree, self.binary(level + 1))
        return tree

    def atom(self) -> Any:
        """A number, something in brackets, a function or a selector."""
        kind, text = self.take()
        if kind == "number":
            return float(text)
        if text == "(":
            tree = self.binary(0)
            self.take(")")
            return tree
        if kind != "name":
            raise ValueError(f"unexpected {text!r}")
        if text in AGGREGATES:
            by = self.labels() if self.peek() == "by" else []
            return (text, by, *self.arguments())
        if self.peek() == "(":
            if text not in FUNCTIONS:
                raise ValueError(f"unknown function {text}")
            return (text, *self.arguments())
        return self.selector(text)

    def labels(self) -> list[str]:
        """What stands after ``by``."""
        self.take("by")
        self.take("(")
        found = [self.take()[1]]
        while self.peek() == ",":
            self.take()
            found.append(self.take()[1])
        self.take(")")
        return found

    def arguments(self) -> list[Any]:
        """What stands in the brackets of a function."""
        self.take("(")
        found = [self.binary(0)]
        while self.peek() == ",":
            self.take()
            found.append(self.binary(0))
        self.take(")")
        return found

    def selector(self, name: str) -> Selector:
        """A metric with its matchers and window."""
        matchers = []
        if self.peek() == "{":
            self.take()
            while self.peek() != "}":
                label, how, (_, text) = self.take()[1], self.take()[1], self.take()
                matchers.append((label, how, text.strip('"')))
                if self.peek() == ",":
                    self.take()
            self.take("}")
        window = None
        if self.tokens[self.at : self.at + 1] and self.tokens[self.at][0] == "range":
            text = self.take()[1]
            window = float(text[1:-2]) * SECONDS[text[-2]]
        return Selector(name, tuple(matchers), window)


class Replay:
    """Series over time, and what an expression makes of them at an instant."""

    def __init__(self) -> None:
        self.series: dict[tuple[str, tuple[tuple[str, str], ...]], dict[float, float]] = {}

    def add(self, at: float, name: str, value: float, **labels: str) -> None:
        """A sample."""
        self.series.setdefault((name, tuple(sorted(labels.items()))), {})[at] = value

    def at(self, when: float, text: str) -> dict[tuple[tuple[str, str], ...], float]:
        """The value of an expression by labels."""
        found = self._value(Parser(text).whole(), when)
        return {(): found} if isinstance(found, float) else found

    def _value(self, tree: Any, when: float) -> Any:
        if isinstance(tree, float):
            return tree
        if isinstance(tree, Selector):
            return {k: v[-1][1] for k, v in self._samples(tree, when).items()}
        name, *rest = tree
        calls = {
            "sum": self._aggregate,
            "count": self._aggregate,
            "rate": self._grown,
            "increase": self._grown,
            "vector": lambda *_: {(): rest[0]},
            "absent": lambda *_: {} if self._value(rest[0], when) else {(): 1.0},
            "histogram_quantile": lambda *_: quantiles(rest[0], self._value(rest[1], when)),
        }
        if name in calls:
            return calls[name](name, rest, when)
        return self._binary(name, *(self._value(each, when) for each in rest))

    def _aggregate(self, name: str, rest: list[Any], when: float) -> Any:
        found: dict[Any, float] = defaultdict(float)
        for labels, value in self._value(rest[1], when).items():
            kept = tuple(each for each in labels if each[0] in rest[0])
            found[kept] += 1.0 if name == "count" else value
        return dict(found)

    def _grown(self, name: str, rest: list[Any], when: float) -> Any:
        per = rest[0].window_s if name == "rate" else 1.0
        samples = self._samples(rest[0], when).items()
        return {labels: increase(seen) / per for labels, seen in samples if seen[1:]}

    def _samples(self, selector: Selector, when: float) -> dict[Any, list[tuple[float, float]]]:
        since = when - (selector.window_s or 300)
        found = {}
        for (name, labels), values in self.series.items():
            if name == selector.name and matches(dict(labels), selector.matchers):
                seen = sorted((t, v) for t, v in values.items() if since <= t <= when)
                if seen:
                    found[labels] = seen
        return found

    @staticmethod
    def _binary(name: str, left: Any, right: Any) -> Any:
        if isinstance(left, float) and isinstance(right, float):
            return left * right if name == "*" else left + right
        if name == "or":
            return {**right, **left}
        if name == "and":
            return {k: v for k, v in left.items() if k in right}
        if isinstance(left, float):
            left = dict.fromkeys(right, left)
        if isinstance(right, float):
            right = dict.fromkeys(left, right)
        both = [(k, left[k], right[k]) for k in left if k in right]
        if name in "<>":
            return {k: a for k, a, b in both if (a > b if name == ">" else a < b)}
        return {k: arithmetic(name, a, b) for k, a, b in both}


def arithmetic(name: str, a: float, b: float) -> float:
    """Two numbers made one; a share of nothing is no number."""
    if name == "/":
        return a / b if b else math.nan
    return {"+": a + b, "-": a - b, "*": a * b}[name]


def matches(labels: dict[str, str], matchers: tuple[tuple[str, str, str], ...]) -> bool:
    """Whether a series is meant."""
    for label, how, text in matchers:
        is_it = (
            re.fullmatch(text, labels.get(label, "")) is not None
            if "~" in how
            else labels.get(label, "") == text
        )
        if is_it is how.startswith("!"):
            return False
    return True


def increase(samples: list[tuple[float, float]]) -> float:
    """What a counter grew by; one that is lower than before began anew."""
    return sum(new - old if new >= old else new for (_, old), (_, new) in pairwise(samples))


def quantiles(share: float, buckets: Any) -> Any:
    """The quantile of each histogram, as Prometheus interpolates it."""
    apart: dict[Any, list[tuple[float, float]]] = defaultdict(list)
    for labels, value in buckets.items():
        rest = tuple(each for each in labels if each[0] != "le")
        apart[rest].append((float(dict(labels)["le"]), value))
    found = {}
    for rest, bounds in apart.items():
        bounds.sort()
        rank = share * bounds[-1][1]
        below, counted = 0.0, 0.0
        for bound, value in bounds:
            if value >= rank:
                inside = (rank - counted) / ((value - counted) or 1)
                found[rest] = below if math.isinf(bound) else below + (bound - below) * inside
                break
            below, counted = bound, value
    return found


@attrs.frozen
class PromQL:
    """What tests need of PromQL."""

    parser: type[Parser] = Parser
    replay: type[Replay] = Replay
    selector: type[Selector] = Selector


@pytest.fixture
def promql():
    """A reader of expressions, and what evaluates them."""
    return PromQL()


@pytest.fixture
def ledger():
    """Numbers of a process."""
    return Ledger()
