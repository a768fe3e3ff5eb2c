"""A sweep is one table, whatever stops it on the way, and in whatever parts it was asked for."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from markets.refused import Refused
from scenarios.repo.economy import MarginHike
from scenarios.repo.margin_hike import MarginHikeScenario
from simulator.certificate import Certificate, Condition
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.sweep import handing_out, store, work
from simulator.sweep import sweep as module
from simulator.sweep.asked import Asked
from simulator.sweep.axes import Axis
from simulator.sweep.handing_out import Options, Standing
from simulator.sweep.manifest import Manifest
from simulator.sweep.one_run import Asking, Finished
from simulator.sweep.plan import PlannedRun
from simulator.sweep.sweep import Sweep, sweep

TRADERS = Axis("traders", (40,))
LOW = Axis("low_payoff", (0.5, 0.6, 0.7, 0.8))
HAIRCUTS = Axis("haircuts", ([0.01], [0.1, 0.3]))
ASKED = Asked([TRADERS, HAIRCUTS, LOW], seeds=(0, 1))
DRAWN = Axis("beliefs", ("beta(a=2, b=3)",))


class Counted(MarginHikeScenario):
    """Counts the economies that it makes, fails where it is told to, and is quick to certify."""

    def __init__(self) -> None:
        self.made = 0

    def closed_form(self, parameters: MarginHike, point: RestingPoint) -> None:
        return None

    def describe(
        self, parameters: MarginHike, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """Read-outs of different names and types from run to run."""
        haircut, rate = parameters.haircuts[point.date - 1], point.quotes["repo_rate"]
        special = {"special": True} if rate < 0 else {"whole": 3 if haircut > 0.2 else 3.5}
        return {"haircut": haircut, "verdict": "special" if rate < 0 else "general", **special}

    def intervals(
        self, parameters: MarginHike, point: RestingPoint
    ) -> Mapping[str, tuple[float, float]]:
        return {}

    def cases(self, parameters: MarginHike) -> list[Case]:
        cases = super().cases(parameters)
        made = cases[0].build

        def build(rng: np.random.Generator) -> Any:
            self.made += 1
            return made(rng)

        return [replace(cases[0], build=build)]

    def certify(self, parameters: MarginHike, point: RestingPoint) -> Certificate:
        if parameters.step == 13.0:
            raise ValueError("a solver failed")
        return Certificate((Condition("price", 0.0, 1.0, "there is one"),))


@dataclass(frozen=True)
class Find:
    scenario: Counted

    def __call__(self) -> Counted:
        return self.scenario


@pytest.fixture
def scenario() -> Counted:
    return Counted()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small parts, and jobs of one run, so that a sweep of a few has many."""
    monkeypatch.setattr(store, "PART", {False: 5, True: 3})
    monkeypatch.setattr(handing_out, "JOB_RUNS", 1)


@pytest.fixture
def do(scenario: Counted, tmp_path: Path) -> Callable[..., Sweep]:
    """Do a sweep in a folder of the test."""

    def do(asked: Asked = ASKED, folder: str | Path = "sweep", **options: Any) -> Sweep:
        asking = Asking(
            tuple(options.pop("tables", ())),
            options.pop("time_limit", None),
            options.pop("starts", 1),
        )
        progress = options.pop("progress", None)
        made = Options(asking=asking, **options)
        return sweep(Find(scenario), asked, tmp_path / folder, made, progress)

    return do


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep that is done, for tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("done")
    return sweep(Find(Counted()), ASKED, folder).folder


