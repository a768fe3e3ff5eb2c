"""Folders are written as a whole or not at all."""

from pathlib import Path

import pytest

from simulator.new_folder import new_folder


def test_an_older_folder_is_replaced_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "runs" / "one"
    for name in ("a", "b"):
        with new_folder(target) as fresh:
            assert list(fresh.iterdir()) == []
            (fresh / name).write_text(name)
            assert not (target / name).exists()
        assert [path.name for path in target.iterdir()] == [name]
    assert list(target.parent.iterdir()) == [target]


def test_what_fails_leaves_nothing_and_an_older_folder_alone(tmp_path: Path) -> None:
    target = tmp_path / "one"
    target.mkdir()
    (target / "a").write_text("a")

    def stopped() -> None:
        with new_folder(target) as fresh:
            (fresh / "b").write_text("b")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert list(tmp_path.iterdir()) == [target]
    assert [path.name for path in target.iterdir()] == ["a"]
