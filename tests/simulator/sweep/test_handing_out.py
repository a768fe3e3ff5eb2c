"""Runs are handed out so that none is lost and none done twice, and follow their neighbours."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from markets.refused import Refused
from simulator.sweep import handing_out, work
from simulator.sweep.asked import Asked
from simulator.sweep.axes import Axis
from simulator.sweep.one_run import Asking, Finished
from simulator.sweep.plan import PlannedRun
from simulator.sweep.sweep import Sweep
from simulator.sweep.workers import Workers
from tests.simulator.sweep.small import HAIRCUTS, TRADERS, Counted, Stop, content, stop_after


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


class Killed(Exception):
    """What a job raises that took its worker down."""


class Deadly(Executor):
    """Does jobs at once; one run takes its worker down, and another cluster with it is lost."""

    def __init__(self, lethal: str) -> None:
        self.lethal = lethal
        self.jobs: list[list[str]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        keys = [run.key for run in args[0].runs]
        self.jobs.append(keys)
        if self.lethal in keys:
            future.set_exception(Killed())
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def stub(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Runs that take no time; gives the key of each, and the quotes that it started from."""
    begun: list[tuple[str, Any]] = []

    def run_one(scenario: Any, planned: PlannedRun, asking: Asking, start: Any = None) -> Finished:
        begun.append((planned.key, start))
        rows: list[dict[str, dict[str, Any]]]
        rows = [{"head": {"outcome": "cleared"}, "quotes": {"at": planned.seed}, "read_outs": {}}]
        return Finished(planned.key, rows, "cleared", 0.1, {})

    monkeypatch.setattr(work, "run_one", run_one)
    return begun


@pytest.mark.parametrize("follow", [False, True])
def test_of_a_job_that_takes_its_worker_down_one_run_is_to_blame(
    monkeypatch: pytest.MonkeyPatch, follow: bool
) -> None:
    begun = stub(monkeypatch)
    runs = tuple(PlannedRun(n, str(n), {}, n, n) for n in range(8))
    job = work.Job(partial(Counted), work.built(), Asking(), runs, follow)
    kept: dict[str, str] = {}

    def keep(job: work.Job, finished: list[Finished]) -> None:
        assert [run.key for run in job.runs] == [run.key for run in finished]
        assert not kept.keys() & {run.key for run in finished}
        kept.update({run.key: run.outcome for run in finished})

    staff = Workers(Deadly("5"), lambda: 2, Killed)
    assert handing_out._hand_out(staff, iter([job]), keep) == []
    assert kept == {str(n): "internal error" if n == 5 else "cleared" for n in range(8)}
    starts = dict(begun)
    expected = [None, 0, 1, 2, 3, None, None, 6] if follow else [None] * 8
    started = [starts.get(str(n)) for n in range(8)]
    assert started == [None if n is None else {"at": n} for n in expected]


def test_jobs_are_sized_by_how_long_runs_take() -> None:
    pace = handing_out._Pace()
    assert pace.job == 1
    pace.add([Finished("", [], "cleared", 0.01, {})] * 4)
    assert pace.job == 50
    pace.add([Finished("", [], "cleared", 1000.0, {})])
    assert pace.job == 1


def test_a_worker_without_this_version_is_refused() -> None:
    class Older(Executor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(ModuleNotFoundError("No module named 'simulator.sweep'"))
            return future

    staff = Workers(Older(), lambda: 1, Killed)
    job = work.Job(partial(Counted), {}, Asking(), (PlannedRun(0, "0", {}, 0, 0),))
    with pytest.raises(Refused, match=r"can't load this version of walras \(No module named"):
        handing_out._hand_out(staff, iter([job]), lambda job, finished: None)


def test_a_worker_without_a_file_of_data_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "banks.csv")
    given = {"members": {"given": path, "named": "banks.csv", "files": {path: "0"}}}
    job = work.Job(partial(Counted), work.built(), Asking(), (PlannedRun(0, "0", given, 0, 0),))
    with pytest.raises(Refused, match=r"can't find .*banks\.csv, which a parameter names"):
        work.work(job)
