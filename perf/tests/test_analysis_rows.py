"""Reading labelled messages: what is accepted, and what an error says."""

from pathlib import Path

import pytest

from ion_framework.domain.key import Intent, Tone
from ion_framework.domain.language import Language
from perf.analysis.parts import check_columns
from perf.analysis.rows import InputError, identities, read_rows


def written(folder: Path, content: str | bytes) -> Path:
    """A file with this content."""
    file = folder / "labelled.tsv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def test_rows_have_labels_columns_and_their_place(tmp_path: Path):
    """A row knows its labels, every cell by column, its file and its line."""
    file = written(tmp_path, "topic\ttext\tlang\ttone\tintent\nfood\tYum!\ten\tplayful\tlearning\n")

    (row,) = read_rows(file)

    assert (row.text, row.lang) == ("Yum!", Language.ENGLISH)
    assert (row.tone, row.intent, row.source) == (Tone.PLAYFUL, Intent.LEARNING, None)
    assert (row.columns["topic"], row.file, row.line) == ("food", str(file), 2)


def test_quotation_marks_and_odd_line_separators_are_text(tmp_path: Path):
    """Nothing but tab and line feed separates: quotation marks and other separators are text."""
    text = 'He said "wait\u2028no\x0b'
    (row,) = read_rows(written(tmp_path, f"text\tlang\ttone\n{text}\ten\tcalm"))

    assert text == row.text


def test_a_byte_order_mark_and_windows_lines_are_accepted(tmp_path: Path):
    """A file as a spreadsheet saves it, with byte order mark and CRLF, reads as any other."""
    content = "\ufefftext\tlang\ttone\r\n안녕\tko\tcalm\r\n"

    (row,) = read_rows(written(tmp_path, content))

    assert ("안녕", Tone.CALM) == (row.text, row.tone)


def test_a_lacking_label_column_is_none(tmp_path: Path):
    """A file without an intent column has rows without intent."""
    (row,) = read_rows(written(tmp_path, "text\tlang\ttone\tsource\nhi\ten\tcalm\tforum\n"))

    assert (None, "forum") == (row.intent, row.source)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ("the file is empty", "text, lang")),
        ("\ufeff", ("the file is empty",)),
        ("text\tlang\ttone\n", ("only a header",)),
        ("text\tlang\n", (":1:", "tone or intent", "'text, lang'")),
        ("lang\ttone\nen\tcalm\n", (":1:", "column missing: text")),
        ("text\ttone\nhi\tcalm\n", (":1:", "column missing: lang")),
        ("text\tlang\ttone\ttone\n", (":1:", "'tone' is there twice")),
        ("text\tlang\ttone\nhi\ten\n", (":2:", "2 columns instead of 3", r"'hi\ten'")),
        ("text\tlang\ttone\nhi\ten\tcalm\tx\n", (":2:", "4 columns instead of 3")),
        ("text\tlang\ttone\nhi\ten\tcalm\n\nho\ten\tcalm\n", (":3:", "1 columns instead of 3")),
        ("text\tlang\ttone\nhi\ten\tsad\n", (":2:", "column tone", "'sad'", "frustrated, playful")),
        ("text\tlang\ttone\nhi\ten\t\n", (":2:", "column tone", "''", "collaborative")),
        ("text\tlang\tintent\nhi\ten\tx\n", (":2:", "column intent", "'x'", "reflection")),
        ("text\tlang\ttone\nhi\tfr\tcalm\n", (":2:", "column lang", "'fr'", "en, ko")),
        ("text\tlang\ttone\n \ten\tcalm\n", (":2:", "column text", "' '", "blank")),
        (
            b"text\tlang\ttone\nhi\ten\tcalm\nh\xff\ten\tcalm\n",
            (":3:", "0xff", "number 2", "UTF-8"),
        ),
        ("text\tlang\ttone\nhi\ten\tcalm\n".encode("utf-16"), (":1:", "is not UTF-8")),
    ],
)
def test_bad_input_names_place_value_and_what_is_valid(
    tmp_path: Path, content: str | bytes, said: tuple[str, ...]
):
    """An error names the file, the line, the column, the value and what is valid."""
    file = written(tmp_path, content)

    with pytest.raises(InputError) as error:
        read_rows(file)

    assert all(part in str(error.value) for part in (str(file), *said))


def test_a_file_that_is_none_is_an_error(tmp_path: Path):
    """A folder and a missing file are errors of the input."""
    for file in (tmp_path, tmp_path / "missing.tsv"):
        with pytest.raises(InputError, match="cannot be read"):
            read_rows(file)


def test_long_values_are_shortened_in_errors(tmp_path: Path):
    """An error shows the beginning of a long value, not all of it."""
    with pytest.raises(InputError) as error:
        read_rows(written(tmp_path, f"text\tlang\ttone\nhi\ten\t{'x' * 500}\n"))

    assert "x" * 59 + "…" in str(error.value)
    assert "x" * 60 not in str(error.value)


def test_identities_tell_equal_rows_apart_without_their_text(tmp_path: Path):
    """Equal messages get different identities, and none of them holds the text."""
    rows = read_rows(written(tmp_path, "text\tlang\ttone\nhi\ten\tcalm\nhi\ten\tcalm\n"))

    first, second = identities(rows)

    assert f"{first}#2" == second
    assert "hi" not in first


def test_a_breakdown_needs_the_column_in_every_file(tmp_path: Path):
    """A breakdown by a column that a file lacks says which columns there are."""
    rows = read_rows(written(tmp_path, "text\tlang\ttone\nhi\ten\tcalm\n"))

    with pytest.raises(InputError, match=r"--by topic: .*there are: text, lang, tone"):
        check_columns(rows, ["topic"])


def test_a_breakdown_by_texts_is_refused(tmp_path: Path):
    """A column with more than a hundred values is no grouping."""
    lines = "".join(f"hi {number}\ten\tcalm\n" for number in range(101))
    rows = read_rows(written(tmp_path, f"text\tlang\ttone\n{lines}"))

    with pytest.raises(InputError, match="101 different values"):
        check_columns(rows, ["text"])
