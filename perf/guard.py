"""How well the guard tells attacks from chat, and how long that takes.

::

    python -m perf.guard                     the sets that come with the plugin
    python -m perf.guard --data DIR          and messages of a folder (*_*.tsv)

Attacks are put where they would do harm: path, query, headers, ids. Messages are put into the
member ``message`` of a chat request. A request counts as refused where the plugin, with its
settings as they come and ``mode = "block"``, refuses it.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import attrs
from ion_guard.judging import Judge
from ion_guard.settings import GuardSettings

from ion_framework import IncomingRequest, RequestText

ROOT = Path(__file__).resolve().parent.parent
SETS = ROOT / "plugins" / "guard" / "tests" / "data"
MANIFEST = ROOT / "plugins" / "guard" / "src" / "ion_guard" / "ion-plugin.toml"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"


def settings_with(**changed: Any) -> GuardSettings:
    """The settings as they come, in block mode, with some changed."""
    schema = tomllib.loads(MANIFEST.read_text("utf-8"))["settings"]
    defaults: dict[str, Any] = {
        name: tuple(entry["default"]) if entry["type"] == "list" else entry["default"]
        for name, entry in schema.items()
    }
    return GuardSettings(**{**defaults, "mode": "block", **changed})


def request_with(place: str, text: str) -> IncomingRequest:
    """A chat request with a text at a place, as a host would decode it.

    Args:
        place: target, path, query, header, agent, id or message.
        text: the text as it is sent, with percent encoding where the place has any.
    """
    plain = IncomingRequest(
        method="POST",
        path="/chat",
        target="/chat",
        route="/chat",
        headers={"user-agent": BROWSER, "content-type": "application/json"},
        content_type="application/json",
        body_bytes=100,
    )
    if place == "target":
        return attrs.evolve(plain, target=text, path=unquote(text.partition("?")[0]))
    if place == "path":
        return attrs.evolve(plain, target=text, path=unquote(text))
    if place == "query":
        return attrs.evolve(plain, query=(("q", unquote(text)),))
    if place == "header":
        return attrs.evolve(plain, headers={**plain.headers, "x-custom": text})
    if place == "agent":
        return attrs.evolve(plain, headers={**plain.headers, "user-agent": text})
    field = {"id": "user_id", "message": "message"}[place]
    given = unquote(text) if place == "id" else text
    return attrs.evolve(plain, texts=(RequestText(field, given),))


def rows(file: Path) -> Iterator[SimpleNamespace]:
    """The rows of a table with a header line, tab-separated, without quoting."""
    with file.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield SimpleNamespace(**row)


@attrs.frozen
class Rate:
    """How many of a set were refused.

    Attributes:
        name: what the set is.
        refused: how many were.
        total: how many there are.
        others: the first of those that were judged otherwise than wanted.
    """

    name: str
    refused: int
    total: int
    others: tuple[str, ...]


def rate(judge: Judge, name: str, texts: Iterable[tuple[str, str]], *, wanted: bool) -> Rate:
    """How many of the texts, each with its place, are refused."""
    outcomes = [
        (text, judge.judge(request_with(place, text)).refused is not None) for place, text in texts
    ]
    wrong = tuple(text for text, refused in outcomes if refused != wanted)
    return Rate(name, sum(refused for _, refused in outcomes), len(outcomes), wrong)


def detection(judge: Judge) -> Sequence[Rate]:
    """How many of the attacks of each class are refused, and of all."""
    found = list(rows(SETS / "attacks.tsv"))
    classes = Counter(item.__dict__["class"] for item in found)
    return [
        rate(
            judge,
            f"attacks, {each}",
            [(item.place, item.text) for item in found if item.__dict__["class"] == each],
            wanted=True,
        )
        for each in classes
    ] + [rate(judge, "attacks, all", [(item.place, item.text) for item in found], wanted=True)]


def false_alarms(judge: Judge, data: Path | None) -> Sequence[Rate]:
    """How many ordinary requests and messages are refused."""
    found = [
        rate(
            judge,
            "ordinary ids, queries, paths, headers",
            [(item.place, item.text) for item in rows(SETS / "ordinary.tsv")],
            wanted=False,
        ),
        rate(
            judge,
            "messages that teach security",
            [("message", item.text) for item in rows(SETS / "teaching.tsv")],
            wanted=False,
        ),
    ]
    for file in sorted(data.glob("*_*.tsv")) if data else ():
        for language in ("en", "ko"):
            texts = [("message", item.text) for item in rows(file) if item.lang == language]
            found.append(rate(judge, f"{file.stem}, {language}", texts, wanted=False))
    return found


def times(judge: Judge) -> Sequence[tuple[str, float]]:
    """Medians of the time for one request, in microseconds."""
    ordinary = request_with("message", "How do I read a query plan? " * 4)
    teaching = request_with("message", "What does DROP TABLE users; -- do? <script> " * 3)
    attack = request_with("query", "1 UNION SELECT 1,2,3")
    found = []
    for name, request in (("chat", ordinary), ("teaching", teaching), ("attack", attack)):
        samples = []
        for _ in range(2000):
            began = time.perf_counter()
            judge.judge(request)
            samples.append(time.perf_counter() - began)
        found.append((name, statistics.median(samples) * 1e6))
    return found


def report(judge: Judge, data: Path | None) -> Iterator[str]:
    """The lines of the report."""
    for item in (*detection(judge), *false_alarms(judge, data)):
        share = item.refused / item.total if item.total else 0.0
        yield f"{item.name:44} refused {item.refused:6} of {item.total:6} = {share:7.2%}"
        yield from (f"    otherwise: {text[:100]}" for text in item.others[:10])
    for name, micros in times(judge):
        yield f"a request, {name:33} {micros:8.1f} µs"


def main() -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="python -m perf.guard", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with tables of messages: text, lang")
    parser.add_argument("--threshold", type=int, default=5)
    parser.add_argument("--message-threshold", type=int, default=40)
    given = parser.parse_args()
    judge = Judge(
        settings_with(threshold=given.threshold, message_threshold=given.message_threshold)
    )
    for line in report(judge, given.data):
        sys.stdout.write(line + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
