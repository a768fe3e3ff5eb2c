"""What one run of a sweep leaves: rows that repeat it, and a row for whatever stopped it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from scenarios.repo.margin_hike import MarginHikeScenario
from simulator.sweep.asked import Asked
from simulator.sweep.axes import Axis
from simulator.sweep.sweep import Sweep
from tests.simulator.sweep.small import DRAWN, HAIRCUTS, LOW, TRADERS, Stop, stop_after


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


@pytest.mark.parametrize("tables", [(), ("rounds", "members")])
def test_what_fails_is_a_row_with_its_reason(
    do: Callable[..., Sweep], tables: tuple[str, ...]
) -> None:
    steps = Axis("step", (1.0, 13.0))
    asked = Asked([TRADERS, HAIRCUTS, Axis("low_payoff", (0.5, 1.2)), steps])
    with pytest.raises(Stop):
        do(asked, progress=stop_after(5), tables=tables)
    done = do(asked, tables=tables)
    assert dict(done.counts) == {"cleared": 2, "refused input": 4, "internal error": 2}
    failed = done.table[done.table["outcome"] != "cleared"]
    assert failed["date"].isna().sum() == 4
    assert not failed["certified"].any()
    assert set(failed["reason"]) == {
        "ValueError in the certificate: a solver failed",
        "low_payoff is 1.2 and high_payoff is 1.15; a security pays 0 <= low_payoff < high_payoff",
    }


def test_a_time_limit_is_an_outcome(do: Callable[..., Sweep]) -> None:
    done = do(Asked([TRADERS, HAIRCUTS]), time_limit=1e-9)
    assert dict(done.counts) == {"ran out of time": 2}
    assert done.table["rounds"].tolist() == [1, 1]
    assert done.table["security_price"].notna().all()


def test_equilibria_are_counted_from_several_starts(do: Callable[..., Sweep]) -> None:
    done = do(Asked([TRADERS, HAIRCUTS]), starts=3)
    assert done.table["equilibria"].tolist() == [1, 1, 1]