def content(folder: Path, *tables: str) -> dict[str, bytes]:
    """Every file of some tables."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for name in tables or ("dates",)
        for path in sorted((folder / name).iterdir())
    }


class Stop(Exception):
    """What ends a command in the middle."""


def stop_after(runs: int) -> Callable[[Standing], None]:
    def progress(standing: Standing) -> None:
        if standing.done >= runs:
            raise Stop

    return progress


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
    kept = {path.name for path in done.folder.iterdir()}
    assert kept == {"dates", "seconds", "sweep.json", ".lock"}


def test_a_run_of_a_sweep_is_repeated_by_its_run_seed(do: Callable[..., Sweep]) -> None:
    done = do(Asked([TRADERS, LOW, DRAWN], seeds=(0, 1)), tables=["rounds", "members"])
    rounds = pd.read_parquet(done.folder / "rounds")
    members = pd.read_parquet(done.folder / "members")
    for row in done.table.to_dict("records")[::3]:
        run = MarginHikeScenario().run(
            seed=row["run_seed"], traders=40, low_payoff=row["low_payoff"], beliefs=row["beliefs"],
            haircuts=[0.01, 0.03],
        )  # fmt: skip
        assert row["security_price"] == run.dates["security_price"][row["date"] - 1]
        for swept, table in ((rounds, run.rounds), (members, run.agents)):
            mine = swept[swept["run"] == row["run"]].drop(columns="run").reset_index(drop=True)
            pd.testing.assert_frame_equal(mine[list(table)], table, check_dtype=False)
    assert done.table["security_price"].nunique() == len(done.table)


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


def test_what_fails_is_a_row_with_its_reason(do: Callable[..., Sweep]) -> None:
    steps = Axis("step", (1.0, 13.0))
    asked = Asked([TRADERS, HAIRCUTS, Axis("low_payoff", (0.5, 1.2)), steps])
    with pytest.raises(Stop):
        do(asked, progress=stop_after(5))
    done = do(asked)
    assert dict(done.counts) == {"cleared": 2, "refused input": 4, "internal error": 2}
    failed = done.table[done.table["outcome"] != "cleared"]
    assert failed["date"].isna().all()
    assert not failed["certified"].any()
    assert set(failed["reason"]) == {
        "ValueError: a solver failed",
        "low_payoff is 1.2 and high_payoff is 1.15; a security pays 0 <= low_payoff < high_payoff",
    }


def test_a_time_limit_is_an_outcome(do: Callable[..., Sweep]) -> None:
    done = do(Asked([TRADERS, HAIRCUTS]), time_limit=0.0)
    assert dict(done.counts) == {"ran out of time": 2}
    assert done.table["rounds"].tolist() == [1, 1]
    assert done.table["security_price"].notna().all()


def test_equilibria_are_counted_from_several_starts(do: Callable[..., Sweep]) -> None:
    done = do(Asked([TRADERS, HAIRCUTS]), starts=3)
    assert done.table["equilibria"].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("asked", "options", "said"),
    [
        (Asked([replace(TRADERS, values=(50,)), HAIRCUTS, LOW], seeds=(0, 1)), {},
         "traders was 40, and is 50"),
        (Asked([HAIRCUTS, LOW], seeds=(0, 1)), {}, "traders was 40, and is its default 10000"),
        (replace(ASKED, seeds=(5,)), {}, "seed was 0, 1, and is 5"),
        (Asked([TRADERS, HAIRCUTS, LOW, Axis("cash", (2.0,))]), {}, "cash was 1.0, and is 2.0"),
        (ASKED, {"tables": ["rounds"]}, 'tables was [], and is ["rounds"]'),
        (ASKED, {"time_limit": 5.0}, "time-limit was not given, and is 5.0"),
        (ASKED, {"starts": 3}, "starts was 1, and is 3"),
        (ASKED, {"follow": "low_payoff"}, 'follow was not given, and is "low_payoff"'),
    ],
)  # fmt: skip
def test_what_differs_is_refused(
    do: Callable[..., Sweep], done: Path, asked: Asked, options: dict[str, Any], said: str
) -> None:
    before = content(done)
    with pytest.raises(Refused) as refused:
        do(asked, done, **options)
    assert said in str(refused.value)
    assert content(done) == before


def test_other_versions_are_refused_unless_told_otherwise(
    do: Callable[..., Sweep], scenario: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(ASKED, seeds=(0,))
    folder = do(few).folder
    other = {**work.built(), "numpy": "1.0", "code of markets": "0"}
    monkeypatch.setattr(module, "built", lambda: other)
    monkeypatch.setattr(work, "built", lambda: other)
    with pytest.raises(
        Refused, match=r"numpy is 1\.0, not 2.*code of markets is 0, not .*--anyway"
    ):
        do()
    done = do(anyway=True)
    assert scenario.made == 16
    manifest = Manifest.read(folder)
    assert manifest is not None
    assert [made["numpy"] for made in manifest.built] == [np.__version__, "1.0"]
    assert dict(done.counts) == {"cleared": 16}


def test_a_worker_of_another_version_is_refused(
    do: Callable[..., Sweep], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = work.built()
    monkeypatch.setattr(work, "built", lambda: {**built, "walras": "9.9"})
    with pytest.raises(Refused, match=r"a worker was refused: there walras is 9\.9, not"):
        do()
    assert not (tmp_path / "sweep").exists()


def test_runs_that_follow_each_other_rest_at_the_same_quotes(
    do: Callable[..., Sweep], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing_out, "SEGMENT", 3)
    near = Axis("low_payoff", (0.7, 0.7001, 0.7002, 0.7003))
    asked = Asked([replace(TRADERS, values=(1000,)), HAIRCUTS, near], seeds=(0, 1))
    followed, afresh = do(asked, follow="low_payoff"), do(asked, folder="afresh")
    table = followed.table.merge(afresh.table, on=["run", "date"], suffixes=("", "_afresh"))
    assert np.allclose(table["security_price"], table["security_price_afresh"], atol=1e-8, rtol=0)
    assert np.allclose(table["repo_rate"], table["repo_rate_afresh"], atol=1e-8, rtol=0)
    assert table["certified"].all()
    begun = table[table["date"] == 1]
    assert begun["followed"].tolist() == [False, True, True, False] * 4
    assert begun["rounds"].sum() < begun["rounds_afresh"].sum()
    assert followed.saving is not None
    assert followed.saving.startswith("from a neighbour's quotes the first date took")
    for runs in (2, 5, 11):
        with pytest.raises(Stop):
            do(asked, "stopped", follow="low_payoff", progress=stop_after(runs))
    done = do(asked, "stopped", follow="low_payoff")
    assert content(done.folder) == content(followed.folder)


def test_a_run_that_does_not_clear_from_its_neighbour_is_run_afresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    starts = []

    def run_one(scenario: Any, planned: PlannedRun, asking: Asking, start: Any = None) -> Finished:
        starts.append(start)
        outcome = "cleared" if start is None else "ran out of rounds"
        rows: list[dict[str, dict[str, Any]]]
        rows = [{"head": {"outcome": outcome}, "quotes": {"price": planned.seed}, "read_outs": {}}]
        return Finished(planned.key, rows, outcome, 0.1, {})

    monkeypatch.setattr(work, "run_one", run_one)
    runs = tuple(PlannedRun(n, str(n), {}, n, n) for n in range(2))
    done = work.work(work.Job(partial(Counted), work.built(), Asking(), runs, follow=True))
    assert starts == [None, {"price": 0}, None]
    assert [run.outcome for run in done] == ["cleared", "cleared"]
    assert [run.rows[0]["head"]["followed"] for run in done] == [False, False]


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


def test_an_altered_manifest_is_refused(
    do: Callable[..., Sweep], done: Path, tmp_path: Path
) -> None:
    path = tmp_path / "sweep" / "sweep.json"
    path.parent.mkdir()
    data = json.loads((done / path.name).read_text())
    del data["asked"]
    for text in (json.dumps(data), "{", "[]"):
        path.write_text(text)
        with pytest.raises(Refused, match="is not the manifest of a sweep; it has been altered"):
            do()
    path.write_text(json.dumps({"format": 99}))
    with pytest.raises(Refused, match="of another version of walras"):
        do()


def test_two_commands_do_not_work_at_one_sweep(do: Callable[..., Sweep]) -> None:
    def again(standing: Standing) -> None:
        with pytest.raises(Refused, match="another command is at work on"):
            do()

    assert do(progress=again).counts == {"cleared": 16}
