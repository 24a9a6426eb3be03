"""``ion analyze --from-feedback`` on the store that is installed."""

from __future__ import annotations

import asyncio

import pytest

from ion_framework import Ion
from ion_framework.cli.analyze_feedback import labelled
from ion_framework.settings.model import Settings
from ion_framework.testing import lone_source
from ion_framework.testing.builders import standard_parts
from ion_framework.testing.contracts.store.values import make_feedback
from tests.test_cli_process import ion

RECEIPT = '{"key": "frustrated-burst-problem_solving"}'


def row(**changes):
    """The row of one feedback, None where it makes none."""
    rows, _ = labelled([make_feedback(**{"rating": None, "receipt": RECEIPT, **changes})])
    return (rows[0].tone, rows[0].intent, rows[0].persona, rows[0].basis) if rows else None


def test_corrections_complete_the_reading():
    """What is not corrected has the label of the receipt; a good rating confirms all of it."""
    own = ("frustrated", "problem_solving")
    assert ("calm", own[1], "", "corrected") == row(message="a", tone="calm")
    assert (own[0], "learning", "", "corrected") == row(message="a", intent="learning")
    assert ("calm", own[1], "lua", "corrected") == row(message="a", tone="calm", persona="lua")
    assert (*own, "", "confirmed") == row(message="a", rating=4)
    assert ("calm", "learning", "", "corrected") == row(
        message="a", tone="calm", intent="learning", receipt="{}"
    )


@pytest.mark.parametrize("receipt", [RECEIPT, "{}"])
def test_a_corrected_persona_says_nothing_of_the_reading(receipt):
    """Where only the persona is corrected neither tone nor intent gets a label."""
    assert ("", "", "nana", "corrected") == row(message="a", persona="nana", receipt=receipt)


@pytest.mark.parametrize(
    "changes",
    [
        {"message": "a", "rating": 3},
        {"message": "a", "comment": "no"},
        {"message": " ", "tone": "calm"},
        {"message": "a", "tone": "calm", "receipt": "{}"},
        {"message": "a", "tone": "calm", "receipt": '{"key": "odd"}'},
        {"message": "a", "tone": "calm", "receipt": "[]"},
    ],
)
def test_what_labels_nothing_makes_no_row(changes):
    """Feedback without a message, or from which no label follows, is left out."""
    assert row(**changes) is None


def test_the_store_is_exported(tmp_path):
    """The command writes a header and a line for each label, and says what it left out."""

    async def fill():
        source = lone_source("store-sqlite", *standard_parts())
        async with Ion(Settings(data_dir=tmp_path), source=source, environ={}) as installation:
            (store,) = installation.provisions.stores
            message = "정말\t답답\n해요"
            await store.add_feedback(make_feedback("f1", message=message, receipt=RECEIPT))
            await store.add_feedback(make_feedback("f2", message="a", rating=1, receipt=RECEIPT))

    asyncio.run(fill())
    data = {"ION_DATA_DIR": str(tmp_path)}
    file = tmp_path / "labels.tsv"
    printed = ion("analyze", "--from-feedback", **data)
    written = ion("analyze", "--from-feedback", "--out", str(file), **data)
    refused = ion("analyze", "--from-feedback", "--out", str(tmp_path / "no" / "x"), **data)

    assert (0, 0, 1) == (printed.code, written.code, refused.code)
    assert file.read_text("utf-8") == printed.out
    header, line = printed.out.splitlines()
    assert ["text", "lang", "tone", "intent", "persona", "source", "basis"] == header.split("\t")
    assert "정말 답답 해요" == line.split("\t")[0]
    assert "1 labelled messages; left out: 1 say nothing of the reading" in printed.err
    assert "cannot be written" in refused.err


@pytest.mark.parametrize("arguments", [("hello", "--from-feedback"), ("hello", "--out", "x"), ()])
def test_one_thing_at_a_time(arguments):
    """A message and an export, an output without an export, and nothing at all are refused."""
    assert 2 == ion("analyze", *arguments).code
