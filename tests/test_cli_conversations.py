"""``ion conversations`` on the store that is installed, beside a process that has it open."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time

import attrs
import pytest

from ion_framework import Ion
from ion_framework.conversations.documents import read_document
from ion_framework.conversations.model import Conversation, Feedback, StoredTurn
from ion_framework.settings.model import Settings
from ion_framework.testing.builders import lone_source, standard_parts
from ion_framework.testing.contracts.store.values import (
    ANN,
    BOB,
    make_conversation,
    make_feedback,
    talk,
)
from tests.test_cli_process import ION, environment, ion

SENTENCE = "How do I read a query plan? 🙂"


@pytest.fixture
def data(tmp_path):
    """A data folder with three conversations of two owners and two users, and feedback."""

    async def fill():
        source = lone_source("store-sqlite", *standard_parts())
        async with Ion(Settings(data_dir=tmp_path), source=source, environ={}) as installation:
            (store,) = installation.provisions.stores
            now = time.time()
            for name, owner, user, end in (
                ("a1", ANN, "ada", now + 3600),
                ("a2", ANN, "abe", now - 1),
                ("b1", BOB, "ada", now + 3600),
            ):
                made = make_conversation(name, owner=owner, user_id=user, expires_at=end)
                await store.create(attrs.evolve(made, created_at=now, last_activity=now))
            await talk(store, "a1", 2, user_message=SENTENCE, at=now)
            await store.add_feedback(make_feedback("f1", request_id="a1-1"))
            await store.add_feedback(make_feedback("f2", owner=BOB, request_id="?", user_id="abe"))

    asyncio.run(fill())
    return {"ION_DATA_DIR": str(tmp_path)}


def names(ran):
    """The ids that a list in JSON names."""
    return {item["id"] for item in ran.json()}


def test_a_list_names_every_conversation(data):
    """Without a command conversations are listed; JSON has each with its state, without turns."""
    ran = ion("conversations", **data)
    listed = ion("conversations", "list", "--json", **data)

    assert 0 == ran.code
    assert {"a1", "a2", "b1"} == {line.split()[0] for line in ran.out.splitlines()[1:]}
    assert "acme/ann" in ran.out
    states = {item["id"]: item.pop("state") for item in listed.json()}
    assert {"a1": "active", "a2": "expired", "b1": "active"} == states


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--user", "ada"), {"a1", "b1"}),
        (("--principal", "ann"), {"a1", "a2"}),
        (("--tenant", "acme", "--principal", "bob"), {"b1"}),
        (("--tenant", "acme", "--principal", "ann", "--user", "abe"), {"a2"}),
        (("--tenant", "other"), set()),
    ],
)
def test_lists_are_filtered(data, options, expected):
    """Filters leave what they name, before the command's name as behind it."""
    assert expected == names(ion("conversations", "list", "--json", *options, **data))
    assert expected == names(ion("conversations", *options, "list", "--json", **data))


def test_one_is_shown(data):
    """A conversation is shown with its turns, as text or as its line of an export."""
    ran = ion("conversations", "show", "a1", **data)
    shown = ion("conversations", "show", "a1", "--json", "--tenant=acme", "--principal=ann", **data)

    assert 0 == ran.code
    assert 2 == ran.out.count(SENTENCE)
    document = shown.json()
    assert "a1" == read_document(document["conversation"], Conversation).id
    turns = [read_document(turn, StoredTurn) for turn in document["turns"]]
    assert [SENTENCE] * 2 == [turn.user_message for turn in turns]


@pytest.mark.parametrize("options", [(), ("--tenant", "acme", "--principal", "bob")])
def test_one_that_is_not_there_is_told(data, options):
    """A name of no conversation, or of one that the filters leave out, exits with 1."""
    ran = ion(
        "conversations", "show", "a1" if options else "none", "--lang", "ko", *options, **data
    )

    assert (1, "") == (ran.code, ran.out)
    assert "대화가 없습니다" in ran.err


def test_a_users_data_is_exported(data):
    """An export of a user has the conversations with turns, and the feedback on them."""
    lines = ion("conversations", "export", "--user", "ada", **data).objects()
    every = ion("conversations", "export", **data).objects()

    assert ["a1", "b1"] == [line["conversation"]["id"] for line in lines if "conversation" in line]
    given = [read_document(line["feedback"], Feedback) for line in lines if "feedback" in line]
    assert ["f1"] == [feedback.id for feedback in given]
    assert 5 == len(every)


def test_deleting_needs_a_yes(data):
    """Without a terminal and without --yes nothing is deleted, and the exit code is 2."""
    ran = ion("conversations", "delete", "a1", **data)

    assert (2, "") == (ran.code, ran.out)
    assert "--yes" in ran.err
    assert "a1" in names(ion("conversations", "--json", **data))


def test_conversations_are_deleted_by_name(data):
    """Those named are deleted; a name of none is told and exits with 1."""
    ran = ion("conversations", "delete", "a1", "none", "--yes", "--json", **data)

    assert (1, {"deleted": 1, "missing": ["none"]}) == (ran.code, ran.json())
    assert {"a2", "b1"} == names(ion("conversations", "--json", **data))


