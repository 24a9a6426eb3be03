"""Writing a package: into an empty place only, and whole or not at all."""

from __future__ import annotations

import pytest

from ion_framework.scaffolding.errors import OccupiedError, ScaffoldingError
from ion_framework.scaffolding.writing import write

FILES = {"a.txt": "a\n", "src/deep/b.txt": "한글\n"}


def content(folder):
    """Every file of a folder, with what it holds."""
    return {
        file.relative_to(folder).as_posix(): file.read_text("utf-8")
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize("kind", ["missing", "deeply missing", "empty", "begun with git"])
def test_files_go_into_an_empty_place(tmp_path, kind):
    """A folder that is missing, empty or holds nothing but .git takes the files."""
    folder = tmp_path / ("x/y/z" if kind == "deeply missing" else "x")
    if kind == "empty":
        folder.mkdir()
    if kind == "begun with git":
        (folder / ".git").mkdir(parents=True)
    write(FILES, folder)

    assert FILES == content(folder)


def test_nothing_is_overwritten(tmp_path):
    """A folder with anything in it is refused, named with what it holds, and stays as it is."""
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(OccupiedError, match=r"not empty \(it holds mine\.txt\).*--into"):
        write(FILES, tmp_path)

    assert {"mine.txt": "mine"} == content(tmp_path)


def test_a_file_is_no_folder(tmp_path):
    """The name of a file is refused."""
    file = tmp_path / "mine.txt"
    file.write_text("mine", "utf-8")
    with pytest.raises(OccupiedError, match="is a file"):
        write(FILES, file)

    assert "mine" == file.read_text("utf-8")


def test_what_cannot_be_finished_is_taken_away(tmp_path):
    """Where a file cannot be written, those before it and their folders go again."""
    folder = tmp_path / "x"
    with pytest.raises(ScaffoldingError, match="cannot be written"):
        write({**FILES, "a.txt/below": "no"}, folder)

    assert not folder.exists()
