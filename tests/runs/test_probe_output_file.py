"""The file for `--out` of a probe contains the result, or what it contained before. No other file changes."""

import json
from pathlib import Path

import pytest

from gedanken.experiment.errors import BadInput
from gedanken.probing.opening import check_out, write_result


def file_texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_the_whole_result_takes_the_place_of_the_file(tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    out.write_text("old")
    check_out(out)
    assert file_texts(tmp_path) == {"r.json": "old"}
    write_result(out, {"said": "\ud800 \x9b"})
    assert json.loads(out.read_text()) == {"said": "\ud800 \x9b"}
    assert len(file_texts(tmp_path)) == 1


def test_files_of_the_user_s_beside_it_are_left_alone_whatever_they_are_called(tmp_path: Path) -> None:
    other_folder = tmp_path / "elsewhere"
    other_folder.mkdir()
    target, folder = other_folder / "mine", tmp_path / "folder"
    target.write_text("mine")
    folder.mkdir()
    (folder / ".r.json.new").symlink_to(target)
    check_out(folder / "r.json")
    write_result(folder / "r.json", {})
    assert target.read_text() == "mine"
    assert (folder / ".r.json.new").is_symlink()


def test_a_result_that_cannot_be_kept_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    out.write_text("old")
    with pytest.raises(TypeError):
        write_result(out, {"no JSON": object()})
    assert file_texts(tmp_path) == {"r.json": "old"}
    with pytest.raises(BadInput, match="not a file"):
        check_out(tmp_path)
    with pytest.raises(BadInput, match="No such file"):
        check_out(tmp_path / "nosuch" / "r.json")