def test_a_user_is_deleted(data):
    """All conversations and feedback of a user go, whoever the owner is, and nothing else."""
    ran = ion("conversations", "delete", "--user", "ada", "--yes", "--lang", "ko", **data)
    left = ion("conversations", "export", **data).objects()
    again = ion("conversations", "delete", "--user", "abe", "--yes", "--json", **data)

    assert (0, "대화 2건을 삭제했습니다.\n") == (ran.code, ran.out)
    assert ["a2", "f2"] == [
        value["id"] for line in left for value in line.values() if value and "id" in value
    ]
    assert 1 == again.json()["deleted"]
    assert "" == ion("conversations", "export", **data).out


def test_deleting_says_whose(data):
    """A user of one owner is deleted without touching the other's, wherever the filter stands."""
    ran = ion("conversations", "--principal", "ann", "delete", "--user", "ada", "--yes", **data)

    assert 0 == ran.code
    assert {"a2", "b1"} == names(ion("conversations", "--json", **data))


@pytest.mark.parametrize("arguments", [("delete",), ("delete", "a1", "--user", "ada")])
def test_what_to_delete_is_either_names_or_a_user(data, arguments):
    """Neither or both is a usage error."""
    ran = ion("conversations", *arguments, "--yes", **data)

    assert 2 == ran.code
    assert "either names of conversations, or --user" in ran.err


def test_a_backup_and_its_restore(data, tmp_path):
    """The drill: back up, lose everything, restore, and all is as it was."""
    file = tmp_path / "copy"
    before = ion("conversations", "export", **data).out
    made = ion("conversations", "backup", str(file), "--json", **data)
    ion("conversations", "delete", "a1", "a2", "b1", "--yes", **data)
    assert "[]" == ion("conversations", "--json", **data).out.strip()
    restored = ion("conversations", "restore", str(file), "--yes", "--json", **data)

    assert {"file": str(file), "bytes": file.stat().st_size} == made.json()
    assert {"restored": 3} == restored.json()
    assert before == ion("conversations", "export", **data).out


def test_a_damaged_backup_is_refused(data, tmp_path):
    """A file that is no backup exits with 1, says why, and changes nothing."""
    file = tmp_path / "copy"
    file.write_text("nothing of the kind")
    ran = ion("conversations", "restore", str(file), "--yes", **data)

    assert (1, "") == (ran.code, ran.out)
    assert "nothing was restored: the file is no backup" in ran.err
    assert 3 == len(names(ion("conversations", "--json", **data)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("backup", "{file}"), "add --overwrite"),
        (("backup", "{file}", "--overwrite"), ""),
        (("--user", "ada", "backup", "{file}x"), "this takes everything"),
        (("--tenant", "acme", "restore", "{file}", "--yes"), "this takes everything"),
        (("restore", "{file}"), "--yes"),
        (("restore", "{file}-missing", "--yes"), "does not exist"),
    ],
)
def test_files_and_filters_are_checked_first(data, tmp_path, arguments, words):
    """A file that is there, one that is not, or a filter where none applies is a usage error."""
    file = tmp_path / "copy"
    ion("conversations", "backup", str(file), **data)
    ran = ion("conversations", *(text.format(file=file) for text in arguments), **data)

    assert (2 if words else 0) == ran.code
    assert words in ran.err


def test_a_backup_that_cannot_be_written_is_told(data, tmp_path):
    """A folder that is not there exits with 1 and says so."""
    ran = ion("conversations", "backup", str(tmp_path / "none" / "copy"), **data)

    assert 1 == ran.code
    assert "the backup cannot be written" in ran.err


def test_without_a_store_it_says_why(data):
    """Where no store runs, each one's status and reason is told, and the exit code is 1."""
    ran = ion("conversations", "--disable", "store-sqlite", **data)

    assert (1, "") == (ran.code, ran.out)
    assert "store-sqlite is disabled: disabled by the command line" in ran.err


def test_other_plugins_do_not_run(data, tmp_path):
    """Only stores and sources of secrets are activated, whatever else the settings require."""
    config = tmp_path / "ion.toml"
    config.write_text('[plugins]\nrequired = ["offline"]\n', "utf-8")
    ran = ion("conversations", "--json", "--config", str(config), **data)

    assert 3 == len(names(ran))
    assert "" == ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize(("answer", "left"), [(b"n\n", 3), (b"y\n", 2)])
def test_at_a_terminal_it_asks(data, answer, left):
    """A person is asked with the number of conversations, and no is heeded."""
    import pty  # Windows has none

    ours, theirs = pty.openpty()
    os.write(ours, answer)
    done = subprocess.run(
        (*ION, "conversations", "delete", "a1"),
        stdin=theirs,
        capture_output=True,
        env=environment(**data),
        timeout=60,
        check=False,
    )
    os.close(ours)
    os.close(theirs)

    assert b"Delete 1 conversations for good? [y/N]" in done.stderr
    assert (left != 3, left == 3) == (b"Deleted 1" in done.stdout, b"Nothing was" in done.stderr)
    listed = json.loads(ion("conversations", "--json", **data).out)
    assert left == len(listed)
