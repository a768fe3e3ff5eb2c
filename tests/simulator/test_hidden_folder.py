"""Hidden folders are recognised and removed when nobody is at work in them, and only then."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from simulator.hidden_folder import LOCK, NEW, OLD, clean, hidden_folder, is_hidden


def leftover(parent: Path, name: str = ".walras-0123456789abcdef") -> Path:
    hidden = parent / name
    (hidden / NEW / "run").mkdir(parents=True)
    (hidden / NEW / "run" / "file").write_text("new")
    (hidden / LOCK).touch()
    return hidden


def test_what_a_killed_writer_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    hidden = leftover(tmp_path)
    (tmp_path / ".walras-0000000000000000").mkdir()  # killed before it had a lock
    assert is_hidden(hidden)
    with hidden_folder(tmp_path) as mine:
        assert list(tmp_path.iterdir()) == [mine]
    assert list(tmp_path.iterdir()) == []


def test_what_a_writer_at_work_has_stays(tmp_path: Path) -> None:
    with hidden_folder(tmp_path) as one, hidden_folder(tmp_path) as other:
        clean(tmp_path)
        assert sorted(tmp_path.iterdir()) == sorted([one, other])


def test_what_the_user_made_stays(tmp_path: Path) -> None:
    (tmp_path / ".walras-settings").mkdir()
    (tmp_path / ".walras-0123456789abcdef").write_text("a file")
    (leftover(tmp_path, ".walras-1111111111111111") / "notes").write_text("mine")
    elsewhere = leftover(tmp_path / "elsewhere")
    (tmp_path / ".walras-2222222222222222").symlink_to(elsewhere)
    before = sorted(tmp_path.rglob("*"))
    clean(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_lock_that_is_no_file_is_left_alone(tmp_path: Path) -> None:
    hidden = leftover(tmp_path)
    (hidden / LOCK).unlink()
    os.mkfifo(hidden / LOCK)
    clean(tmp_path)
    assert hidden.exists()


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_was_moved_away_is_put_back(tmp_path: Path, there: bool) -> None:
    (leftover(tmp_path) / OLD / "run").mkdir(parents=True)
    if there:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "file").write_text("of another writer")
    clean(tmp_path)
    assert list(tmp_path.iterdir()) == [tmp_path / "run"]
    assert (tmp_path / "run" / "file").exists() == there


def test_a_folder_that_was_replaced_is_not_put_back(tmp_path: Path) -> None:
    hidden = leftover(tmp_path)
    (hidden / OLD / "other").mkdir(parents=True)
    clean(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_one_that_another_removes_before_it_is_locked_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, begun = fcntl.flock, list[Path]()

    def lock(file: int, how: int) -> None:
        if not begun:
            begun.extend(tmp_path.iterdir())
            shutil.rmtree(begun[0])
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", lock)
    with hidden_folder(tmp_path) as hidden:
        assert hidden not in begun
        assert list(tmp_path.iterdir()) == [hidden]


def test_nothing_is_removed_where_there_are_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: int) -> None:
        raise OSError

    before = [leftover(tmp_path)]
    monkeypatch.setattr(fcntl, "flock", none)
    with hidden_folder(tmp_path) as hidden:
        assert sorted(tmp_path.iterdir()) == sorted([*before, hidden])
    assert list(tmp_path.iterdir()) == before


def test_folders_that_were_made_for_it_go_with_it(tmp_path: Path) -> None:
    with hidden_folder(tmp_path / "a" / "b") as hidden:
        assert hidden.parent == tmp_path / "a" / "b"
    assert list(tmp_path.iterdir()) == []
    with hidden_folder(tmp_path / "a" / "b"):
        (tmp_path / "a" / "mine").touch()
    assert list(tmp_path.rglob("*")) == [tmp_path / "a", tmp_path / "a" / "mine"]
