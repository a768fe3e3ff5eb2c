"""A sweep is one table, whatever stops it on the way, and in whatever parts it was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from markets.refused import Refused
from simulator.hidden_folder import hidden_folder
from simulator.sweep import work
from simulator.sweep.asked import Asked
from simulator.sweep.axes import Axis
from simulator.sweep.handing_out import Standing
from simulator.sweep.sweep import Sweep
from tests.simulator.sweep.small import (
    ASKED,
    HAIRCUTS,
    LOW,
    TRADERS,
    Counted,
    Stop,
    content,
    stop_after,
)


def test_a_sweep_is_one_tidy_table(do: Callable[..., Sweep], scenario: Counted) -> None:
    done = do()
    assert scenario.made == 16
    assert dict(done.counts) == {"cleared": 16}
    assert repr(done) == "<Sweep margin-hike, 16 runs: 16 cleared>"
    table = done.table
    assert len(table) == 24
    assert list(table.columns[:7]) == [
        "run", "traders", "haircuts", "low_payoff", "seed", "run_seed", "case",
    ]  # fmt: skip
    assert table["certified"].all()
    assert (table["worst_strain"] <= 1).all()
    assert table["haircuts"].unique().tolist() == ["[0.01]", "[0.1, 0.3]"]
    assert list(table.columns[-6:]) == [
        "repo_rate", "security_price", "haircut", "special", "verdict", "whole",
    ]  # fmt: skip
    assert (table["special"].notna() == (table["repo_rate"] < 0)).all()
    assert set(table["whole"].dropna()) <= {3.0, 3.5}
    assert table.groupby("run")["date"].max().isin([1, 2]).all()
    assert (done.run_seconds["seconds"] > 0).all()
    assert set(done.run_seconds["run"]) == set(table["run"])
    parts = sorted(path.name for path in (done.folder / "dates").iterdir())
    assert parts == [f"part-0000{n}.parquet" for n in range(4)]
    schemas = [pq.read_schema(path) for path in (done.folder / "dates").iterdir()]
    assert all(schema.equals(schemas[0], check_metadata=True) for schema in schemas)
    kept = {path.name for path in done.folder.iterdir()}
    assert kept == {"dates", "seconds", "sweep.json", ".lock"}


@pytest.mark.parametrize(
    ("stops", "tables"), [((1,), ()), ((7, 12), ("rounds", "members")), ((15,), ())]
)
def test_a_sweep_that_was_stopped_does_what_is_missing_and_no_more(
    do: Callable[..., Sweep], scenario: Counted, stops: Sequence[int], tables: tuple[str, ...]
) -> None:
    for runs in stops:
        with pytest.raises(Stop):
            do(progress=stop_after(runs), tables=tables)
    assert scenario.made == stops[-1]
    done = do(tables=tables)
    assert scenario.made == 16
    assert done.done_now == 16 - stops[-1]
    assert dict(done.counts) == {"cleared": 16}
    at_once = do(folder="at once", tables=tables)
    assert content(done.folder, "dates", *tables) == content(at_once.folder, "dates", *tables)
    again = do(tables=tables)
    assert (again.done_now, scenario.made) == (0, 32)


@pytest.mark.parametrize("tables", [(), ("rounds", "members")])
def test_more_values_extend_a_sweep(
    do: Callable[..., Sweep], scenario: Counted, tables: tuple[str, ...]
) -> None:
    """Extended while it was still at work, too."""
    few = Asked([TRADERS, HAIRCUTS, Axis("low_payoff", (0.6, 0.8))], seeds=(1,))
    do(few, tables=tables)
    with pytest.raises(Stop):
        do(replace(ASKED, seeds=(1,)), progress=stop_after(6), tables=tables)
    done = do(tables=tables)
    assert scenario.made == 16
    assert not (done.folder / "earlier").exists()
    at_once = do(folder="at once", tables=tables)
    assert content(done.folder, "dates", *tables) == content(at_once.folder, "dates", *tables)
    assert do(few, tables=tables).done_now == 0


def test_a_new_axis_extends_a_sweep_that_had_its_default(
    do: Callable[..., Sweep], scenario: Counted
) -> None:
    do(Asked([TRADERS, LOW]))
    done = do(Asked([TRADERS, LOW, Axis("market", ("short", "long"))]))
    assert scenario.made == 8
    assert done.table["market"].value_counts().to_dict() == {"short": 8, "long": 8}


def test_a_worker_of_another_version_is_refused(
    do: Callable[..., Sweep], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = work.built()
    monkeypatch.setattr(work, "built", lambda: {**built, "walras": "9.9"})
    with pytest.raises(Refused, match=r"a worker was refused: there walras is 9\.9, not"):
        do()
    assert not (tmp_path / "sweep").exists()


def test_a_sweep_that_follows_grows_only_beyond_its_end(do: Callable[..., Sweep]) -> None:
    asked = Asked([TRADERS, Axis("low_payoff", (0.5, 0.6, 0.7))])
    do(asked, follow="low_payoff")
    with pytest.raises(Refused, match=r"only values beyond 0\.7 can be added to it"):
        do(Asked([TRADERS, Axis("low_payoff", (0.55, 0.6, 0.7))]), follow="low_payoff")
    grown = do(Asked([TRADERS, LOW]), follow="low_payoff")
    at_once = do(Asked([TRADERS, LOW]), "at once", follow="low_payoff")
    assert content(grown.folder) == content(at_once.folder)


def test_what_cant_be_followed_is_refused(do: Callable[..., Sweep]) -> None:
    with pytest.raises(Refused, match="cash is to be followed and is not varied; write cash=0:1"):
        do(follow="cash")


def test_a_folder_of_something_else_is_left_alone(do: Callable[..., Sweep], tmp_path: Path) -> None:
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "thesis.tex").write_text("mine")
    with pytest.raises(Refused, match="which holds something else; name a new folder"):
        do()
    assert (tmp_path / "sweep" / "thesis.tex").read_text() == "mine"


def test_what_a_command_left_that_was_killed_when_it_began_is_no_hindrance(
    do: Callable[..., Sweep], tmp_path: Path
) -> None:
    hidden = tmp_path / "sweep" / ".walras-0123456789abcdef"
    hidden.mkdir(parents=True)
    (hidden / "lock").touch()
    (tmp_path / "sweep" / ".part-sweep.json").write_text("{")
    assert do().counts == {"cleared": 16}
    assert not {path.name for path in (tmp_path / "sweep").iterdir()} - {
        ".lock", "sweep.json", "dates", "seconds"
    }  # fmt: skip


def test_a_command_that_looks_at_a_folder_does_not_hinder_another(
    do: Callable[..., Sweep], tmp_path: Path
) -> None:
    with hidden_folder(tmp_path / "sweep"):
        assert do().counts == {"cleared": 16}


def test_a_lock_whose_file_another_command_removes_is_not_taken(
    do: Callable[..., Sweep], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def lock(*_: object) -> None:
        (tmp_path / "sweep" / ".lock").unlink(missing_ok=True)

    monkeypatch.setattr(fcntl, "flock", lock)
    with pytest.raises(Refused, match="another command is at work on"):
        do()


def test_two_commands_do_not_work_at_one_sweep(do: Callable[..., Sweep]) -> None:
    def again(standing: Standing) -> None:
        with pytest.raises(Refused, match="another command is at work on"):
            do()

    assert do(progress=again).counts == {"cleared": 16}
