"""Judges by any settings, requests with a text at a place, and the tables of examples."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import attrs
import pytest
from ion_guard.judging import Judge
from ion_guard.settings import GuardSettings

from ion_framework import IncomingRequest, RequestText

DATA = Path(__file__).parent / "data"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"


def settings_with(**changed: object) -> GuardSettings:
    """The settings as the manifest has them, in block mode, with some changed."""
    text = files("ion_guard").joinpath("ion-plugin.toml").read_text("utf-8")
    defaults: dict[str, Any] = {
        name: tuple(entry["default"]) if entry["type"] == "list" else entry["default"]
        for name, entry in tomllib.loads(text)["settings"].items()
    }
    return GuardSettings(**(defaults | {"mode": "block"} | changed))


def request_with(place: str = "message", text: str = "hi", **changed: Any) -> IncomingRequest:
    """A chat request of a browser with a text at a place, percent encoding undone by the host."""
    request = IncomingRequest(
        method="POST",
        path="/chat",
        target="/chat",
        route="/chat",
        headers={"user-agent": BROWSER, "content-type": "application/json"},
        content_type="application/json",
        body_bytes=100,
    )
    if place in {"target", "path"}:
        found: dict[str, Any] = {"target": text, "path": unquote(text.partition("?")[0])}
    elif place == "query":
        found = {"query": (("q", unquote(text)),)}
    elif place in {"header", "agent"}:
        name = "user-agent" if place == "agent" else "x-custom"
        found = {"headers": {**request.headers, name: text}}
    elif place == "id":
        found = {"texts": (RequestText("user_id", unquote(text)),)}
    else:
        found = {"texts": (RequestText(place, text),)}
    return attrs.evolve(request, **(found | changed))


def rows(name: str) -> Sequence[dict[str, str]]:
    """The rows of a table."""
    with (DATA / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture
def judging() -> Callable[..., Judge]:
    """A function that makes a judge; it blocks unless it is told otherwise."""
    return lambda **changed: Judge(settings_with(**changed))


@pytest.fixture
def asked() -> Callable[..., IncomingRequest]:
    """A function that makes a request with a text at a place."""
    return request_with


@pytest.fixture
def table() -> Callable[[str], Sequence[dict[str, str]]]:
    """A function that gives the rows of a table."""
    return rows
