"""Reading the labelled messages."""

from pathlib import Path

import pytest

from perf.training.corpus import (
    LARGEST_GROUP,
    PUBLIC_FILES,
    CorpusError,
    Message,
    own_files,
    own_messages,
    public_messages,
    source_facts,
)

HEAD = "text\tlang\ttone\tsource"


def public(folder: Path, *lines: str, head: str = HEAD) -> Path:
    """The folder with a public file for tones."""
    (folder / PUBLIC_FILES["tone"]).write_text("\n".join((head, *lines, "")), "utf-8")
    return folder


def test_public_messages_are_read(tmp_path: Path):
    """A row becomes a message with its source, whatever quotes it holds."""
    folder = public(tmp_path, '"Well\ten\tcalm\tgoemotions', "왜요?\tko\tcurious\tkote")

    assert [
        Message('"Well', "en", "calm", "goemotions"),
        Message("왜요?", "ko", "curious", "kote"),
    ] == public_messages(folder, "tone", seed=0)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Fine.\ten\tcheerful\tkote", "tone one of frustrated, playful"),
        ("Fine.\ten\tcalm", "4 columns are expected"),
        ("Fine.\ten\tcalm\tkote\tmore", "4 columns are expected"),
        ("Fine.\ten\tcalm\tnowhere", "source 'nowhere' is not in sources.toml"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, said: str):
    """A row that cannot be used is an error that names the file, the line and what is valid."""
    folder = public(tmp_path, "Good.\ten\tcalm\tkote", row)

    with pytest.raises(CorpusError) as caught:
        public_messages(folder, "tone", seed=0)

    assert f"{PUBLIC_FILES['tone']}:3: " in str(caught.value)
    assert said in str(caught.value)


def test_a_missing_column_is_named(tmp_path: Path):
    """A file without a column that is needed is an error that names the file and the column."""
    folder = public(tmp_path, "Good.\ten\tlearning", head="text\tlang\tintent")

    with pytest.raises(CorpusError, match=r"tone_train\.tsv:1: there is no column tone"):
        public_messages(folder, "tone", seed=0)


def test_a_file_that_is_not_text_is_named(tmp_path: Path):
    """A file in another encoding is an error that names it."""
    (tmp_path / PUBLIC_FILES["tone"]).write_bytes(HEAD.encode() + "\n왜".encode("cp949"))

    with pytest.raises(CorpusError, match=r"tone_train\.tsv: is not UTF-8"):
        public_messages(tmp_path, "tone", seed=0)


def test_of_the_largest_groups_a_share_is_drawn_by_seed(tmp_path: Path):
    """A group over the limit is cut to it, by seed; a small group is kept whole and in order."""
    large = [f"large {number}\ten\tcalm\tkote" for number in range(LARGEST_GROUP + 100)]
    small = [f"small {number}\ten\turgent\tkote" for number in range(30)]
    folder = public(tmp_path, *large, *small)

    first, again, other = (public_messages(folder, "tone", seed) for seed in (1, 1, 2))

    assert LARGEST_GROUP + 30 == len(set(first))
    assert [f"small {number}" for number in range(30)] == [each.text for each in first[-30:]]
    assert first == again
    assert set(first) != set(other)


def test_our_own_files_name_source_and_hand(tmp_path: Path):
    """Source and hand of our own messages come from the name of their file, in sorted order."""
    for name in ("ko-everyday-b", "en-mentor-a"):
        language = name[:2]
        rows = f"text\tlang\ttone\tintent\nFine.\t{language}\tcalm\tlearning\n"
        (tmp_path / f"{name}.tsv").write_text(rows, "utf-8")

    assert [
        Message("Fine.", "en", "learning", "mentor", "en-mentor-a"),
        Message("Fine.", "ko", "learning", "everyday", "ko-everyday-b"),
    ] == own_messages("intent", tmp_path)


@pytest.mark.parametrize("name", ["mentor", "en-kote-a", "en-mentor-a-old"])
def test_our_own_files_have_a_valid_name(tmp_path: Path, name: str):
    """A file of ours with another kind of name is an error that says how they are named."""
    (tmp_path / f"{name}.tsv").write_text("text\tlang\ttone\nFine.\ten\tcalm\n", "utf-8")

    with pytest.raises(CorpusError, match=r"<language>-<source>-<hand>\.tsv, source one of mentor"):
        own_messages("tone", tmp_path)


def test_the_repository_holds_our_own_messages():
    """Our own files can all be read for both components, and every source states its facts."""
    counts = {component: len(own_messages(component)) for component in PUBLIC_FILES}

    assert counts["tone"] == counts["intent"] > 0
    assert own_files()
    assert all(facts.origin and facts.licence for facts in source_facts().values())
