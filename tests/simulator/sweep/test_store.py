"""What is done of a sweep survives whatever happens while it is written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from markets.refused import Refused
from simulator.sweep import store
from simulator.sweep.asked import Asked
from simulator.sweep.axes import Axis
from simulator.sweep.sweep import Sweep
from tests.simulator.sweep.small import HAIRCUTS, TRADERS, Counted, Stop, content


def test_setting_aside_may_be_cut_short(
    do: Callable[..., Sweep], scenario: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(Asked([TRADERS, HAIRCUTS, Axis("low_payoff", (0.6, 0.8))], seeds=(1,)))
    replaced = Path.replace

    def cut(path: Path, target: Path) -> Path:
        if target.parent.parent.name == "earlier" and path.name == "dates":
            raise Stop
        return replaced(path, target)

    monkeypatch.setattr(Path, "replace", cut)
    with pytest.raises(Stop):
        do()
    monkeypatch.setattr(Path, "replace", replaced)
    done = do()
    assert scenario.made == 16
    assert content(done.folder) == content(do(folder="at once").folder)


def test_all_parts_of_a_table_have_the_columns_of_any(do: Callable[..., Sweep]) -> None:
    """A run that is special has other read-outs than one that is not."""
    done = do()
    schemas = [pq.read_schema(path) for path in sorted((done.folder / "dates").iterdir())]
    assert len(schemas) == 4
    assert {"special", "whole"} <= set(schemas[0].names)
    assert all(schema.equals(schemas[0], check_metadata=True) for schema in schemas)


def test_a_full_disk_stops_a_sweep_cleanly(
    do: Callable[..., Sweep], scenario: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0
    synced = os.fsync

    def full(file: int) -> None:
        nonlocal written
        written += 1
        if written > 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        synced(file)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused, match=r"can't be written to \(No space left on device\); what"):
        do()
    monkeypatch.setattr(os, "fsync", synced)
    before = scenario.made
    assert 0 < before < 16
    done = do()
    assert not list(done.folder.rglob(".part*"))
    assert content(done.folder) == content(do(folder="at once").folder)


def test_a_command_that_was_killed_after_setting_aside_may_be_the_one_before(
    do: Callable[..., Sweep], scenario: Counted
) -> None:
    done = do()
    before = content(done.folder)
    store.set_aside(done.folder)
    assert not (done.folder / "dates").exists()
    again = do()
    assert (again.done_now, scenario.made) == (0, 16)
    assert content(done.folder) == before


def test_a_sweep_of_files_that_have_changed_is_refused(
    do: Callable[..., Sweep], tmp_path: Path
) -> None:
    path = tmp_path / "members.csv"
    path.write_text("name,cash\na,1\nb,3\n")
    asked = Asked([Axis("members", (str(path),)), Axis("cash", (1.0, 2.0))])
    assert do(asked).table["members"].unique().tolist() == ["members.csv"]
    path.write_text("name,cash\na,1\nb,4\n")
    with pytest.raises(Refused, match="holds a sweep of other files: members has changed since"):
        do(asked)
